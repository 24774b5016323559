// MAXN: every knob at its top, whatever the power budget. The batch (and tau) are the best for that
// mode as profiled. The baseline of someone who does not tune.
#pragma once

#include "policies/policy.hpp"

namespace wattline::policies {

class Maxn final : public Policy {
 public:
  Outcome solve(const Problem& problem, Platform& platform) const override;
};

// Profiles `mode` for the problem and returns the plan with the batch that comes nearest to solving
// it there: the best among those within latency and rate, regardless of power; the batch of least
// latency when none is. Nothing when a profile failed (the notebook knows). Shared with Presets.
std::optional<Plan> plan_in_fixed_mode(const Problem& problem, const devices::PowerMode& mode,
                                       Notebook& notebook, const std::string& reason);

}  // namespace wattline::policies
