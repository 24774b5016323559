// NN-n (Fulcrum's and PowerTrain's baseline): networks trained on n random profiles; each problem gets the
// plan that they predict to be best within its budgets. One sample for all problems on the same workloads.
// Source: Fulcrum (arXiv 2509.20205), NN250: 50 random modes x 5 batches; 200 epochs of training's networks,
// 1,000 of inference's.
#pragma once

#include "policies/neural_columns.hpp"
#include "policies/policy.hpp"

namespace wattline::policies {

struct NeuralSearchOptions {
  int profiles = 250;  // a mode takes one for training and one for every batch. Range 1 .. 1,000,000
  double margin = 0;   // share of the power budget that predicted points leave unused. Range 0 .. 0.5
  NeuralOptions networks;
};

class NeuralSearch final : public Policy {
 public:
  explicit NeuralSearch(const NeuralSearchOptions& options) : options_(options) {}
  Outcome solve(const Problem& problem, Platform& platform) const override;
  std::unique_ptr<Solver> start(Platform& platform) const override;
  Sharing sharing() const override { return Sharing::workloads; }

 private:
  NeuralSearchOptions options_;
};

}  // namespace wattline::policies
