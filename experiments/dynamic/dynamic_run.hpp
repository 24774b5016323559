// Runs a dynamic experiment: for every problem the clairvoyant optimum and every policy plans ahead, window
// by window in one session, and its schedule is replayed in the simulator with all that planning costs.
#pragma once

#include <string>
#include <vector>

#include "experiments/dynamic/dynamic_experiment.hpp"
#include "experiments/dynamic/planning.hpp"
#include "experiments/dynamic/window_log.hpp"

namespace wattline::experiments {

// One policy, or the optimum, on one problem. A run that could not be finished (a plan that the board cannot
// run, a queue that grows without bound, a step log that does not hold what the session was charged for) has
// its error and, where planning came to its end, its schedule.
struct DynamicResult {
  std::size_t problem = 0;
  std::string label;  // "optimum", or the policy's
  Schedule schedule;
  std::vector<WindowFigures> windows;
  sim::RunResult run;
  MaybeError error;
  double decision_s = 0;  // wall clock that the policy took for all its plans; not repeatable
};

// The results problem by problem, each with the optimum first and then the policies in the experiment's
// order. They do not depend on `jobs`, the number of threads.
std::vector<DynamicResult> run_dynamic(const DynamicExperiment& experiment, int jobs);

}  // namespace wattline::experiments
