// Reads the power sensor of a device spec (the format is described in spec_reader.cpp).
#pragma once

#include "devices/sensor/sensor_spec.hpp"
#include "devices/sourced_reader.hpp"

namespace wattline::devices {

// `rails` of the spec's power: a channel is refused that measures another.
SensorSpec read_sensor(SourcedReader in, const std::vector<Rail>& rails);

}  // namespace wattline::devices
