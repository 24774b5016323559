// Tables of a dynamic experiment's results.
#pragma once

#include <vector>

#include "experiments/dynamic/dynamic_run.hpp"
#include "experiments/report/result_table.hpp"

namespace wattline::experiments {

// One row per problem, policy and window, of runs that were finished.
ResultTable window_table(const DynamicExperiment& experiment, const std::vector<DynamicResult>& results);

// One row per profile that a policy asked for, under the window at whose start it planned.
ResultTable dynamic_step_table(const DynamicExperiment& experiment,
                               const std::vector<DynamicResult>& results);

// One row per problem and policy; empty where the run could not be finished.
ResultTable dynamic_summary_table(const DynamicExperiment& experiment,
                                  const std::vector<DynamicResult>& results);

}  // namespace wattline::experiments
