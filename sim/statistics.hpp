// Streaming statistics of whole-numbered observations (nanoseconds): exact count, sum, minimum and
// maximum; mean and variance; percentiles from a histogram of fixed size.
//
// Memory does not depend on the number of observations (about 58 KiB). Not thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace wattline::sim {

__extension__ using Int128 = __int128;
__extension__ using UInt128 = unsigned __int128;

class StreamingStatistics {
 public:
  // A percentile is off by at most this fraction of the true one.
  static constexpr double percentile_relative_error = 1.0 / 256;

  // Precondition: values >= 0. All figures are those of the set of values, however grouped and ordered.
  void add(std::int64_t value) { add(std::span(&value, 1)); }
  void add(std::span<const std::int64_t> values);

  std::uint64_t count() const { return count_; }
  Int128 sum() const { return sum_; }
  // The five below: 0 when nothing was added.
  std::int64_t min() const { return count_ ? min_ : 0; }
  std::int64_t max() const { return max_; }
  double mean() const;
  double variance() const;  // of the sample (n - 1); exact but for the last roundings
  // Nearest rank: the smallest bucket that at least ceil(q * count) observations do not exceed,
  // represented by its midpoint. Precondition: 0 <= q <= 1.
  double percentile(double q) const;

 private:
  // Logarithmic buckets: values below 2^7 exactly, then 2^7 buckets an octave.
  static constexpr int precision_bits = 7;
  static std::size_t bucket_of(std::uint64_t value);
  static double midpoint_of(std::size_t bucket);

  std::uint64_t count_ = 0;
  Int128 sum_ = 0;
  std::int64_t min_ = INT64_MAX;
  std::int64_t max_ = 0;
  UInt128 squares_ = 0;             // their sum modulo 2^128
  std::uint64_t squares_high_ = 0;  // and how often that ran over
  std::vector<std::uint64_t> buckets_;
};

}  // namespace wattline::sim
