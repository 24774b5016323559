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

Pulses next_pulses(const OverCurrent& over_current, const Pulses& before, double unthrottled_power_w,
                   double period_ms) {
  const double over_share =
      unthrottled_power_w > over_current.limit_w
          ? std::min(1.0, (1 - over_current.limit_w / unthrottled_power_w) / over_current.depth)
          : 0;
  const double asked_ms = over_share * period_ms;
  Pulses now;
  // Rounded up, so that the limit is kept from the first period on.
  now.begun = static_cast<std::int64_t>(
      std::max(0.0, std::ceil((asked_ms - before.ahead_ms) / over_current.pulse_ms)));
  const double begun_ms = static_cast<double>(now.begun) * over_current.pulse_ms;
  now.ahead_ms = before.ahead_ms + begun_ms - asked_ms;
  const double throttled_ms = std::min(before.running_ms + begun_ms, period_ms);
  now.running_ms = before.running_ms + begun_ms - throttled_ms;
  now.share = throttled_ms / period_ms;
  return now;
}

}  // namespace wattline::devices
