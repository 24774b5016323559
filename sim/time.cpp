#include "sim/time.hpp"

#include <fmt/format.h>

#include <cmath>

#include "sim/base/text.hpp"

namespace wattline::sim {

Result<TimeNs> seconds_to_ns(double seconds, const char* what) {
  constexpr double longest_s = static_cast<double>(longest_time_ns) * 1e-9;
  if (!std::isfinite(seconds) || seconds < 0 || seconds > longest_s) {
    return bad_input(fmt::format("{}: {} s is not accepted; a time from 0 to {} s (100 years) is expected",
                                 what, shortest(seconds), shortest(longest_s)));
  }
  return static_cast<TimeNs>(std::llround(seconds * 1e9));
}

}  // namespace wattline::sim
