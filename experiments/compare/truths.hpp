// The ground truth of an experiment's workloads, tabulated over its mode space, and the optima found in it.
#pragma once

#include <map>
#include <vector>

#include "experiments/compare/experiment.hpp"
#include "policies/optimum_index.hpp"

namespace wattline::experiments {

// Immutable; thread-safe.
class Truths {
 public:
  explicit Truths(const Experiment& experiment);

  // Precondition: one of the experiment's problems, by its index. `count`, if given, is set.
  std::optional<policies::Optimum> optimum(std::size_t problem,
                                           policies::OptimumCount* count = nullptr) const;

  // Of its family: for problems that differ from it in budgets and rate alone.
  const policies::OptimumIndex& index(std::size_t problem) const;

  // The same as optimum() by trying every point.
  std::optional<policies::Optimum> optimum_by_brute_force(std::size_t problem) const;

  // The truth of a problem's training (or what is in its place) and inference; nothing of what it has not.
  const policies::CostTable* train_table(const policies::Problem& problem) const;
  const policies::CostTable* infer_table(const policies::Problem& problem) const;

  // Where a budget of power lies between the least and the most that any point of the problem's workloads
  // draws: 0 at the least, 1 at the most.
  double power_looseness(std::size_t problem) const;

 private:
  using Key = std::pair<std::string, workloads::Role>;
  struct Family {
    policies::OptimumIndex index;
    double least_w = 0;
    double most_w = 0;
  };

  Family make_family(const policies::Problem& like) const;

  const Experiment& experiment_;
  std::map<Key, policies::CostTable> tables_;
  std::vector<Family> families_;
  std::vector<std::size_t> family_of_;  // by problem
};

}  // namespace wattline::experiments
