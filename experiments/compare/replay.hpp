// Replays of chosen plans in the simulator: the accelerator serves the experiment's arrivals, scaled to
// the problem's rate, in the plan's mode and batch, with the plan's tau as the most training
// minibatches between two inference minibatches.
#pragma once

#include <map>
#include <tuple>
#include <vector>

#include "experiments/compare/comparison.hpp"

namespace wattline::experiments {

// All that a replay's figures depend on, besides the experiment.
struct ReplayKey {
  std::string train_workload;  // empty: none
  int train_batch = 0;
  workloads::Role train_role = workloads::Role::train;
  std::string infer_workload;
  policies::Plan plan;
  double arrival_rate_hz = 0;
  sim::TimeNs latency_budget_ns = 0;

  auto order() const {
    return std::tie(train_workload, train_batch, train_role, infer_workload, plan.mode, plan.infer_batch,
                    plan.train_per_cycle, arrival_rate_hz, latency_budget_ns);
  }
  bool operator<(const ReplayKey& other) const { return order() < other.order(); }
};

struct ReplayUser {
  std::size_t problem;  // place in the comparison's sample
  std::size_t policy;
  std::size_t replay;  // index into the distinct replays
};

struct ReplayAssignments {
  std::vector<ReplayKey> replays;  // distinct, ascending
  std::vector<ReplayUser> users;
};

// The replays that a comparison's plans need; training-only problems have no arrivals and need none.
ReplayAssignments distinct_replays(const Experiment& experiment, const Comparison& comparison);

// The recorded log at each of the experiment's rates; empty logs for synthetic arrivals.
class RatedLogs {
 public:
  static Result<RatedLogs> make(const Experiment& experiment);
  const std::vector<sim::TimeNs>& at(double rate_hz) const { return logs_.at(rate_hz); }

 private:
  std::map<double, std::vector<sim::TimeNs>> logs_;
};

Result<ReplayFigures> replay(const Experiment& experiment, const ReplayKey& key, const RatedLogs& logs);

}  // namespace wattline::experiments
