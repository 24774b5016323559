// Jitter of minibatches: its moments, and whose draws are whose.
#include "sim/variability.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/catch.hpp"

namespace wattline::sim {
namespace {

constexpr Tenant stream_0{Work::infer, 0}, stream_1{Work::infer, 1}, job_0{Work::train, 0};
constexpr MinibatchCost mean{40 * ns_per_ms, {30'000'000, 5'000'000}};

std::vector<MinibatchCost> draws(const VariabilityOptions& options, Tenant tenant, int count,
                                 std::uint64_t seed = 1) {
  Variability variability(options, seed, 2, 1);
  std::vector<MinibatchCost> all;
  for (int i = 0; i < count; ++i) all.push_back(variability.next(tenant, mean));
  return all;
}

TEST_CASE("Times and powers have the mean asked for and the relative standard deviation") {
  const int count = 200'000;
  const auto all = draws({.time_cv = 0.2, .power_cv = 0.05}, stream_0, count);
  double time_sum = 0, time_squares = 0, power_sum = 0, power_squares = 0;
  for (const MinibatchCost& cost : all) {
    const double time = static_cast<double>(cost.time_ns) / static_cast<double>(mean.time_ns);
    const double power = static_cast<double>(cost.power_uw[0]) / static_cast<double>(mean.power_uw[0]);
    time_sum += time;
    time_squares += time * time;
    power_sum += power;
    power_squares += power * power;
  }
  // Means within four standard errors (0.2 and 0.05 over sqrt(200,000)), deviations within 2 %.
  CHECK(std::abs(time_sum / count - 1) < 4 * 0.2 / std::sqrt(count));
  CHECK(std::abs(power_sum / count - 1) < 4 * 0.05 / std::sqrt(count));
  CHECK(std::sqrt(time_squares / count - std::pow(time_sum / count, 2)) == Approx(0.2).epsilon(0.02));
  CHECK(std::sqrt(power_squares / count - std::pow(power_sum / count, 2)) == Approx(0.05).epsilon(0.02));
  // Rails vary together.
  CHECK(std::all_of(all.begin(), all.end(), [](const MinibatchCost& cost) {
    return std::abs(static_cast<double>(cost.power_uw[0]) / 6 - static_cast<double>(cost.power_uw[1])) <= 1;
  }));
}

TEST_CASE("Without variability every minibatch costs the mean") {
  const auto same = [](const MinibatchCost& cost) {
    return cost.time_ns == mean.time_ns && cost.power_uw == mean.power_uw;
  };
  const auto all = draws({}, job_0, 100);
  CHECK(std::all_of(all.begin(), all.end(), same));
}

TEST_CASE("A tenant's draws are its own: others, and power beside time, do not shift them") {
  const VariabilityOptions both{.time_cv = 0.1, .power_cv = 0.1}, times{.time_cv = 0.1};
  const auto alone = draws(times, stream_1, 50);
  Variability shared(both, 1, 2, 1);
  for (int i = 0; i < 50; ++i) {
    shared.next(stream_0, mean);
    if (i % 3 == 0) shared.next(job_0, mean);
    CHECK(shared.next(stream_1, mean).time_ns == alone[static_cast<std::size_t>(i)].time_ns);
  }
}

TEST_CASE("The k-th minibatch varies by the same factor whatever it costs") {
  const auto full = draws({.time_cv = 0.1}, job_0, 20);
  Variability variability({.time_cv = 0.1}, 1, 2, 1);
  for (const MinibatchCost& cost : full) {
    const MinibatchCost half = variability.next(job_0, {mean.time_ns / 2, mean.power_uw});
    CHECK(std::abs(2 * half.time_ns - cost.time_ns) <= 2);
  }
}

TEST_CASE("Another seed gives other draws") {
  const auto first = draws({.time_cv = 0.1}, job_0, 1), second = draws({.time_cv = 0.1}, job_0, 1, 2);
  CHECK(first[0].time_ns != second[0].time_ns);
}

}  // namespace
}  // namespace wattline::sim
