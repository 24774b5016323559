// Bayesian search: Gaussian processes of what is not yet known, and constrained expected improvement to
// choose what to profile (Gardner et al., Bayesian Optimization with Inequality Constraints, 2014).
//
// One process (gaussian_process.hpp) each learns the logarithms of time and power of training, over the
// modes, and of inference, over modes and batches; axes enter as logarithms scaled to 0 .. 1. A few random
// points come first. From then on the point of the largest
//   P(power kept) P(latency and rate kept) E[max(0, objective gained over the best seen)]
// is profiled; as long as nothing seen keeps the budgets, the point that most likely does. Probabilities are
// in closed form, the expectation is over a fixed set of draws, each judged by evaluate(). Where training and
// inference alternate, the half that more likely breaks a budget is profiled first and the other only if it
// did not. The plan is the best that was observed within the budgets.
#pragma once

#include <cstdint>

#include "policies/policy.hpp"

namespace wattline::policies {

struct BayesianOptions {
  int profiles = 30;       // most profiles per problem. Range 1 .. 1,000
  int initial = 5;         // random points before the model is asked. Range 1 .. 1,000
  double noise = 0.02;     // deviation of one profile, as a share of the prior deviation. Range 1e-4 .. 1
  int candidates = 2'500;  // points among which it searches: all, or as many random ones. Range 1 .. 100,000
  double worthwhile = 0;   // expected relative gain below which it stops. Range 0 .. 1
  std::uint64_t seed = 1;  // the draws depend on it and on the problem's id alone
};

class Bayesian final : public Policy {
 public:
  explicit Bayesian(BayesianOptions options) : options_(options) {}
  Outcome solve(const Problem& problem, Platform& platform) const override;

 private:
  BayesianOptions options_;
};

}  // namespace wattline::policies
