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

void StreamingStatistics::add(std::span<const std::int64_t> values) {
  if (values.empty()) return;
  Int128 sum = 0;
  UInt128 squares = squares_;
  std::int64_t least = min_, most = max_;
  for (const std::int64_t value : values) {
    const auto magnitude = static_cast<std::uint64_t>(value);
    sum += value;
    const UInt128 square = UInt128{magnitude} * magnitude;
    squares += square;
    squares_high_ += squares < square ? 1 : 0;
    least = std::min(least, value);
    most = std::max(most, value);
  }
  count_ += values.size();
  sum_ += sum;
  squares_ = squares;
  min_ = least;
  max_ = most;
  const std::size_t last = bucket_of(static_cast<std::uint64_t>(most));
  if (last >= buckets_.size()) buckets_.resize(last + 1);
  for (const std::int64_t value : values) ++buckets_[bucket_of(static_cast<std::uint64_t>(value))];
}

double StreamingStatistics::mean() const {
  return count_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(count_);
}

double StreamingStatistics::variance() const {
  if (count_ < 2) return 0;
  // About the mean rounded down, m = (S - r) / n, the squares sum up to Q - 2 m S + n m^2: whole numbers,
  // exact modulo 2^128. About the mean itself they are r^2 / n less.
  const UInt128 count = count_, sum = static_cast<UInt128>(sum_), mean = sum / count, rest = sum % count;
  const auto modulo = static_cast<double>(squares_ - 2 * mean * sum + count * mean * mean);
  const auto n = static_cast<double>(count_), s = static_cast<double>(sum_), r = static_cast<double>(rest);
  // How many times 2^128 is missing, a rounded computation tells.
  const double rounded =
      static_cast<double>(squares_high_) * 0x1p128 + static_cast<double>(squares_) - s * (s / n);
  const double missing = std::floor((rounded - modulo) * 0x1p-128 + 0.5);
  return (missing * 0x1p128 + modulo - r * r / n) / (n - 1);
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
