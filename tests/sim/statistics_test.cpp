// Streaming statistics against hand computation, two passes in higher precision, and sorted samples.
#include "sim/statistics.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <random>
#include <set>
#include <vector>

#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
#include <malloc.h>
#define WATTLINE_HAS_MALLINFO2
#endif

#include "tests/catch.hpp"

namespace wattline::sim {
namespace {

using Values = std::vector<std::int64_t>;

constexpr std::int64_t kLargest = std::int64_t{1} << 62;

StreamingStatistics statistics_of(const Values& values) {
  StreamingStatistics statistics;
  for (const std::int64_t value : values) statistics.add(value);
  return statistics;
}

// The nearest-rank percentile for q = numerator / 1024, by definition: the value at rank ceil(q n).
std::int64_t nearest_rank(const Values& sorted, std::size_t numerator) {
  const std::size_t rank = std::max<std::size_t>(1, (numerator * sorted.size() + 1023) / 1024);
  return sorted[rank - 1];
}

// 2^0 .. 2^62, every octave as likely.
std::int64_t log_uniform(std::mt19937_64& generator) {
  const unsigned shift = static_cast<unsigned>(generator() % 62) + 2;
  return static_cast<std::int64_t>((generator() | (std::uint64_t{1} << 63)) >> shift);
}

Values random_values() {
  std::mt19937_64 generator(*rc::gen::arbitrary<std::uint64_t>());
  const auto count = *rc::gen::inRange<std::size_t>(1, 3000);
  const auto kind = *rc::gen::inRange(0, 7);
  const std::int64_t mode = log_uniform(generator);
  std::exponential_distribution<double> exponential(1.0 / 5e7);
  Values values;
  while (values.size() < count) {
    switch (kind) {
      case 0:
        values.push_back(static_cast<std::int64_t>(generator() >> 2));
        break;  // to 2^62
      case 1:
        values.push_back(static_cast<std::int64_t>(generator() % 300));
        break;  // small
      case 2:
        values.push_back(static_cast<std::int64_t>(exponential(generator)));
        break;  // latencies
      case 3:
        values.push_back(log_uniform(generator));
        break;  // all sizes
      case 4:
        values.push_back(mode);
        break;  // one value
      case 5:
        values.push_back(generator() % 20 == 0 ? mode : 1 + mode / 1000);
        break;  // two modes
      default:
        values.push_back((std::int64_t{1} << generator() % 63) - static_cast<std::int64_t>(generator() % 2));
    }
  }
  return values;
}

}  // namespace

TEST_CASE("Without observations everything is 0") {
  const StreamingStatistics none;
  CHECK(none.count() == 0);
  CHECK((none.sum() == 0));
  CHECK(none.min() == 0);
  CHECK(none.max() == 0);
  CHECK(none.mean() == 0);
  CHECK(none.variance() == 0);
  CHECK(none.percentile(0.5) == 0);
}

TEST_CASE("One observation is its own minimum, maximum, mean and percentile and has no variance") {
  for (const std::int64_t value :
       {std::int64_t{0}, std::int64_t{127}, std::int64_t{128}, std::int64_t{1'000'003}, kLargest,
        std::numeric_limits<std::int64_t>::max()}) {
    CAPTURE(value);
    const StreamingStatistics one = statistics_of({value});
    CHECK(one.min() == value);
    CHECK(one.max() == value);
    CHECK(one.mean() == static_cast<double>(value));
    CHECK(one.variance() == 0);
    for (const double q : {0.0, 0.5, 1.0}) CHECK(one.percentile(q) == static_cast<double>(value));
  }
}

TEST_CASE("Count, sum, mean and variance of a small sample are as computed by hand") {
  const StreamingStatistics statistics = statistics_of({2, 4, 4, 4, 5, 5, 7, 9});
  CHECK(statistics.count() == 8);
  CHECK((statistics.sum() == 40));
  CHECK(statistics.min() == 2);
  CHECK(statistics.max() == 9);
  CHECK(statistics.mean() == 5);
  CHECK(statistics.variance() == Approx(32.0 / 7));  // 9 + 1 + 1 + 1 + 0 + 0 + 4 + 16, over 8 - 1
}

TEST_CASE("The variance survives a large common offset") {
  const std::int64_t offset = 1'000'000'000;
  const StreamingStatistics statistics = statistics_of({offset + 4, offset + 7, offset + 13, offset + 16});
  CHECK(statistics.mean() == static_cast<double>(offset + 10));
  CHECK(statistics.variance() == Approx(30).epsilon(1e-9));  // 36 + 9 + 9 + 36, over 3
}

TEST_CASE("The sum is exact beyond 64 bits") {
  StreamingStatistics statistics;
  for (int i = 0; i < 1000; ++i) statistics.add(kLargest);
  statistics.add(1);
  CHECK((statistics.sum() == Int128{kLargest} * 1000 + 1));
  CHECK(statistics.count() == 1001);
}

TEST_CASE("Moments agree with two passes over any sample") {
  CHECK(rc::check("exact count, sum, minimum and maximum; mean and variance to 1e-10", [] {
    const Values values = random_values();
    const StreamingStatistics statistics = statistics_of(values);
    Int128 sum = 0;
    for (const std::int64_t value : values) sum += value;
    RC_ASSERT(statistics.count() == values.size());
    RC_ASSERT((statistics.sum() == sum));
    RC_ASSERT(statistics.min() == *std::min_element(values.begin(), values.end()));
    RC_ASSERT(statistics.max() == *std::max_element(values.begin(), values.end()));
    const auto n = static_cast<long double>(values.size());
    const long double mean = static_cast<long double>(sum) / n;
    RC_ASSERT(std::fabs(statistics.mean() - mean) <= 1e-15L * mean);
    if (values.size() < 2) return;
    long double squares = 0;
    for (const std::int64_t value : values) {
      squares += (static_cast<long double>(value) - mean) * (static_cast<long double>(value) - mean);
    }
    // A spread far below the mean's last bits is lost in double precision; 1e-28 is (1e-14)^2.
    const long double variance = squares / (n - 1);
    RC_ASSERT(std::fabs(statistics.variance() - variance) <= 1e-10L * variance + 1e-28L * mean * mean);
  }));
}

TEST_CASE("Percentiles are within the stated error of the nearest rank, for any sample") {
  static_assert(StreamingStatistics::percentile_relative_error <= 0.005);
  CHECK(rc::check("relative error of percentiles", [] {
    Values values = random_values();
    const StreamingStatistics statistics = statistics_of(values);
    std::sort(values.begin(), values.end());
    Values numerators = {0, 1, 10, 256, 512, 768, 922, 973, 1014, 1023, 1024};
    numerators.push_back(*rc::gen::inRange<std::int64_t>(0, 1025));
    for (const std::int64_t numerator : numerators) {
      const auto exact = static_cast<double>(nearest_rank(values, static_cast<std::size_t>(numerator)));
      const double estimate = statistics.percentile(static_cast<double>(numerator) / 1024);
      RC_ASSERT(std::abs(estimate - exact) <= StreamingStatistics::percentile_relative_error * exact);
    }
  }));
}

TEST_CASE("Percentiles of values below 256 are exact") {
  // 1 .. 200, each once, in an order that is not ascending: 77 and 200 have no common divisor.
  StreamingStatistics statistics;
  for (std::int64_t i = 0; i < 200; ++i) statistics.add(1 + i * 77 % 200);
  CHECK(statistics.percentile(0) == 1);
  CHECK(statistics.percentile(0.005) == 1);
  CHECK(statistics.percentile(0.25) == 50);
  CHECK(statistics.percentile(0.5) == 100);
  CHECK(statistics.percentile(0.501) == 101);
  CHECK(statistics.percentile(0.95) == 190);
  CHECK(statistics.percentile(0.99) == 198);
  CHECK(statistics.percentile(0.999) == 200);
  CHECK(statistics.percentile(1) == 200);
}

TEST_CASE("Percentiles never leave the range of what was observed and never descend") {
  CHECK(rc::check("min <= p(q) <= max, ascending in q", [] {
    const StreamingStatistics statistics = statistics_of(random_values());
    double before = static_cast<double>(statistics.min());
    for (int step = 0; step <= 200; ++step) {
      const double value = statistics.percentile(step / 200.0);
      RC_ASSERT(value >= before);
      RC_ASSERT(value <= static_cast<double>(statistics.max()));
      before = value;
    }
  }));
}

TEST_CASE("A million different observations fall into at most 7296 buckets") {
  // 2^7 buckets in each of the 55 octaves 2^8 .. 2^63, and the 256 values below them.
  StreamingStatistics statistics;
  std::mt19937_64 generator(20);
  for (int i = 0; i < 1'000'000; ++i) statistics.add(log_uniform(generator));
  std::set<double> answers;
  for (int step = 0; step <= 20'000; ++step) answers.insert(statistics.percentile(step / 20'000.0));
  CHECK(answers.size() > 5'000);
  CHECK(answers.size() <= 55 * 128 + 256);
}

#ifdef WATTLINE_HAS_MALLINFO2
TEST_CASE("Memory does not grow with the number of observations") {
  const auto allocated = [] {
    const auto info = mallinfo2();
    return static_cast<std::int64_t>(info.uordblks + info.hblkhd);
  };
  std::mt19937_64 generator(21);
  StreamingStatistics statistics;
  for (int i = 0; i < 20'000; ++i) statistics.add(log_uniform(generator));
  statistics.add(std::numeric_limits<std::int64_t>::max());
  const std::int64_t before = allocated();
  for (int i = 0; i < 2'000'000; ++i) statistics.add(log_uniform(generator));
  CHECK(std::abs(allocated() - before) < 64 * 1024);
  CHECK(statistics.count() == 2'020'001);
}
#endif

}  // namespace wattline::sim
