// GMD: gradient-descent based multi-dimensional search (Fulcrum, arXiv 2509.20205), as far as it is
// published, the rest in our reading (docs/policies/gmd.md says which is which).
//
// From the middle of every axis it profiles one step along each, ranks the axes by time gained per
// watt (or, above the power budget, by time lost per watt saved), and bisects along them in that
// order. A mode that is at least as high on every axis as one that broke the power budget is never
// profiled (the middle itself is, for the batches among which it chooses one). What profiles remain are spent
// on trades: one axis down, another up. The plan is the best that was observed within the budgets, so it
// never breaks a budget that was observed.
#pragma once

#include "policies/policy.hpp"

namespace wattline::policies {

struct GmdOptions {
  // Most profiles, that is charged calls of Platform::profile, per problem. Range 1 .. 100,000. The
  // paper counts modes and states 15 for concurrent problems; a concurrent mode takes two calls, so
  // counting calls is the stricter reading.
  int train_profiles = 10;
  int infer_profiles = 11;
  int concurrent_profiles = 15;
};

class Gmd final : public Policy {
 public:
  explicit Gmd(GmdOptions options) : options_(options) {}
  Outcome solve(const Problem& problem, Platform& platform) const override;

 private:
  GmdOptions options_;
};

}  // namespace wattline::policies
