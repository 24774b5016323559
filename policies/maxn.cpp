#include "policies/maxn.hpp"

namespace wattline::policies {

std::optional<Plan> plan_in_fixed_mode(const Problem& problem, const devices::PowerMode& mode,
                                       Notebook& notebook, const std::string& reason) {
  if (problem.trains() && !notebook.train(mode, reason)) return std::nullopt;
  if (!problem.infers()) return Plan{mode, 0, 0};
  std::optional<Plan> plan;
  Evaluation best;
  for (const int batch : problem.infer_batches) {
    // A batch that takes longer to gather than the budget allows needs no profile.
    if (plan && gathering_ns(problem, batch) >= problem.latency_budget_ns) break;
    if (!notebook.infer(mode, batch, reason)) return std::nullopt;
    const Evaluation value = *notebook.seen(mode, batch);
    const bool serves = value.within_latency && value.keeps_up;
    const bool best_serves = best.within_latency && best.keeps_up;
    const bool preferred = serves ? !best_serves || better(problem, value, best)
                                  : !best_serves && value.latency_ns < best.latency_ns;
    if (!plan || preferred) {
      plan = Plan{mode, batch, value.train_per_cycle};
      best = value;
    }
  }
  return plan;
}

Outcome Maxn::solve(const Problem& problem, Platform& platform) const {
  Notebook notebook(problem, platform, -1);
  const devices::PowerMode top = platform.modes().at(platform.modes().size() - 1);
  const auto plan = plan_in_fixed_mode(problem, top, notebook, "MAXN");
  return plan ? notebook.conclude_with(*plan) : notebook.conclude(true);
}

}  // namespace wattline::policies
