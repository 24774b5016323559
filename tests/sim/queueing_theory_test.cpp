// The accelerator as a queue: mean waits against the formulas of M/M/1 and M/D/1, and Little's law.
//
// Each mean wait comes with a 99 % confidence interval from 25 independent replications. Seeds are fixed,
// so that these tests give the same answer at every run.
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "sim/accelerator.hpp"
#include "sim/random.hpp"
#include "tests/catch.hpp"
#include "tests/sim/listed_run.hpp"

namespace wattline::sim {
namespace {

// Service times that are drawn one by one; remembers them if asked to.
class DrawnPoint final : public OperatingPoint {
 public:
  explicit DrawnPoint(std::function<TimeNs(Work)> draw, std::vector<TimeNs>* drawn = nullptr)
      : draw_(std::move(draw)), drawn_(drawn) {}
  MinibatchCost minibatch(Tenant tenant) override {
    const TimeNs time_ns = draw_(tenant.work());
    if (drawn_ != nullptr) drawn_->push_back(time_ns);
    return {time_ns, {}};
  }
  RailPowerUw idle_power_uw() const override { return {}; }

 private:
  std::function<TimeNs(Work)> draw_;
  std::vector<TimeNs>* drawn_;
};

// A given number of arrivals with gaps that are drawn one by one; remembers the instants if asked to.
class DrawnArrivals final : public ArrivalProcess {
 public:
  DrawnArrivals(std::function<TimeNs()> draw_gap, std::int64_t requests, std::vector<TimeNs>* drawn = nullptr)
      : draw_gap_(std::move(draw_gap)), left_(requests), drawn_(drawn) {}
  std::size_t next(std::span<TimeNs> out) override {
    std::size_t filled = 0;
    for (; filled < out.size() && left_ > 0; ++filled, --left_) {
      out[filled] = now_ns_ += draw_gap_();
      if (drawn_ != nullptr) drawn_->push_back(now_ns_);
    }
    return filled;
  }

