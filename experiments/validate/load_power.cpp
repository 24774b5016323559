#include "experiments/validate/load_power.hpp"

#include <algorithm>

namespace wattline::experiments {

namespace {

// The highest idle power that the closed loop of this mode allows.
std::optional<double> highest_idle_w(const ServedMode& mode) {
  if (!mode.closed_loop || !mode.lowest().power_w) return std::nullopt;
  const double busy = mode.lowest().rate_hz * mode.closed_loop->time_ms * 1e-3;
  if (busy >= 1) return std::nullopt;
  return (mode.lowest().power_w->mean - mode.closed_loop->power_w * busy) / (1 - busy);
}

}  // namespace

std::optional<PowerModel> fit_power(const std::vector<ServedMode>& modes, std::size_t index) {
  const ServedMode& mode = modes[index];
  const LoadPoint& lowest = mode.lowest();
  if (!lowest.power_w || !lowest.idle_w) return std::nullopt;
  PowerModel power;
  power.idle_w = lowest.idle_w->mean;
  for (const ServedMode& other : modes) {
    if (other.device != mode.device || other.dvfs_mode != mode.dvfs_mode) continue;
    const auto highest_w = highest_idle_w(other);
    if (!highest_w || *highest_w <= 0 || *highest_w >= power.idle_w) continue;
    power.idle_w = *highest_w;
    power.idle_from_closed_loop = true;
  }
  power.energy_per_request_j = std::max(0.0, lowest.power_w->mean - power.idle_w) / lowest.rate_hz;
  return power;
}

}  // namespace wattline::experiments
