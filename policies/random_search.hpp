// RND-n (Fulcrum's and PowerTrain's baseline): profiles random points and takes the best of those
// that keep the budgets as observed.
#pragma once

#include <cstdint>

#include "policies/policy.hpp"

namespace wattline::policies {

struct RandomSearchOptions {
  // Profiles to spend. Range 1 .. 1,000,000. A random mode of a concurrent problem costs two (training
  // and inference of one batch).
  int profiles = 50;
  std::uint64_t seed = 1;  // the draws depend on it and on the problem's id (of the first problem, if shared)
  // As in the papers: one sample for all problems on the same workloads, each mode of it profiled in full (at
  // every batch), and for each problem the best of it.
  bool share = false;
};

class RandomSearch final : public Policy {
 public:
  explicit RandomSearch(RandomSearchOptions options) : options_(options) {}
  Outcome solve(const Problem& problem, Platform& platform) const override;
  std::unique_ptr<Solver> start(Platform& platform) const override;
  Sharing sharing() const override { return options_.share ? Sharing::workloads : Sharing::none; }

 private:
  RandomSearchOptions options_;
};

}  // namespace wattline::policies