 private:
  std::function<TimeNs()> draw_gap_;
  std::int64_t left_;
  std::vector<TimeNs>* drawn_;
  TimeNs now_ns_ = 0;
};

RunResult run_single_server(OperatingPoint& point, ArrivalProcess& arrivals) {
  OneStreamOptions options;
  options.configurations = {{0, &point, {}, 0}};
  options.configurations[0].rule.infer_batch = 1;
  auto result = run_one_stream(options, &arrivals);
  if (!result.ok()) FAIL(result.error().message);
  return *std::move(result);
}

constexpr double kMeanServiceNs = 1e9;  // 1 s: rounding to nanoseconds does not show

// Exponential, at least 1 ns.
std::function<TimeNs()> exponential_ns(RandomStream& stream, double mean_ns) {
  return [&stream, mean_ns] { return std::max(TimeNs{1}, static_cast<TimeNs>(stream.exponential(mean_ns))); };
}

enum class Service { exponential, constant };

// The mean wait in units of the mean service time.
double mean_wait(Service service, double load, std::int64_t requests, std::uint64_t seed) {
  RandomStream gaps(seed, "gaps"), services(seed, "services");
  DrawnPoint point([&, draw = exponential_ns(services, kMeanServiceNs)](Work) {
    return service == Service::exponential ? draw() : static_cast<TimeNs>(kMeanServiceNs);
  });
  DrawnArrivals arrivals(exponential_ns(gaps, kMeanServiceNs / load), requests);
  const RunResult result = run_single_server(point, arrivals);
  // One at a time: the time in service of all is the time that the device was busy.
  const Int128 waits_ns = result.streams[0].latency_ns.sum() - result.energy.time_ns(Activity::infer);
  return static_cast<double>(waits_ns) / static_cast<double>(requests) / kMeanServiceNs;
}

struct Interval {
  double mean;
  double half_width;
};

// Student's t, 99 %, 24 degrees of freedom: 2.797.
Interval confidence_interval(const std::vector<double>& values) {
  REQUIRE(values.size() == 25);
  const auto n = static_cast<double>(values.size());
  double mean = 0, squares = 0;
  for (const double value : values) mean += value / n;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return {mean, 2.797 * std::sqrt(squares / (n - 1) / n)};
}

struct Replications {
  double load;
  std::int64_t requests;     // in each
  std::uint64_t first_seed;  // others than those of the next load, so that no two use the same draws
};

void check_mean_wait(Service service, const Replications& replications, double expected) {
  std::vector<double> means;
  for (std::uint64_t i = 0; i < 25; ++i) {
    means.push_back(
        mean_wait(service, replications.load, replications.requests, replications.first_seed + i));
  }
  const auto [mean, half_width] = confidence_interval(means);
  CAPTURE(replications.load, expected, mean, half_width, 2 * half_width / mean);
  CHECK(2 * half_width < 0.02 * mean);
  CHECK(std::abs(mean - expected) <= half_width);
}

// The sum over all instants of the number of requests in the system, from arrivals and departures.
Int128 integral_of_number(const std::vector<TimeNs>& arrivals, const std::vector<TimeNs>& departures) {
  Int128 integral = 0;
  std::size_t arrived = 0, departed = 0;
  TimeNs now_ns = 0;
  while (departed < departures.size()) {
    const bool arrival_next = arrived < arrivals.size() && arrivals[arrived] <= departures[departed];
    const TimeNs then_ns = arrival_next ? arrivals[arrived] : departures[departed];
    integral += static_cast<Int128>(arrived - departed) * (then_ns - now_ns);
    now_ns = then_ns;
    ++(arrival_next ? arrived : departed);
  }
  return integral;
}

}  // namespace

// Mean waits in units of the mean service time 1 / mu. The longer runs at high loads are due to the
// variance of the mean, which grows as 1 / (1 - load)^4.

TEST_CASE("The mean wait in M/M/1 is load / (mu - lambda)") {
  for (const Replications& replications :
       {Replications{0.3, 150'000, 100}, {0.6, 250'000, 200}, {0.8, 700'000, 300}}) {
    const double load = replications.load;
    check_mean_wait(Service::exponential, replications, load / (1 - load));
  }
}

TEST_CASE("The mean wait in M/D/1 is load / (2 mu (1 - load))") {
  for (const Replications& replications :
       {Replications{0.3, 100'000, 400}, {0.6, 150'000, 500}, {0.8, 400'000, 600}}) {
    const double load = replications.load;
    check_mean_wait(Service::constant, replications, load / (2 * (1 - load)));
  }
}

TEST_CASE("Latencies add up to the integral of the number of requests in the system, to the nanosecond") {
  // Departures by Lindley's recursion: service begins when the request has come and the one before is done.
  CHECK(rc::check("Little's law for a single server", [](std::uint64_t seed) {
    RandomStream gaps(seed, "gaps"), services(seed, "services");
    const double mean_gap_ns = *rc::gen::inRange(1, 2000);
    const auto requests = *rc::gen::inRange<std::int64_t>(1, 3000);
    std::vector<TimeNs> instants, times;
    DrawnPoint point([draw = exponential_ns(services, 1000)](Work) { return draw(); }, &times);
    DrawnArrivals arrivals(exponential_ns(gaps, mean_gap_ns), requests, &instants);
    const RunResult result = run_single_server(point, arrivals);
    RC_ASSERT(times.size() == instants.size());
    std::vector<TimeNs> departures;
    TimeNs done_ns = 0;
    for (std::size_t i = 0; i < instants.size(); ++i) {
      done_ns = std::max(done_ns, instants[i]) + times[i];
      departures.push_back(done_ns);
    }
    RC_ASSERT((result.streams[0].latency_ns.sum() == integral_of_number(instants, departures)));
    RC_ASSERT(result.simulated_ns == done_ns);
  }));
}

TEST_CASE("Latencies add up to the requests that are pending, counted at every nanosecond") {
  // Batches, training and waiting limits: the run is cut off after 0, 1, 2 ... ns, and what is pending there
  // is the number in the system during the next nanosecond.
  CHECK(rc::check("Little's law as counted", [](std::uint64_t seed) {
    RandomStream draws(seed, "scenario");
    OneStreamRule rule;
    rule.infer_batch = 1 + static_cast<std::int64_t>(draws.below(5));
    rule.trains = draws.below(2) == 0;
    rule.train_time_ns = 1 + static_cast<TimeNs>(draws.below(9));
    rule.max_wait_ns = 1 + static_cast<TimeNs>(draws.below(30));  // so that the run drains
    const auto infer_ns = 1 + static_cast<TimeNs>(draws.below(12));
    const double mean_gap_ns = 1 + static_cast<double>(draws.below(10));
    const auto run = [&](std::optional<TimeNs> end_ns) {
      RandomStream gaps(seed, "gaps");
      DrawnPoint point([&](Work work) { return work == Work::infer ? infer_ns : rule.train_time_ns; });
      DrawnArrivals arrivals([&] { return static_cast<TimeNs>(gaps.exponential(mean_gap_ns)); }, 40);
      OneStreamOptions options;
      options.configurations = {{0, &point, rule, 0}};
      options.end_ns = end_ns;
      const auto result = run_one_stream(options, &arrivals);
      RC_ASSERT(result.ok());
      return *result;
    };
    const RunResult whole = run({});
    RC_ASSERT(whole.requests().completed == 40u);
    Int128 integral = 0;
    for (TimeNs now_ns = 0; now_ns < whole.simulated_ns; ++now_ns) integral += run(now_ns).requests().pending;
    RC_ASSERT((whole.streams[0].latency_ns.sum() == integral));
  }));
}

}  // namespace wattline::sim
