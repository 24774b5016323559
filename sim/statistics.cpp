#include "sim/statistics.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace wattline::sim {

std::size_t StreamingStatistics::bucket_of(std::uint64_t value) {
  constexpr std::uint64_t exact = std::uint64_t{1} << precision_bits;
  if (value < exact) return static_cast<std::size_t>(value);
  const int shift = static_cast<int>(std::bit_width(value)) - 1 - precision_bits;
  return (static_cast<std::size_t>(shift) << precision_bits) + static_cast<std::size_t>(value >> shift);
}

double StreamingStatistics::midpoint_of(std::size_t bucket) {
  constexpr std::size_t exact = std::size_t{1} << precision_bits;
  if (bucket < 2 * exact) return static_cast<double>(bucket);  // buckets of width 1
  const auto shift = static_cast<int>((bucket >> precision_bits) - 1);
  const double lower = std::ldexp(static_cast<double>(exact + bucket % exact), shift);
  return lower + 0.5 * (std::ldexp(1.0, shift) - 1);  // of the whole numbers lower .. lower + 2^shift - 1
}

void StreamingStatistics::add(std::int64_t value) {
  ++count_;
  sum_ += value;
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
  const double deviation = static_cast<double>(value) - mean_;
  mean_ += deviation / static_cast<double>(count_);
  squared_deviations_ += deviation * (static_cast<double>(value) - mean_);
  const std::size_t bucket = bucket_of(static_cast<std::uint64_t>(value));
  if (bucket >= buckets_.size()) buckets_.resize(bucket + 1);
  ++buckets_[bucket];
}

double StreamingStatistics::mean() const {
  return count_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(count_);
}

double StreamingStatistics::variance() const {
  return count_ < 2 ? 0 : squared_deviations_ / static_cast<double>(count_ - 1);
}

double StreamingStatistics::percentile(double q) const {
  if (count_ == 0) return 0;
  const auto wanted = std::max(1.0, std::ceil(q * static_cast<double>(count_)));
  const auto rank = std::min(count_, static_cast<std::uint64_t>(wanted));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    seen += buckets_[bucket];
    if (seen >= rank) {
      return std::clamp(midpoint_of(bucket), static_cast<double>(min_), static_cast<double>(max_));
    }
  }
  return static_cast<double>(max_);
}

}  // namespace wattline::sim
