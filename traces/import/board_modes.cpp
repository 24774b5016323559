#include "traces/import/board_modes.hpp"

#include <algorithm>
#include <cmath>

namespace wattline::traces {

using devices::PowerMode;

Result<PowerMode> preset_mode(const std::string& device, const std::string& preset) {
  const auto board = devices::find_device(device);
  if (!board) return board.error();
  const auto found = devices::find_preset(*board, preset);
  if (!found) return found.error();
  return found->mode;
}

std::vector<devices::Preset> presets_labelled(const devices::DeviceSpec& board, std::string_view label) {
  std::vector<devices::Preset> found;
  for (const devices::Preset& preset : board.presets) {
    const std::string_view name = preset.name;
    if (name == label || (name.starts_with(label) && name.substr(label.size()).starts_with("_JP")))
      found.push_back(preset);
  }
  return found;
}

std::optional<std::int32_t> nearest_clock(const std::vector<std::int32_t>& table_khz, double khz) {
  const auto distance = [&](std::int32_t clock) { return std::abs(clock - khz); };
  const std::int32_t nearest =
      *std::min_element(table_khz.begin(), table_khz.end(),
                        [&](std::int32_t a, std::int32_t b) { return distance(a) < distance(b); });
  if (distance(nearest) > std::max(1500.0, 0.02 * nearest)) return std::nullopt;
  return nearest;
}

PowerMode replaced(PowerMode mode, const PowerMode& replacement) {
  for (const auto knob : {&PowerMode::cores, &PowerMode::cpu_khz, &PowerMode::gpu_khz, &PowerMode::emc_khz,
                          &PowerMode::active_sms}) {
    if (replacement.*knob != 0) mode.*knob = replacement.*knob;
  }
  return mode;
}

}  // namespace wattline::traces
