#include "experiments/sensor_options.hpp"

#include <fmt/format.h>

#include "devices/sensor/sensor_checks.hpp"

namespace wattline::experiments {

devices::PowerSensorOptions read_power_sensor(ObjectReader& in, const Board& board, std::uint64_t seed) {
  devices::PowerSensorOptions sensor;
  if (!board.spec || !board.spec->sensor) {
    in.fail("", fmt::format("what {} measures of its power is not known; its device file has no 'sensor'",
                            board.name));
    return sensor;
  }
  sensor.chip = *board.spec->sensor;
  sensor.rails = board.truth->rails();
  sensor.board = board.spec->name;
  sensor.seed = seed;
  sensor.poll_hz = in.number_or("poll_hz", between(0.001, 100), sensor.poll_hz);
  sensor.gain_error = in.number_or("gain_error", between(0, 0.05), sensor.gain_error);
  sensor.chip.samples = static_cast<std::int32_t>(in.integer_or("samples", 1, 1024, sensor.chip.samples));
  sensor.chip.conversion_us = in.number_or("conversion_us", between(140, 8244), sensor.chip.conversion_us);
  if (const auto wrong = devices::check_power_sensor(sensor)) in.fail("", wrong->message);
  return sensor;
}

}  // namespace wattline::experiments
