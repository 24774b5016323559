// From a thermal verdict to the clocks that a board really runs at.
#pragma once

#include "devices/device_spec.hpp"
#include "devices/power_mode.hpp"
#include "devices/thermal/supervisor.hpp"

namespace wattline::devices {

// `requested` with its CPU and GPU clocks lowered to the nearest clock of `table` at or below
//   min(requested, software_clock_share x highest clock of the table) x hardware_clock_share,
// never below the lowest of the table; unchanged where nothing throttles. Cores, EMC clock and SMs stay. The
// pulses of over-current are too short to be clocks: they slow down everything alike (over_current_pace).
// Our reading: software throttle is a ceiling on frequencies, as of cpufreq and devfreq; hardware leaves out
// pulses of whatever clock there is. Precondition: the table's lists are not empty.
PowerMode capped(const PowerMode& requested, const ThermalVerdict& verdict, const ClockTable& table);

}  // namespace wattline::devices
