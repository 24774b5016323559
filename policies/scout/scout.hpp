// Scout: our own policy. It believes in a family of boards (law.hpp), is unsure which one it has
// (belief.hpp), profiles what would most likely improve its plan, and stops when nothing would.
//
// After each profile every hypothesis names what it thinks the plans are worth. As long as no plan is known
// to keep the budgets, the next profile is of the plan that most likely does, and is good; from then on it is
// of the plan with the largest expected gain over the best plan known. Of a plan with two minibatches unseen
// the one that more likely breaks a budget is profiled first. The plan returned was observed in full
// and keeps the budgets as observed, with one exception: with the last profile a plan may be completed whose
// other half breaks no budget under any hypothesis. Details and figures: docs/policies/scout.md.
#pragma once

#include "policies/policy.hpp"
#include "policies/scout/belief.hpp"

namespace wattline::policies {

struct ScoutOptions {
  int profiles = 8;           // most per problem, counted as calls of Platform::profile. Range 1 .. 100,000
  double worthwhile = 0.002;  // expected relative gain up to which it stops. Range 0 .. 1
  double caution = 5;         // weight of keeping the budgets against being good, while no plan is known to
                              // keep them. Range 0 .. 1,000
  int learning = 48;          // profiles from which the belief is learnt; those after are only remembered,
                              // because the law's misfit is all that is left then. Range 1 .. 100,000
  bool share = false;         // keep what was learnt for the next problem on the same workloads
  scout::BeliefOptions belief;
  double blur = 0.02;      // relative deviation of a board from the law. Range 0 .. 1
  std::uint64_t seed = 1;  // of the hypotheses
};

class Scout final : public Policy {
 public:
  explicit Scout(const ScoutOptions& options) : options_(options) {}
  Outcome solve(const Problem& problem, Platform& platform) const override;
  std::unique_ptr<Solver> start(Platform& platform) const override;
  Sharing sharing() const override { return options_.share ? Sharing::workloads : Sharing::none; }

 private:
  ScoutOptions options_;
};

}  // namespace wattline::policies
