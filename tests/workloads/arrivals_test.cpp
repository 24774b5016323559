// Arrival processes: exact instants by hand, Poisson statistics, and the reference queue.
#include "workloads/arrivals.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/catch.hpp"

namespace wattline::workloads {
namespace {

using sim::ns_per_s;
using sim::RandomStream;
using sim::TimeNs;
using Instants = std::vector<TimeNs>;
using Segments = std::vector<RateSegment>;

// Up to `most` instants, fetched in spans of the given size.
Instants fetch(sim::ArrivalProcess& arrivals, std::size_t most, std::size_t span = 256) {
  Instants all;
  while (all.size() < most) {
    Instants some(std::min(span, most - all.size()));
    const std::size_t count = arrivals.next(some);
    all.insert(all.end(), some.begin(), some.begin() + static_cast<std::ptrdiff_t>(count));
    if (count < some.size()) break;
  }
  return all;
}

// Those of a process that ends.
Instants all_of(sim::ArrivalProcess&& arrivals) {
  return fetch(arrivals, 10'000'000);
}

Instants first_of(sim::ArrivalProcess&& arrivals, std::size_t count) {
  return fetch(arrivals, count);
}

std::size_t count_in(const Instants& instants, double from_s, double to_s) {
  return static_cast<std::size_t>(std::count_if(instants.begin(), instants.end(), [&](TimeNs instant_ns) {
    const double instant_s = static_cast<double>(instant_ns) * 1e-9;
    return instant_s > from_s && instant_s <= to_s;
  }));
}

// Variance over mean of the numbers of arrivals in `windows` windows of equal length; 1 for Poisson.
double index_of_dispersion(const Instants& instants, TimeNs window_ns, std::size_t windows) {
  std::vector<double> counts(windows);
  for (const TimeNs instant_ns : instants) {
    const auto window = static_cast<std::size_t>(instant_ns / window_ns);
    if (window < windows) ++counts[window];
  }
  double mean = 0, squares = 0;
  for (const double count : counts) mean += count / static_cast<double>(windows);
  for (const double count : counts) squares += (count - mean) * (count - mean);
  return squares / static_cast<double>(windows - 1) / mean;
}

}  // namespace

TEST_CASE("Uniform arrivals come at whole multiples of the gap, the first after one gap") {
  CHECK(first_of(UniformArrivals(1000), 3) == Instants{1'000'000, 2'000'000, 3'000'000});
  CHECK(first_of(UniformArrivals(3), 6) ==
        Instants{333'333'333, 666'666'667, 1'000'000'000, 1'333'333'333, 1'666'666'667, 2'000'000'000});
  CHECK(first_of(UniformArrivals(0.5), 2) == Instants{2 * ns_per_s, 4 * ns_per_s});
}

TEST_CASE("Uniform arrivals do not drift: request n at 60/s comes at n / 60 s to the nearest nanosecond") {
  const Instants instants = first_of(UniformArrivals(60), 1'000'000);
  for (std::size_t i = 0; i < instants.size(); ++i) {
    // In whole numbers: n / 60 s are n 50,000,000 / 3 ns, never half a nanosecond from a whole one.
    const auto n = static_cast<TimeNs>(i + 1);
    if (instants[i] != (2 * n * 50'000'000 + 3) / 6) FAIL("request " << n << " at " << instants[i]);
  }
}

TEST_CASE("A process of a given number of requests ends with the last of them") {
  CHECK(all_of(UniformArrivals(10, 3)).size() == 3);
  CHECK(all_of(UniformArrivals(10, 0)).empty());
  CHECK(all_of(PoissonArrivals(10, RandomStream(1, "arrivals"), 777)).size() == 777);
  CHECK(all_of(PoissonArrivals(10, RandomStream(1, "arrivals"), 0)).empty());
  // It stays at its end.
  UniformArrivals arrivals(10, 3);
  CHECK(fetch(arrivals, 100).size() == 3);
  CHECK(fetch(arrivals, 100).empty());
}

TEST_CASE("Poisson arrivals have the rate asked for, exponential gaps and an index of dispersion of 1") {
  for (const double rate_hz : {0.01, 60.0, 5e6}) {
    CAPTURE(rate_hz);
    const std::size_t count = 500'000;
    const Instants instants = first_of(PoissonArrivals(rate_hz, RandomStream(2, "arrivals")), count);
    CHECK(std::is_sorted(instants.begin(), instants.end()));
    const double mean_gap_ns = static_cast<double>(instants.back()) / static_cast<double>(count);
    // 4 standard deviations of a mean of exponential gaps.
    CHECK(std::abs(mean_gap_ns * rate_hz / 1e9 - 1) < 4 / std::sqrt(count));
    // The median gap is ln 2 of the mean: half of the gaps are shorter, give or take 4 sqrt(count) / 2.
    const double median_ns = std::log(2.0) * 1e9 / rate_hz;
    std::size_t shorter = 0;
    TimeNs before_ns = 0;
    for (const TimeNs instant_ns : instants) {
      shorter += static_cast<double>(instant_ns - before_ns) < median_ns ? 1 : 0;
      before_ns = instant_ns;
    }
    CHECK(std::abs(static_cast<double>(shorter) - 0.5 * count) < 2 * std::sqrt(count));
    // Windows of about 10 arrivals; the index's standard deviation is sqrt(2 / windows) for Poisson counts.
    const std::size_t windows = count / 11;
    const auto window_ns = static_cast<TimeNs>(10e9 / rate_hz);
    CHECK(std::abs(index_of_dispersion(instants, window_ns, windows) - 1) < 4 * std::sqrt(2.0 / windows));
  }
}

TEST_CASE("Equally spaced arrivals have an index of dispersion of 0") {
  CHECK(index_of_dispersion(first_of(UniformArrivals(60), 100'000), ns_per_s / 2, 1000) < 0.01);
}

TEST_CASE("A piecewise constant rate gives each segment its number of equally spaced arrivals") {
  // 1 s at 4/s, 2 s of silence, 0.5 s at 2/s, 1 s at 10/s.
  const Instants instants = all_of(PiecewiseArrivals({{1, 4}, {2, 0}, {0.5, 2}, {1, 10}}));
  CHECK(instants == Instants{250'000'000, 500'000'000, 750'000'000, 1'000'000'000, 3'500'000'000,
                             3'600'000'000, 3'700'000'000, 3'800'000'000, 3'900'000'000, 4'000'000'000,
                             4'100'000'000, 4'200'000'000, 4'300'000'000, 4'400'000'000, 4'500'000'000});
}

TEST_CASE("A gap that spans a boundary is stretched by the rate on either side") {
  // Three quarters of a gap in the first second, a quarter of one in the second: 1 + 0.25 / 2 s. Then every
  // half second; 2 s is 0.75 of the next gap, silence until 5 s, and 0.25 of a gap at 1/s makes 5.25 s.
  const Instants instants = all_of(PiecewiseArrivals({{1, 0.75}, {1, 2}, {3, 0}, {1, 1}}));
  CHECK(instants == Instants{1'125'000'000, 1'625'000'000, 5'250'000'000});
}

TEST_CASE("No arrival is lost to rounding: a segment has rate x duration arrivals") {
  for (int rate_hz = 1; rate_hz <= 300; ++rate_hz) {
    CAPTURE(rate_hz);
    CHECK(all_of(PiecewiseArrivals({{3, static_cast<double>(rate_hz)}})).size() ==
          static_cast<std::size_t>(3 * rate_hz));
    // The last one of a segment comes at its end, not after the silence that follows.
    const Instants instants = all_of(PiecewiseArrivals({{1, static_cast<double>(rate_hz)}, {10, 0}, {1, 1}}));
    CHECK(count_in(instants, 0, 1) == static_cast<std::size_t>(rate_hz));
    CHECK(count_in(instants, 1, 11) == 0);
    CHECK(instants.size() == static_cast<std::size_t>(rate_hz) + 1);
  }
  // 0.01 s, 0.02 s ... at 100/s: these durations are no exact binary numbers.
  for (int hundredths = 1; hundredths <= 1000; ++hundredths) {
    CAPTURE(hundredths);
    CHECK(all_of(PiecewiseArrivals({{hundredths / 100.0, 100}})).size() ==
          static_cast<std::size_t>(hundredths));
  }
}

TEST_CASE("A single segment is the uniform or Poisson process of its rate, cut off at its end") {
  const Instants uniform = first_of(UniformArrivals(64), 640);
  CHECK(all_of(PiecewiseArrivals({{10, 64}})) == uniform);
  const Instants poisson = first_of(PoissonArrivals(64, RandomStream(3, "arrivals")), 10'000);
  const Instants piecewise = all_of(PiecewiseArrivals({{100, 64}}, RandomStream(3, "arrivals")));
  REQUIRE(piecewise.size() == count_in(poisson, 0, 100));
  for (std::size_t i = 0; i < piecewise.size(); ++i) {
    if (std::abs(piecewise[i] - poisson[i]) > 1) FAIL("request " << i);  // seconds or nanoseconds are summed
  }
}

TEST_CASE("Poisson arrivals of a piecewise constant rate have each segment's rate") {
  const Instants instants =
      all_of(PiecewiseArrivals({{100, 200}, {50, 0}, {200, 50}, {10, 4000}}, RandomStream(4, "arrivals")));
  CHECK(std::is_sorted(instants.begin(), instants.end()));
  // Numbers of arrivals are Poisson: 4 standard deviations are 4 square roots of the mean.
  CHECK(std::abs(static_cast<double>(count_in(instants, 0, 100)) - 20'000) < 4 * std::sqrt(20'000));
  CHECK(count_in(instants, 100, 150) == 0);
  CHECK(std::abs(static_cast<double>(count_in(instants, 150, 350)) - 10'000) < 4 * std::sqrt(10'000));
  CHECK(std::abs(static_cast<double>(count_in(instants, 350, 360)) - 40'000) < 4 * std::sqrt(40'000));
  CHECK(count_in(instants, 360, 1e9) == 0);
}

TEST_CASE("Twice the rate for half the time is the same arrivals in half the time") {
  CHECK(rc::check("doubling rates and halving durations halves instants", [](std::uint64_t seed) {
    Segments slow, fast;
    const auto segments = *rc::gen::inRange(1, 8);
    for (int i = 0; i < segments; ++i) {
      const double duration_s = *rc::gen::inRange(1, 3000) / 700.0;
      const double rate_hz = *rc::gen::inRange(0, 5) == 0 ? 0 : *rc::gen::inRange(1, 2000) / 7.0;
      slow.push_back({duration_s, rate_hz});
      fast.push_back({duration_s / 2, rate_hz * 2});
    }
    const Instants slowly = all_of(PiecewiseArrivals(slow, RandomStream(seed, "arrivals")));
    const Instants quickly = all_of(PiecewiseArrivals(fast, RandomStream(seed, "arrivals")));
    RC_ASSERT(slowly.size() == quickly.size());
    for (std::size_t i = 0; i < slowly.size(); ++i) {
      RC_ASSERT(std::abs(2 * quickly[i] - slowly[i]) <= 1);  // both are rounded to nanoseconds
    }
  }));
}

TEST_CASE("Cutting a segment in pieces of the same rate changes nothing") {
  // Powers of two, so that the pieces add up exactly; sums may round in another order.
  CHECK(rc::check("one segment = its pieces", [](std::uint64_t seed) {
    const double rate_hz = *rc::gen::inRange(1, 1000);
    const Segments whole = {{8, rate_hz}};
    const Segments pieces = {{0.5, rate_hz}, {0.25, rate_hz}, {3.25, rate_hz}, {4, rate_hz}};
    const Instants once = all_of(PiecewiseArrivals(whole, RandomStream(seed, "arrivals")));
    const Instants cut = all_of(PiecewiseArrivals(pieces, RandomStream(seed, "arrivals")));
    RC_ASSERT(once.size() == cut.size());
    for (std::size_t i = 0; i < once.size(); ++i) RC_ASSERT(std::abs(once[i] - cut[i]) <= 1);
  }));
}

TEST_CASE("Recorded arrivals are given back as they are") {
  const Instants log = {0, 0, 5, 17, 17, 17, 1'000'000'000'000};
  for (const std::size_t span : {1u, 2u, 3u, 7u, 8u, 256u}) {
    RecordedArrivals arrivals(log);
    CHECK(fetch(arrivals, 100, span) == log);
    CHECK(fetch(arrivals, 100, span).empty());
  }
  CHECK(all_of(RecordedArrivals(Instants{})).empty());
}

TEST_CASE("A scaled log has exactly the mean rate asked for and starts after one mean gap") {
  // 4 gaps in 400 ns become 4 gaps in 4 s: stretched by 10^7, from 1 s on.
  CHECK(*scaled_to_rate({1000, 1000, 1040, 1200, 1400}, 1) ==
        Instants{ns_per_s, ns_per_s, 1'400'000'000, 3 * ns_per_s, 5 * ns_per_s});
  CHECK(*scaled_to_rate({7, 8}, 1000) == Instants{1'000'000, 2'000'000});
  CHECK(rc::check(
      "(n - 1) / (last - first) is the rate, and gaps keep their proportions", [](std::uint64_t seed) {
        RandomStream stream(seed, "log");
        const auto count = *rc::gen::inRange<std::size_t>(2, 500);
        const double rate_hz = *rc::gen::inRange(1, 100'000) / 10.0;
        Instants log;
        TimeNs now_ns = static_cast<TimeNs>(stream.below(1'000'000'000));
        for (; log.size() < count; now_ns += 1 + static_cast<TimeNs>(stream.exponential(3e7)))
          log.push_back(now_ns);
        const auto scaled = scaled_to_rate(log, rate_hz);
        RC_ASSERT(scaled.ok());
        RC_ASSERT(scaled->size() == count);
        const double gap_ns = 1e9 / rate_hz;
        const double stretch =
            gap_ns * static_cast<double>(count - 1) / static_cast<double>(log.back() - log.front());
        for (std::size_t i = 0; i < count; ++i) {
          const double expected_ns = gap_ns + static_cast<double>(log[i] - log.front()) * stretch;
          RC_ASSERT(std::abs(static_cast<double>((*scaled)[i]) - expected_ns) <= 0.501 + 1e-14 * expected_ns);
        }
      }));
}

TEST_CASE("A log without a rate cannot be scaled") {
  for (const Instants& log : {Instants{}, Instants{5}, Instants{5, 5}, Instants{5, 5, 5}}) {
    const auto scaled = scaled_to_rate(log, 60);
    REQUIRE_FALSE(scaled.ok());
    CHECK(scaled.error().kind == Error::Kind::bad_input);
    CHECK(scaled.error().message ==
          "a log of " + std::to_string(log.size()) +
              " requests has no rate to scale; two at different instants are needed");
  }
}

TEST_CASE("The sequence does not depend on how many instants are fetched at a time") {
  const RandomStream stream(5, "arrivals");
  const Instants log = first_of(PoissonArrivals(60, stream), 1000);
  const Segments segments = {{3, 40}, {2, 0}, {5, 77.7}, {0.1, 0}, {4, 90}};
  const std::vector<std::function<std::unique_ptr<sim::ArrivalProcess>()>> processes = {
      [&] { return std::make_unique<UniformArrivals>(60, 1000); },
      [&] { return std::make_unique<PoissonArrivals>(60, stream, 1000); },
      [&] { return std::make_unique<PiecewiseArrivals>(segments); },
      [&] { return std::make_unique<PiecewiseArrivals>(segments, stream); },
      [&] { return std::make_unique<RecordedArrivals>(log); }};
  for (const auto& make : processes) {
    const Instants expected = fetch(*make(), 100'000, 100'000);
    CHECK(expected.size() > 500);
    for (const std::size_t span : {1u, 3u, 7u, 255u, 256u, 257u, 999u, 1001u}) {
      CAPTURE(span);
      CHECK(fetch(*make(), 100'000, span) == expected);
    }
  }
}

TEST_CASE("Instants beyond the clock are given as the first one that a run refuses") {
  // A request every 30 years: the fourth would come in 120.
  const double rate_hz = 1 / (30.0 * 366 * 86'400);
  const Instants instants = first_of(UniformArrivals(rate_hz), 5);
  CHECK(instants[2] <= sim::longest_time_ns);
  CHECK(instants[3] == sim::longest_time_ns + 1);
  CHECK(instants[4] == sim::longest_time_ns + 1);
  CHECK(first_of(PoissonArrivals(1e-300, RandomStream(6, "arrivals")), 1)[0] == sim::longest_time_ns + 1);
}

TEST_CASE("The reference queue has the mean latency on which four public simulators agree") {
  // Poisson at 60/s. Whenever the device is idle: with 16 or more waiting, a batch of 16 takes 40 ms; else,
  // if (16 - waiting) / 60 s is at least 35 ms, a training minibatch takes 35 ms; else it waits.
  class Point final : public sim::OperatingPoint {
   public:
    sim::MinibatchCost minibatch(sim::Tenant tenant) override {
      return {(tenant.work() == sim::Work::infer ? 40 : 35) * sim::ns_per_ms, {}};
    }
    sim::RailPowerUw idle_power_uw() const override { return {}; }
  } point;
  sim::AcceleratorOptions options;
  options.configurations.resize(1);
  options.configurations[0].point = &point;
  options.configurations[0].serving.push_back({.batch = 16, .expected_rate_hz = 60});
  options.configurations[0].training.push_back({.trains = true, .time_ns = 35 * sim::ns_per_ms});
  PoissonArrivals arrivals(60, RandomStream(7, "arrivals"), 5'000'000);
  options.streams.push_back({&arrivals});
  options.training.emplace_back();
  const auto result = sim::run_accelerator(options);
  REQUIRE(result.ok());
  CHECK(result->requests().completed == 5'000'000);  // a multiple of 16
  CHECK(std::abs(result->streams[0].latency_ns.mean() * 1e-9 - 0.1681) < 0.0005);
}

}  // namespace wattline::workloads
