// A comparison as tables: one row per policy (what is printed), one per policy and problem (what is
// kept), one per policy for the replays, one per profile for the step logs.
#pragma once

#include "experiments/compare/comparison.hpp"
#include "experiments/report/result_table.hpp"

namespace wattline::experiments {

// Shares are over the problems that have a feasible plan; regret over those that the policy solved and
// whose optimum can train at all; violations over those for which it made a plan.
ResultTable summary_table(const Experiment& experiment, const Comparison& comparison);
ResultTable replay_table(const Experiment& experiment, const Comparison& comparison);
ResultTable problem_table(const Experiment& experiment, const Comparison& comparison);
ResultTable step_table(const Experiment& experiment, const Comparison& comparison);

// Nearest-rank quantile of unsorted values; 0 <= q <= 1. Precondition: not empty.
double quantile(std::vector<double> values, double q);

}  // namespace wattline::experiments
