#include "devices/clock_limits.hpp"

#include <algorithm>

namespace wattline::devices {

namespace {

std::int32_t limited_clock(std::int32_t asked_khz, std::optional<std::int32_t> limit_khz,
                           const std::vector<std::int32_t>& ascending_khz) {
  if (!limit_khz || asked_khz <= *limit_khz) return asked_khz;
  return std::min(asked_khz, highest_clock(*limit_khz, ascending_khz));
}

}  // namespace

std::int32_t highest_clock(double most_khz, const std::vector<std::int32_t>& ascending_khz) {
  const auto above = std::upper_bound(ascending_khz.begin(), ascending_khz.end(), most_khz,
                                      [](double most, std::int32_t clock) { return most < clock; });
  return above == ascending_khz.begin() ? *above : *(above - 1);
}

PowerMode limited(const PowerMode& asked, const ClockLimits& limits, const ClockTable& table) {
  PowerMode mode = asked;
  mode.cpu_khz = limited_clock(asked.cpu_khz, limits.cpu_khz, table.cpu_khz);
  mode.gpu_khz = limited_clock(asked.gpu_khz, limits.gpu_khz, table.gpu_khz);
  mode.emc_khz = limited_clock(asked.emc_khz, limits.emc_khz, table.emc_khz);
  return mode;
}

const ClockTable& table_of(const PowerMode& mode, const std::vector<ClockTable>& tables) {
  const auto has = [](const std::vector<std::int32_t>& clocks, std::int32_t khz) {
    return std::find(clocks.begin(), clocks.end(), khz) != clocks.end();
  };
  const auto found = std::find_if(tables.begin(), tables.end(), [&](const ClockTable& table) {
    return has(table.cpu_khz, mode.cpu_khz) && has(table.gpu_khz, mode.gpu_khz);
  });
  return found == tables.end() ? tables.front() : *found;
}

}  // namespace wattline::devices
