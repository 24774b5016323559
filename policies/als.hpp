// ALS: active-learning sampling (Fulcrum, arXiv 2509.20205), as far as it is published, the rest in our
// reading (docs/policies/als.md).
//
// Networks are trained on a few random modes; of what they predict, the Pareto front of power and time is cut
// into bins of power, and modes of the front are profiled bin by bin; then again. The time of a concurrent
// problem is that from one training minibatch to the next, where inference takes its share: a front for every
// batch and a few shares. Each problem gets the best plan of what was profiled, or (`plans`) of what the last
// networks predict. What is learnt serves all problems on the same workloads.
#pragma once

#include "policies/neural_columns.hpp"
#include "policies/policy.hpp"

namespace wattline::policies {

struct AlsOptions {
  // What to profile. The paper states 50 to 150; ALS145 is 29 modes at 5 batches.
  int train_modes = 50;         // Range 1 .. 100,000
  int infer_modes = 29;         // each at every batch. Range 1 .. 100,000
  int concurrent_points = 145;  // modes at one batch, each with training. Range 1 .. 1,000,000
  int initial_modes = 10;       // of them at random. Range 1 .. 100,000
  int rounds = 4;               // in which the rest is chosen. Range 1 .. 1,000
  int bins = 8;                 // of power. Range 1 .. 1,000
  // Where plans come from: what was profiled, or every mode as the last networks predict it. The paper
  // reports more than 97 % of plans within budgets, which predictions do not reach here.
  enum class Plans { profiled, predicted };
  Plans plans = Plans::profiled;
  double margin = 0;  // share of the power budget that predicted points leave unused. Range 0 .. 0.5
  // Of the logarithms: times of all modes and batches span three powers of ten.
  NeuralOptions networks{.logarithms = true};
};

class Als final : public Policy {
 public:
  explicit Als(const AlsOptions& options) : options_(options) {}
  Outcome solve(const Problem& problem, Platform& platform) const override;
  std::unique_ptr<Solver> start(Platform& platform) const override;
  Sharing sharing() const override { return Sharing::workloads; }

 private:
  AlsOptions options_;
};

}  // namespace wattline::policies
