#include "sim/supervisor.hpp"

#include <algorithm>
#include <cmath>

namespace wattline::sim {

TimeNs PaceChange::left(TimeNs left_ns) const {
  if (left_ns == 0) return 0;
  const double left = static_cast<double>(left_ns) * time_factor();
  return left < static_cast<double>(longest_time_ns) ? std::max<TimeNs>(1, std::llround(left))
                                                     : longest_time_ns;
}

RailPowerUw PaceChange::power(const RailPowerUw& power_uw) const {
  RailPowerUw changed{};
  for (std::size_t rail = 0; rail < max_rails; ++rail) {
    const double factor = static_cast<double>(to.power_uw[rail]) / static_cast<double>(from.power_uw[rail]);
    changed[rail] = from.power_uw[rail] > 0 ? std::llround(static_cast<double>(power_uw[rail]) * factor)
                                            : to.power_uw[rail];
  }
  return changed;
}

}  // namespace wattline::sim
