#include "policies/score.hpp"

#include <algorithm>

namespace wattline::policies {

namespace {

Result<std::optional<Measured>> true_cost(const devices::CostModel& truth, const std::string& workload,
                                          workloads::Role role, int batch, const devices::PowerMode& mode) {
  const auto cost = truth.minibatch(workload, role, batch, mode);
  if (!cost) return cost.error();
  return std::optional(Measured{cost->time_ns, cost->total_power_w()});
}

}  // namespace

Result<Score> score(const Problem& problem, const Plan& plan, const devices::CostModel& truth,
                    const std::optional<Optimum>& optimum) {
  std::optional<Measured> train, infer;
  if (problem.trains()) {
    auto cost =
        true_cost(truth, problem.train_workload, problem.train_role(), problem.train_batch, plan.mode);
    if (!cost) return cost.error();
    train = *cost;
  }
  if (problem.infers()) {
    auto cost = true_cost(truth, problem.infer_workload, workloads::Role::infer, plan.infer_batch, plan.mode);
    if (!cost) return cost.error();
    infer = *cost;
  }
  Score score;
  score.truth = evaluate(problem, plan.infer_batch, train, infer, plan.train_per_cycle);
  score.solved = score.truth.feasible();
  score.power_excess_w = std::max(0.0, score.truth.power_w - problem.power_budget_w);
  if (problem.infers()) {
    score.latency_excess_ns = std::max<sim::TimeNs>(0, score.truth.latency_ns - problem.latency_budget_ns);
  }
  if (score.solved && optimum) score.regret = regret(problem, score.truth, optimum->value);
  return score;
}

}  // namespace wattline::policies
