// The accelerator as a queue: mean waits against the formulas of M/M/1, M/D/1, M/G/1, batch service and
// D/D/1, and Little's law.
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

// With the squared coefficient of variation of service times that Pollaczek and Khinchine ask for.
struct Service {
  enum class Law { exponential, constant, lognormal } law;
  double scv;
};
constexpr Service exponential{Service::Law::exponential, 1}, constant{Service::Law::constant, 0},
    lognormal{Service::Law::lognormal, 0.25};

std::function<TimeNs()> service_ns(RandomStream& stream, const Service& service) {
  if (service.law == Service::Law::exponential) return exponential_ns(stream, kMeanServiceNs);
  if (service.law == Service::Law::constant) return [] { return static_cast<TimeNs>(kMeanServiceNs); };
  const double sigma2 = std::log(1 + service.scv);
  return [&stream, mu = std::log(kMeanServiceNs) - sigma2 / 2, sigma = std::sqrt(sigma2)] {
    return std::max(TimeNs{1}, static_cast<TimeNs>(stream.lognormal(mu, sigma)));
  };
}

// The mean wait in units of the mean service time.
double mean_wait(const Service& service, double load, std::int64_t requests, std::uint64_t seed) {
  RandomStream gaps(seed, "gaps"), services(seed, "services");
  DrawnPoint point([draw = service_ns(services, service)](Work) { return draw(); });
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

// 25 means in [0, 25) of `seed`s, and whether what is expected lies in their interval, which is narrow
// enough.
void check_mean(const std::function<double(std::uint64_t)>& mean_of, double expected, double widest) {
  std::vector<double> means;
  for (std::uint64_t seed = 0; seed < 25; ++seed) means.push_back(mean_of(seed));
  const auto [mean, half_width] = confidence_interval(means);
  CAPTURE(expected, mean, half_width, 2 * half_width / mean);
  CHECK(2 * half_width < widest * mean);
  CHECK(std::abs(mean - expected) <= half_width);
}

// Pollaczek and Khinchine: load (1 + scv) / (2 (1 - load)) mean service times.
void check_mean_wait(const Service& service, double load, std::int64_t requests, double widest,
                     std::uint64_t first_seed) {
  CAPTURE(load);
  check_mean([&](std::uint64_t seed) { return mean_wait(service, load, requests, first_seed + seed); },
             load * (1 + service.scv) / (2 * (1 - load)), widest);
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
// variance of the mean, which grows as 1 / (1 - load)^4; intervals of 1 % at 0.9 and 0.95 are a long test.

TEST_CASE("The mean wait in M/M/1 is load / (mu - lambda)") {
  check_mean_wait(exponential, 0.3, 500'000, 0.01, 100);
  check_mean_wait(exponential, 0.6, 600'000, 0.01, 200);
  check_mean_wait(exponential, 0.9, 1'500'000, 0.02, 300);
}

TEST_CASE("The mean wait in M/D/1 is load / (2 mu (1 - load))") {
  check_mean_wait(constant, 0.3, 250'000, 0.01, 400);
  check_mean_wait(constant, 0.6, 300'000, 0.01, 500);
  check_mean_wait(constant, 0.9, 600'000, 0.02, 600);
}

TEST_CASE("The mean wait in M/G/1 with lognormal service is Pollaczek and Khinchine's") {
  check_mean_wait(lognormal, 0.3, 400'000, 0.01, 700);
  check_mean_wait(lognormal, 0.6, 600'000, 0.01, 800);
  check_mean_wait(lognormal, 0.9, 900'000, 0.02, 900);
}

TEST_CASE("Mean waits at loads of 0.9 and 0.95 are in intervals of 1 %", "[.long]") {
  for (const auto& [service, times] : {std::pair{exponential, 1.0}, {constant, 0.4}, {lognormal, 0.6}}) {
    check_mean_wait(service, 0.9, static_cast<std::int64_t>(7e6 * times), 0.01, 1000);
    check_mean_wait(service, 0.95, static_cast<std::int64_t>(28e6 * times), 0.01, 1100);
  }
}

TEST_CASE("Batches of Poisson requests with exponential service wait as in E_k/M/1") {
  // Batches of k requests are formed as an Erlang process, so that sigma of G/M/1 solves
  // sigma = (lambda / (lambda + mu (1 - sigma)))^k. A request waits (k - 1) / (2 lambda) on average for its
  // batch to fill, then sigma / (mu (1 - sigma)) for the device, and 1 / mu for its end.
  for (const auto& [batch, load, requests] :
       {std::tuple{4, 0.3, 400'000}, {4, 0.9, 3'000'000}, {16, 0.6, 1'000'000}}) {
    const double mu = 1, lambda = load * batch * mu;
    double sigma = 0.5;
    for (int i = 0; i < 1000; ++i) sigma = std::pow(lambda / (lambda + mu * (1 - sigma)), batch);
    const double expected = (batch - 1) / (2 * lambda) + sigma / (mu * (1 - sigma)) + 1 / mu;
    CAPTURE(batch, load);
    check_mean(
        [&, batch = batch, requests = requests](std::uint64_t seed) {
          RandomStream gaps(1200 + seed, "gaps"), services(1200 + seed, "services");
          DrawnPoint point([draw = exponential_ns(services, kMeanServiceNs)](Work) { return draw(); });
          DrawnArrivals arrivals(exponential_ns(gaps, kMeanServiceNs / lambda), requests / batch * batch);
          OneStreamOptions options;
          options.configurations = {{0, &point, {}, 0}};
          options.configurations[0].rule.infer_batch = batch;
          const auto result = run_one_stream(options, &arrivals);
          REQUIRE(result.ok());
          return result->streams[0].latency_ns.mean() / kMeanServiceNs;
        },
        expected, 0.02);
  }
}

TEST_CASE("In D/D/1 every latency is known to the nanosecond, batches included") {
  // Requests every 7 ns, batches of 4 that take 27 ns: request i of a batch waits for the last, 7 (3 - i) ns.
  DrawnPoint point([](Work) { return TimeNs{27}; });
  DrawnArrivals arrivals([] { return TimeNs{7}; }, 4000);
  OneStreamOptions options;
  options.configurations = {{0, &point, {}, 0}};
  options.configurations[0].rule.infer_batch = 4;
  const auto result = run_one_stream(options, &arrivals);
  REQUIRE(result.ok());
  const StreamingStatistics& latency_ns = result->streams[0].latency_ns;
  CHECK(latency_ns.min() == 27);
  CHECK(latency_ns.max() == 27 + 21);
  CHECK((latency_ns.sum() == Int128{1000} * (4 * 27 + 7 * (0 + 1 + 2 + 3))));
  CHECK(result->simulated_ns == 4000 * 7 + 27);
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
