// Runs an experiment: every policy on every problem, scored against the optimum on the ground truth,
// and the plans chosen in the experiment's sample of problems replayed in the simulator.
//
// Of every problem a verdict is kept, a few bytes; of those in the sample all there is.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "experiments/compare/experiment.hpp"
#include "policies/optimum.hpp"
#include "policies/score.hpp"

namespace wattline::experiments {

// What a plan did under the replayed arrivals.
struct ReplayFigures {
  std::uint64_t requests = 0;  // completed: all but those that do not fill the last batch
  std::uint64_t late = 0;      // of those, beyond the latency budget
  double latency_mean_ms = 0;
  double latency_p95_ms = 0;
  double latency_p99_ms = 0;
  double latency_max_ms = 0;
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
  std::size_t problem = 0;  // index into the experiment's problems
  std::optional<policies::Optimum> optimum;
  std::vector<PolicyResult> by_policy;  // in the order of the experiment's policies
};

// What summaries are made of: one policy on one problem.
struct Verdict {
  bool asked = false;  // false: the policy solves the sample only, and this is not in it
  bool planned = false;
  bool solved = false;
  bool keeps_up = true;
  policies::Termination termination = policies::Termination::infeasible;
  int profiles = 0;        // that this problem was charged with
  int known_profiles = 0;  // that the session had paid by then, this problem's included
  double regret = 0;       // of a solved problem with an optimum
  double power_excess_w = 0;
  double latency_excess_ms = 0;
  double profiling_s = 0;
  double profiling_j = 0;
};

// What is known of a problem before any policy.
struct Setting {
  bool feasible = false;
  bool worth_regretting = false;  // its optimum's objective is not 0
  double power_looseness = 0;     // Truths::power_looseness
};

// A policy's solve that ended with an error, of the sample or not; or the replay of its plan.
struct FailedSolve {
  std::size_t problem = 0;
  std::size_t policy = 0;
  std::string message;
};

// How far off a policy's predictions are that it made for one family, over the modes of the space.
struct PredictionErrors {
  std::size_t policy = 0;
  std::size_t problem = 0;  // the family's first
  workloads::Role role = workloads::Role::train;
  bool background = false;  // what is in training's place, rather than the inference
  int batch = 0;
  std::size_t modes = 0;    // with a prediction and a truth
  std::size_t missing = 0;  // with a truth and no prediction
  double time_mean = 0;     // mean relative error (MAPE / 100), profiled modes included
  double time_p95 = 0;
  double power_mean = 0;
  double power_p95 = 0;
};

struct Comparison {
  std::vector<Setting> settings;               // by problem
  std::vector<std::vector<Verdict>> verdicts;  // [policy][problem]
  std::vector<ProblemResult> by_problem;       // of the sample, ascending
  std::vector<FailedSolve> failures;           // by problem, then policy; then of replays
  std::vector<PredictionErrors> predictions;   // of policies that predict and share, by policy, then family
  std::vector<double> decision_s;              // by policy: wall clock of all its solves, profiles included
};

struct ComparisonOptions {
  int jobs = 1;             // threads; results do not depend on it
  bool keep_steps = false;  // keep every policy's step log
  // Told after every solve how many of how many have been made; called from several threads at once.
  std::function<void(std::size_t done, std::size_t of)> on_progress = {};
};

// A policy that shares what it learns (Policy::sharing) solves the problems of a family in their order in one
// session; any other begins every problem anew. A solve, a score or a replay that
// failed is its row's error (Comparison::failures). Errors: request logs that cannot be replayed at a
// problem's rate.
Result<Comparison> compare(const Experiment& experiment, const ComparisonOptions& options);

}  // namespace wattline::experiments
