// Whether a sensor can be: ranges of the chip and of its reader. Pure functions.
#pragma once

#include "devices/sensor/power_sensor.hpp"

namespace wattline::devices {

// The chip alone, its channels on `rails`: settings that an INA3221 has, channels with a voltage of at most
// 26 V (the chip's) and a shunt of at most 1 Ohm, no rail twice in the total.
MaybeError check_sensor(const SensorSpec& chip, const std::vector<std::string>& rails);

// The chip, and the reader.
MaybeError check_power_sensor(const PowerSensorOptions& options);

}  // namespace wattline::devices
