#include "sim/variability.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/elementary.hpp"

namespace wattline::sim {

Variability::Factor::Factor(double cv) {
  const double variance = sim::log(1 + cv * cv);
  mu = -0.5 * variance;
  sigma = std::sqrt(variance);
}

Variability::Variability(const VariabilityOptions& options, std::uint64_t seed, std::size_t streams,
                         std::size_t jobs)
    : time_(options.time_cv), power_(options.power_cv) {
  const auto draws = [&](const char* work, std::size_t index) {
    return Draws{{seed, fmt::format("variability/time/{}/{}", work, index)},
                 {seed, fmt::format("variability/power/{}/{}", work, index)}};
  };
  for (std::size_t i = 0; i < streams; ++i) streams_.push_back(draws("infer", i));
  for (std::size_t i = 0; i < jobs; ++i) jobs_.push_back(draws("train", i));
}

MinibatchCost Variability::next(Tenant tenant, MinibatchCost mean) {
  Draws& draws = (tenant.work() == Work::infer ? streams_ : jobs_)[tenant.index()];
  if (time_.sigma > 0) {
    const double time_ns = static_cast<double>(mean.time_ns) * time_.draw(draws.times);
    // Beyond the longest time the run refuses it, as it does any other.
    mean.time_ns = time_ns < 9e18 ? std::max<TimeNs>(1, std::llround(time_ns)) : INT64_MAX;
  }
  if (power_.sigma > 0) {
    const double factor = power_.draw(draws.powers);
    for (std::int64_t& rail_uw : mean.power_uw) rail_uw = std::llround(static_cast<double>(rail_uw) * factor);
  }
  return mean;
}

}  // namespace wattline::sim
