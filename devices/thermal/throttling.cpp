#include "devices/thermal/throttling.hpp"

#include <algorithm>
#include <cmath>

namespace wattline::devices {

StepWise after_poll(const SoftwareThrottle& throttle, const StepWise& before, double temperature_c) {
  const double bound_c = before.tripped ? throttle.trip_c - throttle.hysteresis_k : throttle.trip_c;
  StepWise after = {before.level, temperature_c >= bound_c, temperature_c};
  if (after.tripped && temperature_c > before.last_c)
    after.level = std::min(before.level + 1, throttle.levels);
  if (!after.tripped && temperature_c < before.last_c) after.level = std::max(before.level - 1, 0);
  return after;
}

double clock_share(const SoftwareThrottle& throttle, std::int32_t level) {
  return 1 - static_cast<double>(level) / static_cast<double>(throttle.levels + 1);
}

bool hardware_throttles(const HardwareThrottle& throttle, bool before, double temperature_c) {
  return temperature_c >= throttle.start_c || (before && temperature_c >= throttle.stop_c);
}

std::int64_t pulses_in(const OverCurrent& over_current, double unthrottled_power_w, double period_ms) {
  if (!(unthrottled_power_w > over_current.limit_w)) return 0;
  const double share = (1 - over_current.limit_w / unthrottled_power_w) / over_current.depth;
  // Rounded up, so that the limit is kept; pulses follow each other, so that no more fit than the period
  // holds.
  const double wanted = std::ceil(share * period_ms / over_current.pulse_ms);
  return static_cast<std::int64_t>(std::min(wanted, std::ceil(period_ms / over_current.pulse_ms)));
}

}  // namespace wattline::devices
