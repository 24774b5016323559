#include "policies/presets.hpp"

#include "policies/maxn.hpp"

namespace wattline::policies {

namespace {

const devices::Preset* nominal_choice(const std::vector<devices::Preset>& presets, double power_budget_w) {
  const devices::Preset* chosen = nullptr;
  for (const devices::Preset& preset : presets) {
    if (preset.nominal_power_w <= 0) continue;
    const bool fits = preset.nominal_power_w <= power_budget_w;
    const bool chosen_fits = chosen && chosen->nominal_power_w <= power_budget_w;
    const bool preferred = fits ? !chosen_fits || preset.nominal_power_w > chosen->nominal_power_w
                                : !chosen_fits && preset.nominal_power_w < chosen->nominal_power_w;
    if (!chosen || preferred) chosen = &preset;
  }
  return chosen;
}

}  // namespace

Outcome Presets::solve(const Problem& problem, Platform& platform) const {
  Notebook notebook(problem, platform, -1);
  if (options_.choice == PresetOptions::Choice::nominal) {
    const devices::Preset* preset = nominal_choice(platform.presets(), problem.power_budget_w);
    if (!preset) return notebook.conclude(true);
    const auto plan = plan_in_fixed_mode(problem, preset->mode, notebook, preset->name);
    return plan ? notebook.conclude_with(*plan) : notebook.conclude(true);
  }
  for (const devices::Preset& preset : platform.presets()) {
    if (!plan_in_fixed_mode(problem, preset.mode, notebook, preset.name)) break;
  }
  return notebook.conclude(true);
}

}  // namespace wattline::policies
