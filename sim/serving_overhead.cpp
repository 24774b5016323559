#include "sim/serving_overhead.hpp"

#include <algorithm>
#include <cmath>

#include "sim/elementary.hpp"

namespace wattline::sim {

namespace {

constexpr std::size_t quantiles = std::size_t{1} << 11;
constexpr std::size_t draws_a_quantile = std::size_t{1} << 6;

}  // namespace

UnitLognormal::UnitLognormal(double cv) : sigma_(std::sqrt(log(1 + cv * cv))) {}

double UnitLognormal::operator()(double standard_normal) const {
  return exp(sigma_ * standard_normal - sigma_ * sigma_ / 2);
}

ClientLatency::ClientLatency(const StreamingStatistics& device_ns, const ServingOverhead& overhead,
                             RandomStream stream) {
  const auto parallel_ns = static_cast<double>(overhead.parallel_mean_ns);
  const UnitLognormal lognormal(overhead.parallel_cv);
  const std::size_t draws = overhead.parallel_cv > 0 ? draws_a_quantile : 1;
  mean_ns_ = device_ns.mean() + parallel_ns;
  sorted_ns_.reserve(quantiles * draws);
  for (std::size_t i = 0; i < quantiles; ++i) {
    const double level = (static_cast<double>(i) + 0.5) / static_cast<double>(quantiles);
    const double at_device_ns = device_ns.percentile(level);
    for (std::size_t j = 0; j < draws; ++j) {
      const double factor = overhead.parallel_cv > 0 ? lognormal(stream.normal()) : 1;
      sorted_ns_.push_back(at_device_ns + parallel_ns * factor);
    }
  }
  std::sort(sorted_ns_.begin(), sorted_ns_.end());
}

double ClientLatency::percentile_ns(double q) const {
  const double rank = std::ceil(q * static_cast<double>(sorted_ns_.size()));
  const auto last = sorted_ns_.size() - 1;
  return sorted_ns_[std::min(last, rank < 1 ? 0 : static_cast<std::size_t>(rank) - 1)];
}

double ClientLatency::share_above(TimeNs limit_ns) const {
  const auto first = std::upper_bound(sorted_ns_.begin(), sorted_ns_.end(), static_cast<double>(limit_ns));
  return static_cast<double>(sorted_ns_.end() - first) / static_cast<double>(sorted_ns_.size());
}

}  // namespace wattline::sim
