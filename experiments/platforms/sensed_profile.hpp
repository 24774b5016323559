// The power that a profile reports when it is read from the board's own sensor, as PowerTrain does (arXiv
// 2407.13944; rule and median as in the authors' scripts).
//
// The log runs while the board idles in its last mode, changes mode and runs minibatches back to back. The
// power is the median of the readings from the one on that stabilised_from() finds, to the end; if it finds
// none, of those during the last `counted_ns`; without a reading there, what the sensor says when the work
// ends. So work that is short against the sensor's lag reads low: after a time t at constant power, (1 -
// 1/N)^(t / scan time) of its rise over idling is missing.
//
// Pure function.
#pragma once

#include "devices/sensor/power_sensor.hpp"

namespace wattline::experiments {

struct SensedProfiling {
  devices::PowerSensorOptions sensor;
  double idle_before_s = 10;  // logged before the mode changes. Range 0 .. 3,600; estimated: enough for the
                              // rule's window at 1 Hz
};

// Durations are at least 0.
struct ProfileCourse {
  sim::RailPowerUw before_uw{};  // idling, in the mode before
  sim::TimeNs switch_ns = 0;     // of which the change of mode takes so long
  sim::RailPowerUw switch_uw{};
  sim::TimeNs running_ns = 0;  // settling included
  sim::RailPowerUw running_uw{};
  sim::TimeNs counted_ns = 0;  // the minibatches at the end
};

// In watts. Errors: those of PowerSensor::make, more than 10 million readings (160 MB).
Result<double> sensed_power_w(const SensedProfiling& options, const ProfileCourse& course);

}  // namespace wattline::experiments
