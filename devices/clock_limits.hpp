// Limits that override the clocks that are asked for, as firmware and drivers have them: the effective
// ceiling of a clock is the least of the firmware's cap, the power mode's and what else writes one
// (nvpmodel's EMC cap in /sys/kernel/nvpmodel_clk_cap/emc or emc_iso_cap, scaling_max_freq of a CPU cluster).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "devices/device_spec.hpp"
#include "devices/power_mode.hpp"

namespace wattline::devices {

struct ClockLimits {  // none, or at least 1
  std::optional<std::int32_t> cpu_khz, gpu_khz, emc_khz;
};

// `asked` with each clock that is beyond its limit lowered to the highest clock of the table at or below the
// limit, and to the lowest of the table where none is: hardware has no lower one. Precondition: the table's
// lists are not empty.
PowerMode limited(const PowerMode& asked, const ClockLimits& limits, const ClockTable& table);

// The highest clock at or below `most_khz`; the lowest of all where none is. Precondition: not empty.
std::int32_t highest_clock(double most_khz, const std::vector<std::int32_t>& ascending_khz);

// The first of the tables that has the mode's CPU and GPU clocks; the first of all where none has.
// Precondition: not empty.
const ClockTable& table_of(const PowerMode& mode, const std::vector<ClockTable>& tables);

}  // namespace wattline::devices
