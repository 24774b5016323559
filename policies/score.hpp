// Scoring a policy's plan on the ground truth. Not a policy: it sees what policies must not.
#pragma once

#include <optional>

#include "devices/cost_model.hpp"
#include "policies/optimum.hpp"
#include "policies/problem.hpp"

namespace wattline::policies {

struct Score {
  Evaluation truth;           // what the plan really comes to
  bool solved = false;        // it keeps every budget on the ground truth
  double power_excess_w = 0;  // above the budget; 0 when within
  sim::TimeNs latency_excess_ns = 0;
  // Against the optimum, when the plan solves the problem and an optimum exists. Below 0 only for a
  // plan outside the mode space over which the optimum was sought (a preset).
  std::optional<double> regret;
};

// A concurrent plan runs at most its tau training minibatches between inference minibatches, and no
// more than truly fit. Errors: the model cannot answer for the plan's point.
Result<Score> score(const Problem& problem, const Plan& plan, const devices::CostModel& truth,
                    const std::optional<Optimum>& optimum);

}  // namespace wattline::policies
