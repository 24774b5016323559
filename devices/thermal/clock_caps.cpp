#include "devices/thermal/clock_caps.hpp"

#include <algorithm>

#include "devices/clock_limits.hpp"

namespace wattline::devices {

namespace {

std::int32_t capped_clock(std::int32_t requested_khz, const ThermalVerdict& verdict,
                          const std::vector<std::int32_t>& ascending_khz) {
  const double requested = requested_khz;
  const double ceiling = verdict.software_clock_share * ascending_khz.back();
  const double cap_khz = std::min(requested, ceiling) * verdict.hardware_clock_share;
  if (cap_khz >= requested) return requested_khz;
  return std::min(highest_clock(cap_khz, ascending_khz), requested_khz);
}

}  // namespace

PowerMode capped(const PowerMode& requested, const ThermalVerdict& verdict, const ClockTable& table) {
  PowerMode mode = requested;
  mode.cpu_khz = capped_clock(requested.cpu_khz, verdict, table.cpu_khz);
  mode.gpu_khz = capped_clock(requested.gpu_khz, verdict, table.gpu_khz);
  return mode;
}

}  // namespace wattline::devices
