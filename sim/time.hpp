// The clock of the simulation: a 64-bit count of nanoseconds, for instants (since the start of the
// run) and durations alike. Names carry the unit (`_ns`); 292 years fit.
#pragma once

#include <cstdint>

#include "sim/base/result.hpp"

namespace wattline::sim {

using TimeNs = std::int64_t;

inline constexpr TimeNs ns_per_s = 1'000'000'000;
inline constexpr TimeNs ns_per_ms = 1'000'000;

// The longest simulated time that is accepted: 100 years, so that no sum of an instant and a
// duration can overflow.
inline constexpr TimeNs longest_time_ns = TimeNs{100} * 366 * 86'400 * ns_per_s;

// After every instant that the clock reaches.
inline constexpr TimeNs never = INT64_MAX - 1;

// To the nearest nanosecond, halves away from zero. An error unless 0 <= seconds <= 100 years.
// `what` names the quantity in the message.
Result<TimeNs> seconds_to_ns(double seconds, const char* what);

constexpr double ns_to_seconds(TimeNs ns) {
  return static_cast<double>(ns) * 1e-9;
}
constexpr double ns_to_ms(TimeNs ns) {
  return static_cast<double>(ns) * 1e-6;
}

}  // namespace wattline::sim
