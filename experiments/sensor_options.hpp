// The power sensor of a scenario or experiment: the board's own, polled and set as the configuration says.
//
//   {"poll_hz": 10, "gain_error": 0.02, "samples": 128, "conversion_us": 140}
//
// All keys are optional; the chip is set as on the board unless they say otherwise. Ranges are those of
// devices::PowerSensorOptions and of the chip (devices/sensor/sensor_checks.hpp).
#pragma once

#include <cstdint>

#include "devices/sensor/power_sensor.hpp"
#include "experiments/board.hpp"
#include "sim/base/strict_json.hpp"

namespace wattline::experiments {

// `in` is the sensor's object; keys beyond those above are the caller's to ask for and to reject. Fails it
// where the board's device file has no sensor, or where the costs are not of the rails that it measures; what
// is returned after an error, which `in` then holds, is of no use. `seed` is the run's: with the board it
// says whose gain it is.
devices::PowerSensorOptions read_power_sensor(ObjectReader& in, const Board& board, std::uint64_t seed);

}  // namespace wattline::experiments
