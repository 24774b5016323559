// Regression on a random sample of modes: the simple baselines of predicting policies.
//
// With knobs as shares of their top values (n cores, c CPU clock, g GPU clock, e EMC clock):
//   linear     t = a0 + a1/n + a2/c + a3/g + a4/e        P = b0 + b1 n + b2 c + b3 g + b4 e
//              by least squares, inference at each batch on its own.
//   roofline   t = sum_k (a_k + a'_k b) phi_k             phi = 1/g, 1/e, 1/c, 1/(c n), 1
//              P = sum_k b_k psi_k                        psi = 1, g, g^3, e, c, n c, n c^3
//              by least squares with no negative coefficient; b the inference batch, absent in training;
//              power at each batch on its own. phi are the ceilings of a roofline (compute, memory, one core,
//              all cores, neither), added up because minibatches are made of kernels under each; psi are f
//              V^2 with a voltage V that is partly fixed, partly proportional to f.
// Both minimise relative errors: a slow mode's millisecond counts less. The papers name such baselines
// without giving their terms; the terms are ours (docs/policies/regression.md).
#pragma once

#include <cstdint>

#include "policies/policy.hpp"

namespace wattline::policies {

struct RegressionOptions {
  enum class Model { linear, roofline };
  Model model = Model::roofline;
  int profiles = 50;       // most profiles for all problems on the same workloads. Range 1 .. 1,000,000
  double margin = 0;       // share of the power budget that predicted points leave unused. Range 0 .. 0.5
  std::uint64_t seed = 1;  // the sample depends on it and on the workloads alone
};

class Regression final : public Policy {
 public:
  explicit Regression(RegressionOptions options) : options_(options) {}
  Outcome solve(const Problem& problem, Platform& platform) const override;
  std::unique_ptr<Solver> start(Platform& platform) const override;
  Sharing sharing() const override { return Sharing::workloads; }

 private:
  RegressionOptions options_;
};

}  // namespace wattline::policies
