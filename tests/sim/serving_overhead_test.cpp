// The serving overhead: its distribution, and what it does to a latency.
#include "sim/serving_overhead.hpp"

#include <cmath>
#include <vector>

#include "tests/catch.hpp"

namespace wattline::sim {
namespace {

StreamingStatistics latencies(const std::vector<TimeNs>& values_ns) {
  StreamingStatistics statistics;
  for (const TimeNs value_ns : values_ns) statistics.add(value_ns);
  return statistics;
}

RandomStream stream() {
  return {7, "serving_overhead"};
}

TEST_CASE("The unit overhead has mean 1 and the coefficient of variation that was asked for") {
  for (const double cv : {0.1, 0.5, 1.5}) {
    const UnitLognormal unit(cv);
    RandomStream normals = stream();
    constexpr int draws = 400'000;
    double sum = 0, squares = 0;
    for (int i = 0; i < draws; ++i) {
      const double value = unit(normals.normal());
      sum += value;
      squares += value * value;
    }
    const double mean = sum / draws;
    const double deviation = std::sqrt(squares / draws - mean * mean);
    CAPTURE(cv);
    CHECK(std::abs(mean - 1) < 5 * cv / std::sqrt(draws));
    CHECK(deviation == Approx(cv).epsilon(0.05));
  }
}

TEST_CASE("Without spread the unit overhead is 1 whatever is drawn") {
  const UnitLognormal unit(0);
  CHECK(unit(-3) == 1);
  CHECK(unit(2.5) == 1);
}

TEST_CASE("An overhead adds exactly its mean to the mean, with spread or without") {
  const StreamingStatistics device = latencies({1'000'000, 2'000'000, 6'000'000});
  for (const double cv : {0.0, 0.4}) {
    const ClientLatency clients(device, {500'000, cv, 0}, stream());
    CHECK(clients.mean_ns() == 3'500'000);
  }
}

TEST_CASE("Without spread percentiles are shifted by the overhead") {
  std::vector<TimeNs> values_ns;
  for (TimeNs i = 1; i <= 1000; ++i) values_ns.push_back(i * 10'000);
  const StreamingStatistics device = latencies(values_ns);
  const ClientLatency clients(device, {2'000'000, 0, 0}, stream());
  for (const double q : {0.5, 0.95, 0.99})
    CHECK(clients.percentile_ns(q) == Approx(device.percentile(q) + 2'000'000).epsilon(1e-3));
  CHECK(clients.share_above(7'000'000) == Approx(0.5).margin(0.005));
}

TEST_CASE("With spread percentiles are those of the sum") {
  // A constant latency: what is left is the overhead's own lognormal percentiles, m e^(s z - s^2 / 2).
  const StreamingStatistics device = latencies(std::vector<TimeNs>(100, 1'000'000));
  const double cv = 0.5, sigma = std::sqrt(std::log(1 + cv * cv));
  const ClientLatency clients(device, {1'000'000, cv, 0}, stream());
  const auto expected_ns = [&](double z) { return 1e6 + 1e6 * std::exp(sigma * z - sigma * sigma / 2); };
  CHECK(clients.percentile_ns(0.50) == Approx(expected_ns(0)).epsilon(0.01));
  CHECK(clients.percentile_ns(0.95) == Approx(expected_ns(1.6448536)).epsilon(0.01));
  CHECK(clients.percentile_ns(0.99) == Approx(expected_ns(2.3263479)).epsilon(0.02));
}

TEST_CASE("The same stream gives the same percentiles to the bit") {
  const StreamingStatistics device = latencies({3'000'000, 5'000'000});
  const ClientLatency first(device, {1'000'000, 0.7, 0}, stream());
  const ClientLatency second(device, {1'000'000, 0.7, 0}, stream());
  CHECK(first.percentile_ns(0.99) == second.percentile_ns(0.99));
}

}  // namespace
}  // namespace wattline::sim
