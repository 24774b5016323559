// What a board does when it is too hot or draws too much. Pure functions on values.
//
// Software throttle: Linux' step_wise governor (drivers/thermal/gov_step_wise.c), in our reading as
// kernels 5.10 and 5.15, those of JetPack 5 and 6, have it. At each poll, with the temperature compared with
// that of the poll before:
//   above the trip and rising     one level more, up to the last
//   below the trip and falling    one level less, down to none
//   else                          as it was
// A trip that was reached is left hysteresis_k below it. Level k of n leaves the share 1 - k / (n + 1) of the
// board's highest clocks: n levels for the n clocks below the top, as cpufreq's cooling device has it, taken
// as equally spaced. The device tree binds CPU clusters; the GPU follows in the same shares (our reading).
//
// Over-current (OC3 of the soctherm block): a power meter cannot show the microseconds in which a board
// exceeds its current; what is modelled is mean power over a period. Our reading: as many whole pulses as
// bring the mean down to the limit, a pulse of depth d lowering power and speed alike by the share d. Below
// the limit there is none, where real boards show a few pulses (0.1 to 3 % of the time at half the limit).
#pragma once

#include <cstdint>

#include "devices/thermal/parameters.hpp"

namespace wattline::devices {

struct StepWise {
  std::int32_t level = 0;
  bool tripped = false;
  double last_c = 0;  // the temperature at the poll before
};

StepWise after_poll(const SoftwareThrottle& throttle, const StepWise& before, double temperature_c);

// Of the board's highest clocks, 0 to 1.
double clock_share(const SoftwareThrottle& throttle, std::int32_t level);

bool hardware_throttles(const HardwareThrottle& throttle, bool before, double temperature_c);

// In a period of which `unthrottled_power_w` would be the mean without pulses. Precondition: period_ms > 0.
std::int64_t pulses_in(const OverCurrent& over_current, double unthrottled_power_w, double period_ms);

}  // namespace wattline::devices
