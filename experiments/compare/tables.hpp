// A comparison's sample as tables: one row per policy and problem, one per policy for the replays, one per
// profile for the step logs; and one per policy, family, role and batch for predictions. What is said of all
// problems is in summary.hpp.
#pragma once

#include "experiments/compare/comparison.hpp"
#include "experiments/report/result_table.hpp"

namespace wattline::experiments {

ResultTable replay_table(const Experiment& experiment, const Comparison& comparison);
ResultTable prediction_table(const Experiment& experiment, const Comparison& comparison);
ResultTable problem_table(const Experiment& experiment, const Comparison& comparison);
ResultTable step_table(const Experiment& experiment, const Comparison& comparison);

}  // namespace wattline::experiments
