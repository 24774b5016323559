// The accepted ranges of the fields of ThermalParameters, for the reader of specs and for check().
#pragma once

#include "sim/base/strict_json.hpp"

namespace wattline::devices::thermal_ranges {

inline constexpr Range k_per_w = above(0, 100);
inline constexpr Range time_constant_s = above(0, 3600);
inline constexpr Range heat_capacity_j_per_k = above(0, 1e6);
inline constexpr Range difference_k = between(0, 100);
inline constexpr Range temperature_c = between(-40, 150);
inline constexpr Range pwm = between(0, 1);
inline constexpr Range depth = above(0, 1);  // check() excludes 1 itself: a clock that stands still
inline constexpr Range limit_w = above(0, 10'000);
inline constexpr Range pulse_ms = between(0.001, 1000);
inline constexpr std::int32_t most_poll_ms = 60'000;
inline constexpr std::int32_t most_levels = 1000;

}  // namespace wattline::devices::thermal_ranges
