// What must hold between two runs: of a board twice as slow, of a faster one, and of one that ends earlier.
#include <rapidcheck.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "tests/catch.hpp"
#include "tests/sim/listed_run.hpp"

namespace wattline::sim {
namespace {

struct Stretch {
  RailPowerUw power_uw;
  TimeNs from_ns, to_ns;
};

class Timeline final : public RunObserver {
 public:
  void spent(Activity, const RailPowerUw& power_uw, TimeNs from_ns, TimeNs to_ns) override {
    stretches.push_back({power_uw, from_ns, to_ns});
  }
  void served(std::size_t, TimeNs arrival_ns, TimeNs end_ns) override {
    latencies_ns.push_back(end_ns - arrival_ns);
  }
  void trained(std::size_t, TimeNs end_ns) override { trained_ns.push_back(end_ns); }
  std::vector<Stretch> stretches;
  std::vector<TimeNs> latencies_ns, trained_ns;
};

struct Case {
  Dispatcher dispatcher;
  TimeNs infer_ns = 0, train_ns = 0, gap_ns = 0, max_wait_ns = 0, end_ns = 0;
  std::int64_t batch = 1;
  std::int64_t train_per_cycle = -1;
  bool bursts = false;  // every seventh request comes with the one before
};

Case any_case() {
  const auto times = rc::gen::inRange<TimeNs>(1'000, 60'000);
  Case any;
  any.infer_ns = *times;
  any.train_ns = *times;
  any.gap_ns = *times;
  any.max_wait_ns = *rc::gen::element<TimeNs>(0, 90'000);
  any.batch = *rc::gen::inRange<std::int64_t>(1, 8);
  any.end_ns = *rc::gen::inRange<TimeNs>(100'000, 2'000'000);
  any.bursts = *rc::gen::arbitrary<bool>();
  any.dispatcher =
      *rc::gen::element<Dispatcher>(ManagedInterleaving{}, FirstInFirstOut{}, EarliestDeadline{},
                                    FixedPriority{}, TimeSlicing{{4'000, 300}}, CudaStreams{{0.25}});
  return any;
}

// `slower`: all times of the board, of the requests and of the rules are so many times as long.
// `end_ns`: where the run ends earlier than its requests.
RunResult run(const Case& of, TimeNs slower, Timeline& timeline,
              std::optional<TimeNs> end_ns = std::nullopt) {
  FixedPoint point({of.infer_ns * slower, {30, 7}}, {of.train_ns * slower, {50, 3}}, {10, 1});
  std::vector<TimeNs> instants;
  for (TimeNs i = 1; i * of.gap_ns < of.end_ns; ++i)
    instants.push_back((of.bursts && i % 7 == 0 ? i - 1 : i) * of.gap_ns * slower);
  ListedArrivals arrivals(instants);
  AcceleratorOptions options;
  options.dispatcher = of.dispatcher;
  if (auto* slicing = std::get_if<TimeSlicing>(&options.dispatcher)) {
    slicing->options.slice_ns *= slower;
    slicing->options.switch_ns *= slower;
  }
  const double rate_hz = 1e9 / static_cast<double>(of.gap_ns * slower);
  options.configurations.push_back(
      {0,
       &point,
       {{.batch = of.batch, .max_wait_ns = of.max_wait_ns * slower, .expected_rate_hz = rate_hz}},
       {{.trains = true, .time_ns = of.train_ns * slower, .max_per_cycle = of.train_per_cycle}}});
  options.streams.push_back({&arrivals, 100'000 * slower});
  options.training.push_back({.priority = 1});
  options.end_ns = end_ns.value_or(of.end_ns) * slower;
  options.observer = &timeline;
  auto result = run_accelerator(options);
  RC_ASSERT(result.ok());
  return *std::move(result);
}

TEST_CASE("Everything twice as slow: all times double, and nothing else changes") {
  CHECK(rc::check("times double", [] {
    const Case any = any_case();
    Timeline fast, slow;
    const RunResult at_once = run(any, 1, fast), twice = run(any, 2, slow);
    for (TimeNs& latency_ns : fast.latencies_ns) latency_ns *= 2;
    for (TimeNs& end_ns : fast.trained_ns) end_ns *= 2;
    if (std::holds_alternative<CudaStreams>(any.dispatcher)) {
      // Minibatches end at whole nanoseconds, so that what was rounded up may add up.
      RC_ASSERT(fast.trained_ns.size() >= slow.trained_ns.size() - 1);
      RC_ASSERT(fast.trained_ns.size() <= slow.trained_ns.size() + 1);
      return;
    }
    RC_ASSERT(fast.latencies_ns == slow.latencies_ns);
    RC_ASSERT(fast.trained_ns == slow.trained_ns);
    RC_ASSERT(at_once.events == twice.events);
    RC_ASSERT(at_once.requests().late == twice.requests().late);
    RC_ASSERT(2 * at_once.energy.total_fj() == twice.energy.total_fj());
  }));
}

// As many as a plan has: tau = floor((beta / alpha - t_in) / t_tr).
std::int64_t planned(const Case& of) {
  return (of.gap_ns * of.batch - of.infer_ns) / of.train_ns;
}

TEST_CASE("A faster mode raises no latency of evenly spaced requests under a plan of managed interleaving") {
  CHECK(rc::check("no latency rises", [] {
    Case slow = any_case();
    slow.dispatcher = ManagedInterleaving{};
    slow.bursts = false;
    slow.max_wait_ns = 0;
    // That keeps up: a minibatch is served before the next is full.
    slow.infer_ns = *rc::gen::inRange<TimeNs>(1, slow.gap_ns * slow.batch);
    Case fast = slow;
    fast.infer_ns = *rc::gen::inRange<TimeNs>(1, slow.infer_ns + 1);
    fast.train_ns = *rc::gen::inRange<TimeNs>(1, slow.train_ns + 1);
    slow.train_per_cycle = planned(slow);
    fast.train_per_cycle = planned(fast);
    Timeline of_slow, of_fast;
    run(slow, 1, of_slow);
    run(fast, 1, of_fast);
    RC_ASSERT(of_fast.latencies_ns.size() >= of_slow.latencies_ns.size());
    for (std::size_t i = 0; i < of_slow.latencies_ns.size(); ++i)
      RC_ASSERT(of_fast.latencies_ns[i] <= of_slow.latencies_ns[i]);
    RC_ASSERT(of_fast.trained_ns.size() + 1 >= of_slow.trained_ns.size());
  }));
}

TEST_CASE("The energy of any window is the integral of its timeline, rail by rail, to the femtojoule") {
  CHECK(rc::check("window = integral", [] {
    const Case any = any_case();
    Timeline whole, ignored;
    run(any, 1, whole);
    const TimeNs from_ns = *rc::gen::inRange<TimeNs>(0, any.end_ns);
    const TimeNs to_ns = *rc::gen::inRange<TimeNs>(from_ns, any.end_ns + 1);
    const EnergyMeter before = run(any, 1, ignored, from_ns).energy;
    const EnergyMeter after = run(any, 1, ignored, to_ns).energy;
    Int128 total_fj = 0;
    for (std::size_t rail = 0; rail < 2; ++rail) {
      Int128 integral_fj = 0;
      for (const Stretch& stretch : whole.stretches) {
        const TimeNs time_ns = std::min(stretch.to_ns, to_ns) - std::max(stretch.from_ns, from_ns);
        if (time_ns > 0) integral_fj += Int128{stretch.power_uw[rail]} * time_ns;
      }
      RC_ASSERT(after.rail_fj(rail) - before.rail_fj(rail) == integral_fj);
      total_fj += integral_fj;
    }
    RC_ASSERT(after.total_fj() - before.total_fj() == total_fj);
  }));
}

}  // namespace
}  // namespace wattline::sim
