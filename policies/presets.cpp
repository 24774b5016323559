#include "policies/presets.hpp"

#include "policies/maxn.hpp"

namespace wattline::policies {

namespace {

const devices::Preset* nominal_choice(const std::vector<devices::Preset>& presets, double power_budget_w) {
  const devices::Preset* highest_within = nullptr;
  const devices::Preset* lowest = nullptr;
  for (const devices::Preset& preset : presets) {
    if (preset.nominal_power_w <= 0) continue;
    if (!lowest || preset.nominal_power_w < lowest->nominal_power_w) lowest = &preset;
    if (preset.nominal_power_w > power_budget_w) continue;
    if (!highest_within || preset.nominal_power_w > highest_within->nominal_power_w) highest_within = &preset;
  }
  return highest_within ? highest_within : lowest;
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
