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
// bring the mean down to the limit, a pulse of depth d lowering power and speed alike by the share d. What a
// pulse lowers the mean by beyond the limit counts for the periods that follow, and a pulse that a period
// does not hold reaches into the next, so that the mean over many periods is the limit whatever their length.
// Below the limit no pulse begins, where real boards show a few (0.1 to 3 % of the time at half the limit).
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

// The pulses of one period, and what is left of them for the next one.
struct Pulses {
  std::int64_t begun = 0;
  double share = 0;       // of the period, within pulses; 0 to 1
  double ahead_ms = 0;    // time of all pulses begun so far beyond what the limit asked for; 0 to pulse_ms
  double running_ms = 0;  // of the pulses begun, what the period did not hold; 0 to pulse_ms
};

// In the period after that of `before`, where `unthrottled_power_w` would be the mean without pulses.
// Precondition: period_ms > 0.
Pulses next_pulses(const OverCurrent& over_current, const Pulses& before, double unthrottled_power_w,
                   double period_ms);

}  // namespace wattline::devices
