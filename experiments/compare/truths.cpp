#include "experiments/compare/truths.hpp"

#include <algorithm>
#include <limits>
#include <set>

#include "experiments/compare/families.hpp"

namespace wattline::experiments {

using policies::CostTable;
using policies::Problem;
using workloads::Role;

Truths::Truths(const Experiment& experiment) : experiment_(experiment) {
  const auto families = families_of(experiment.problems);
  std::map<Key, std::set<int>> batches;
  for (const auto& family : families) {
    const Problem& like = experiment.problems[family.front()];
    if (like.trains()) batches[{like.train_workload, like.train_role()}].insert(like.train_batch);
    if (like.infers())
      batches[{like.infer_workload, Role::infer}].insert(like.infer_batches.begin(),
                                                         like.infer_batches.end());
  }
  for (const auto& [key, sizes] : batches) {
    tables_.emplace(key, CostTable(*experiment.board.truth, *experiment.modes, key.first, key.second,
                                   std::vector<int>(sizes.begin(), sizes.end())));
  }
  family_of_.resize(experiment.problems.size());
  for (const auto& family : families) {
    for (const std::size_t problem : family) family_of_[problem] = families_.size();
    families_.push_back(make_family(experiment.problems[family.front()]));
  }
}

Truths::Family Truths::make_family(const Problem& like) const {
  const CostTable* train = train_table(like);
  const CostTable* infer = infer_table(like);
  Family family{policies::OptimumIndex(like, *experiment_.modes, train, infer),
                std::numeric_limits<double>::infinity(), 0};
  const std::vector<int> no_inference = {0};
  for (std::size_t mode = 0; mode < experiment_.modes->size(); ++mode) {
    for (const int batch : like.infers() ? like.infer_batches : no_inference) {
      const auto trained = train ? train->at(mode, like.train_batch) : std::nullopt;
      const auto inferred = infer ? infer->at(mode, batch) : std::nullopt;
      if ((train && !trained) || (infer && !inferred)) continue;
      const double power_w = std::max(trained ? trained->power_w : 0, inferred ? inferred->power_w : 0);
      family.least_w = std::min(family.least_w, power_w);
      family.most_w = std::max(family.most_w, power_w);
    }
  }
  return family;
}

const CostTable* Truths::train_table(const Problem& problem) const {
  return problem.trains() ? &tables_.at({problem.train_workload, problem.train_role()}) : nullptr;
}

const CostTable* Truths::infer_table(const Problem& problem) const {
  return problem.infers() ? &tables_.at({problem.infer_workload, Role::infer}) : nullptr;
}

std::optional<policies::Optimum> Truths::optimum(std::size_t problem, policies::OptimumCount* count) const {
  return index(problem).find(experiment_.problems[problem], count);
}

const policies::OptimumIndex& Truths::index(std::size_t problem) const {
  return families_[family_of_[problem]].index;
}

std::optional<policies::Optimum> Truths::optimum_by_brute_force(std::size_t problem) const {
  const Problem& asked = experiment_.problems[problem];
  return policies::brute_force_optimum(asked, *experiment_.modes, train_table(asked), infer_table(asked));
}

double Truths::power_looseness(std::size_t problem) const {
  const Family& family = families_[family_of_[problem]];
  const double range_w = family.most_w - family.least_w;
  const double above_w = experiment_.problems[problem].power_budget_w - family.least_w;
  return range_w > 0 ? above_w / range_w : (above_w >= 0 ? 1 : 0);
}

}  // namespace wattline::experiments
