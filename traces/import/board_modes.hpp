// Power modes of our boards, for files that name a mode or give a part of one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "devices/device_spec.hpp"
#include "devices/power_mode.hpp"
#include "sim/base/result.hpp"

namespace wattline::traces {

// The mode of a built-in board's preset, with the number of active SMs. An error names the nearest
// board or preset.
Result<devices::PowerMode> preset_mode(const std::string& device, const std::string& preset);

// The presets that nvpmodel calls `label`: one firmware's preset is named so, another's has a suffix
// ("MODE_30W" and "MODE_30W_JP6"). Empty where there is none.
std::vector<devices::Preset> presets_labelled(const devices::DeviceSpec& board, std::string_view label);

// The member of `table_khz` (ascending, not empty) nearest to `khz` if it is within 2 % or 1.5 MHz of it:
// logs print whole MHz, cut off, and a GPU's true clock strays by up to 1 %. Nothing otherwise.
std::optional<std::int32_t> nearest_clock(const std::vector<std::int32_t>& table_khz, double khz);

// `mode` with each knob of `replacement` that is not 0.
devices::PowerMode replaced(devices::PowerMode mode, const devices::PowerMode& replacement);

}  // namespace wattline::traces
