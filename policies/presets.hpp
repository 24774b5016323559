// NVIDIA's presets (nvpmodel): what a user does who picks a mode by its name or by trying them all.
#pragma once

#include "policies/policy.hpp"

namespace wattline::policies {

struct PresetOptions {
  enum class Choice {
    // The preset of the highest nominal power that does not exceed the power budget (the lowest one
    // when all exceed it); a preset without a nominal power, as MAXN, is never chosen. The plan is
    // made in that mode even if it breaks the budget.
    nominal,
    // Every preset is profiled; the best that keeps the budgets as observed.
    profiled
  };
  Choice choice = Choice::nominal;
};

class Presets final : public Policy {
 public:
  explicit Presets(PresetOptions options) : options_(options) {}
  Outcome solve(const Problem& problem, Platform& platform) const override;

 private:
  PresetOptions options_;
};

}  // namespace wattline::policies
