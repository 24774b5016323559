#include "policies/optimum.hpp"

#include <algorithm>

namespace wattline::policies {

CostTable::CostTable(const devices::CostModel& truth, const devices::ModeSpace& modes,
                     const std::string& workload, workloads::Role role, std::vector<int> batches)
    : batches_(std::move(batches)) {
  std::vector<devices::PowerMode> all;
  all.reserve(modes.size());
  for (std::size_t mode = 0; mode < modes.size(); ++mode) all.push_back(modes.at(mode));
  costs_.resize(modes.size() * batches_.size());
  for (std::size_t column = 0; column < batches_.size(); ++column) {
    const auto costs = truth.minibatches(workload, role, batches_[column], all);
    for (std::size_t mode = 0; mode < costs.size(); ++mode) {
      if (costs[mode])
        costs_[mode * batches_.size() + column] =
            Measured{costs[mode]->time_ns, costs[mode]->total_power_w()};
    }
  }
}

const std::optional<Measured>& CostTable::at(std::size_t mode, int batch) const {
  const auto column = std::find(batches_.begin(), batches_.end(), batch) - batches_.begin();
  return costs_[mode * batches_.size() + static_cast<std::size_t>(column)];
}

std::optional<Optimum> brute_force_optimum(const Problem& problem, const devices::ModeSpace& modes,
                                           const CostTable* train, const CostTable* infer) {
  const std::vector<int> no_inference = {0};
  const std::vector<int>& batches = problem.infers() ? problem.infer_batches : no_inference;
  std::optional<Optimum> best;
  std::optional<std::size_t> best_mode;
  for (std::size_t mode = 0; mode < modes.size(); ++mode) {
    const auto trained = problem.trains() ? train->at(mode, problem.train_batch) : std::nullopt;
    if (problem.trains() && !trained) continue;
    for (const int batch : batches) {
      const auto inferred = problem.infers() ? infer->at(mode, batch) : std::nullopt;
      if (problem.infers() && !inferred) continue;
      const Evaluation value = evaluate(problem, batch, trained, inferred);
      if (!value.feasible() || (best && !better(problem, value, best->value))) continue;
      best = Optimum{{{}, batch, value.train_per_cycle}, value};
      best_mode = mode;
    }
  }
  if (best) best->plan.mode = modes.at(*best_mode);
  return best;
}

}  // namespace wattline::policies
