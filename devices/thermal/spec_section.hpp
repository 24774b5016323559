// Reads the section "thermal" of a device spec (devices/spec_reader.cpp), each value with its provenance.
#pragma once

#include "devices/sourced_reader.hpp"
#include "devices/thermal/parameters.hpp"

namespace wattline::devices {

// Its fields are those of ThermalParameters, the heat path's without a name in between, and a fan profile has
// its rows as three lists of equal length:
//   {"die_k_per_w", "die_time_constant_s", "sink_k_per_w", "sink_heat_capacity_j_per_k", "air_rise_k",
//    "fan"?: {"sink_k_per_w", "poll_ms", "profiles": {"list": [{"name", "temperature_c", "hysteresis_k",
//    "pwm"}]}}, "software_throttle": {...}, "hardware_throttle"?: {...}, "over_current"?: {...},
//    "shutdown_c"}
ThermalParameters read_thermal(SourcedReader in);

}  // namespace wattline::devices
