// PowerTrain (arXiv 2407.13944): networks that learnt a reference workload over many modes are transferred to
// another with a few dozen random modes; each problem gets the plan that they predict to be best within its
// budgets. The paper is about training; inference is transferred the same way, batch by batch
// (docs/policies/powertrain.md). What is learnt serves all problems on the same workloads.
#pragma once

#include <memory>

#include "policies/neural_columns.hpp"
#include "policies/policy.hpp"

namespace wattline::policies {

struct PowerTrainOptions {
  int modes = 50;           // to profile, each for training and at every batch. Range 1 .. 100,000
  int epochs = 100;         // of the transfer. Range 1 .. 100,000
  double margin = 0;        // share of the power budget that predicted points leave unused. Range 0 .. 0.5
  bool logarithms = false;  // as in NeuralOptions; the reference must have been learnt the same way
  std::uint64_t seed = 1;
};

class PowerTrain final : public Policy {
 public:
  PowerTrain(const PowerTrainOptions& options, std::shared_ptr<const TimeAndPower> reference)
      : options_(options), reference_(std::move(reference)) {}
  Outcome solve(const Problem& problem, Platform& platform) const override;
  std::unique_ptr<Solver> start(Platform& platform) const override;
  Sharing sharing() const override { return Sharing::workloads; }

 private:
  PowerTrainOptions options_;
  std::shared_ptr<const TimeAndPower> reference_;
};

}  // namespace wattline::policies
