// Runs an experiment: every policy on every problem, scored against the optimum on the ground truth,
// and the chosen plans replayed in the simulator.
#pragma once

#include <optional>
#include <vector>

#include "experiments/compare/experiment.hpp"
#include "policies/optimum.hpp"
#include "policies/score.hpp"

namespace wattline::experiments {

// What a plan did under the replayed arrivals.
struct ReplayFigures {
  std::uint64_t requests = 0;  // completed
  std::uint64_t late = 0;      // of those, beyond the latency budget
  double latency_mean_ms = 0;
  double latency_p95_ms = 0;
  double latency_p99_ms = 0;
  double train_rate_hz = 0;  // training minibatches finished per second
  double power_w = 0;        // mean over the replay
  double energy_j = 0;
  double simulated_s = 0;
};

// One policy on one problem.
struct PolicyResult {
  policies::Outcome outcome;  // steps only when asked for
  policies::Spent spent;
  std::optional<policies::Score> score;  // of the plan, if there is one
  std::optional<ReplayFigures> replay;
};

struct ProblemResult {
  std::optional<policies::Optimum> optimum;
  std::vector<PolicyResult> by_policy;  // in the order of the experiment's policies
};

struct Comparison {
  std::vector<ProblemResult> by_problem;  // in the order of the experiment's problems
};

struct ComparisonOptions {
  int jobs = 1;             // threads; results do not depend on it
  bool keep_steps = false;  // keep every policy's step log
};

// Errors: a replay or a score that failed.
Result<Comparison> compare(const Experiment& experiment, const ComparisonOptions& options);

}  // namespace wattline::experiments
