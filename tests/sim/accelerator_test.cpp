// Small runs of the accelerator, traced by hand to the nanosecond and femtojoule.
#include "sim/accelerator.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "tests/catch.hpp"
#include "tests/sim/listed_run.hpp"

namespace wattline::sim {
namespace {

using Instants = std::vector<TimeNs>;

// Inference takes 10 ns at 7 uW, training 4 ns at 3 uW, idling 1 uW, all on the first rail.
FixedPoint usual_point() {
  return {{10, {7}}, {4, {3}}, {1}};
}

// One configuration for the whole run.
struct Setting {
  OneStreamRule rule;
  std::optional<TimeNs> end_ns = {};
  TimeNs latency_budget_ns = 0;
};

RunResult run(const OneStreamOptions& options, const Instants& arrivals) {
  ListedArrivals process(arrivals);
  auto result = run_one_stream(options, &process);
  if (!result.ok()) FAIL(result.error().message);
  return *std::move(result);
}

RunResult run(const Setting& setting, const Instants& arrivals, FixedPoint point = usual_point()) {
  OneStreamOptions options;
  options.configurations = {{0, &point, setting.rule, 0}};
  options.end_ns = setting.end_ns;
  options.latency_budget_ns = setting.latency_budget_ns;
  return run(options, arrivals);
}

OneStreamRule batches_of(std::int64_t requests) {
  OneStreamRule rule;
  rule.infer_batch = requests;
  return rule;
}

OneStreamRule batches_and_training(std::int64_t requests, std::int64_t cap = -1) {
  OneStreamRule rule = batches_of(requests);
  rule.trains = true;
  rule.train_time_ns = 4;
  rule.max_train_per_cycle = cap;
  return rule;
}

// Ascending. Percentiles are exact as long as latencies are below 256 ns.
Instants latencies(const RunResult& result) {
  Instants all;
  const auto count = static_cast<double>(result.streams[0].latency_ns.count());
  for (double rank = 1; rank <= count; ++rank) {
    all.push_back(static_cast<TimeNs>(result.streams[0].latency_ns.percentile((rank - 0.5) / count)));
  }
  return all;
}

struct Times {
  TimeNs idle, infer, train, switching;
  bool operator==(const Times&) const = default;
};

Times times(const RunResult& result) {
  return {result.energy.time_ns(Activity::idle), result.energy.time_ns(Activity::infer),
          result.energy.time_ns(Activity::train), result.energy.time_ns(Activity::switching)};
}

struct Counts {
  std::uint64_t started, finished, in_flight;
  bool operator==(const Counts&) const = default;
};

Counts counts(const MinibatchCounts& minibatches) {
  return {minibatches.started, minibatches.finished, minibatches.in_flight};
}

std::int64_t total_fj(const RunResult& result) {
  return static_cast<std::int64_t>(result.energy.total_fj());
}

}  // namespace

TEST_CASE("Requests are served in batches of two as traced by hand") {
  // 3 and 5 run from 5 to 15, 6 and 20 from 20 to 30; 21 stays alone and can never be served.
  const RunResult result = run({batches_of(2)}, {3, 5, 6, 20, 21});
  CHECK(result.simulated_ns == 30);
  CHECK(latencies(result) == Instants{10, 10, 12, 24});
  CHECK((result.streams[0].latency_ns.sum() == 56));
  CHECK(result.requests().arrived == 5);
  CHECK(result.requests().completed == 4);
  CHECK(result.requests().pending == 1);
  CHECK(counts(result.infer()) == Counts{2, 2, 0});
  CHECK(counts(result.train()) == Counts{0, 0, 0});
  CHECK(times(result) == Times{10, 20, 0, 0});
  CHECK(total_fj(result) == 10 * 1 + 20 * 7);
  CHECK(result.mode_switches == 0);
}

TEST_CASE("Requests of one instant are one batch") {
  const RunResult result = run({batches_of(3)}, {4, 4, 4, 14, 14, 14});
  CHECK(latencies(result) == Instants{10, 10, 10, 10, 10, 10});
  CHECK(result.simulated_ns == 24);
  CHECK(times(result) == Times{4, 20, 0, 0});
}

TEST_CASE("Training fills the gaps and is not interrupted") {
  // Training from 0 to 4 and 4 to 8; then 3 and 5 from 8 to 18.
  const RunResult result = run({batches_and_training(2)}, {3, 5});
  CHECK(latencies(result) == Instants{13, 15});
  CHECK(result.simulated_ns == 18);
  CHECK(counts(result.train()) == Counts{2, 2, 0});
  CHECK(times(result) == Times{0, 10, 8, 0});
  CHECK(total_fj(result) == 8 * 3 + 10 * 7);
}

TEST_CASE("The cap on training holds between two inference minibatches and starts anew after each") {
  // Train 0-4, idle, serve 3 and 5 in 5-15, train 15-19, serve 16 and 17 in 19-29.
  const RunResult result = run({batches_and_training(2, 1)}, {3, 5, 16, 17});
  CHECK(latencies(result) == Instants{10, 12, 12, 13});
  CHECK(result.simulated_ns == 29);
  CHECK(counts(result.train()) == Counts{2, 2, 0});
  CHECK(times(result) == Times{1, 20, 8, 0});
}

TEST_CASE("No training is started when the batch is expected to be full before it ends") {
  // A request every 10 ns is expected and training takes 15 ns: it fits while nothing waits (20 ns to a full
  // batch) and not while one waits. Train 0-15, wait, serve 4 and 30 in 30-40.
  OneStreamRule rule = batches_and_training(2);
  rule.expected_rate_hz = 1e8;
  rule.train_time_ns = 15;
  const RunResult result = run({rule}, {4, 30}, {{10, {7}}, {15, {3}}, {1}});
  CHECK(latencies(result) == Instants{10, 36});
  CHECK(times(result) == Times{15, 10, 15, 0});
}

TEST_CASE("A device that serves nobody trains until the end") {
  OneStreamRule rule = batches_and_training(0);
  FixedPoint point = usual_point();
  OneStreamOptions options;
  options.configurations = {{0, &point, rule, 0}};
  options.end_ns = 10;
  const auto result = run_one_stream(options, nullptr);
  REQUIRE(result.ok());
  CHECK(result->simulated_ns == 10);
  CHECK(counts(result->train()) == Counts{3, 2, 1});
  CHECK(times(*result) == Times{0, 0, 10, 0});
  CHECK(total_fj(*result) == 30);
}

TEST_CASE("An end in the middle of a minibatch leaves it in flight and its requests pending") {
  const RunResult result = run({batches_of(2), 12}, {3, 5, 6, 20});
  CHECK(result.simulated_ns == 12);
  CHECK(result.requests().arrived == 3);
  CHECK(result.requests().completed == 0);
  CHECK(result.requests().pending == 3);
  CHECK(counts(result.infer()) == Counts{1, 0, 1});
  CHECK(times(result) == Times{5, 7, 0, 0});
  CHECK(total_fj(result) == 5 * 1 + 7 * 7);
}

TEST_CASE("What completes or arrives at the very end counts") {
  const RunResult result = run({batches_of(2), 15}, {3, 5, 15, 16});
  CHECK(result.simulated_ns == 15);
  CHECK(result.requests().arrived == 3);
  CHECK(result.requests().completed == 2);
  CHECK(result.requests().pending == 1);
  CHECK(counts(result.infer()) == Counts{1, 1, 0});
}

TEST_CASE("A run lasts until its end though nothing is left to do, and may end as it begins") {
  CHECK(times(run({batches_of(2), 100}, {3, 5})) == Times{90, 10, 0, 0});
  const RunResult empty = run({batches_of(2), 0}, {3, 5});
  CHECK(empty.simulated_ns == 0);
  CHECK(empty.requests().arrived == 0);
  CHECK(total_fj(empty) == 0);
}

TEST_CASE(
    "A partial batch is served when its oldest request has waited max_wait, and costs a full one's time") {
  // 3 waits until 23, whoever else is there; then 23-33.
  OneStreamRule rule = batches_of(4);
  rule.max_wait_ns = 20;
  CHECK(latencies(run({rule}, {3, 5})) == Instants{28, 30});
  CHECK(latencies(run({rule}, {3, 23})) == Instants{10, 30});  // who comes at that instant is served with it
  CHECK(latencies(run({rule}, {3, 24})) == Instants{30, 30});  // 24 alone, at 44
  // A full batch does not wait, and the next one waits anew: 9 is served at 29.
  CHECK(latencies(run({rule}, {3, 4, 5, 6, 9})) == Instants{10, 11, 12, 13, 30});
  // Who has waited long enough while the device was busy is served at once: 4-14, then 5 waits until 25.
  // With a limit of 2 ns it is served at 14.
  rule.max_wait_ns = 2;
  CHECK(latencies(run({rule}, {2, 5})) == Instants{12, 19});
}

TEST_CASE("Training does not delay a request beyond max_wait once it waits") {
  // Training takes 15 ns and starts at 0, while nobody waits. At 15 the next would end at 30, after 23.
  OneStreamRule rule = batches_and_training(4);
  rule.train_time_ns = 15;
  rule.max_wait_ns = 20;
  const RunResult result = run({rule}, {3}, {{10, {7}}, {15, {3}}, {1}});
  CHECK(latencies(result) == Instants{30});
  CHECK(times(result) == Times{8, 10, 15, 0});
}

TEST_CASE("A request is late when it takes longer than the budget, not when it takes exactly that") {
  const Instants arrivals = {3, 5, 6, 20};  // latencies 12, 10, 24, 10
  CHECK(run({batches_of(2), {}, 12}, arrivals).requests().late == 1);
  CHECK(run({batches_of(2), {}, 11}, arrivals).requests().late == 2);
  CHECK(run({batches_of(2), {}, 24}, arrivals).requests().late == 0);
  CHECK(run({batches_of(2), {}, 0}, arrivals).requests().late == 0);
}

TEST_CASE("A request that was not served is overdue when its budget has passed by the end of the run") {
  // The first two are served from 5 to 15, while the others wait.
  const auto requests = [](TimeNs end_ns, TimeNs budget_ns) {
    return run({batches_of(2), end_ns, budget_ns}, {3, 5, 6, 8}).requests();
  };
  // At 14: they have waited for 11, 9, 8 and 6.
  CHECK(requests(14, 8).pending == 4);
  CHECK(requests(14, 8).overdue == 2);
  CHECK(requests(14, 7).overdue == 3);
  CHECK(requests(14, 11).overdue == 0);
  CHECK(requests(14, 8).late == 0);
  // Served is not overdue, however late.
  CHECK(requests(15, 8).overdue == 1);
  CHECK(requests(15, 8).late == 2);
  CHECK(requests(14, 0).overdue == 0);
  // Without an end, one that never fills a batch: 8 waits until 15.
  CHECK(run({batches_of(2), {}, 6}, {3, 5, 8}).requests().overdue == 1);
  CHECK(run({batches_of(2), {}, 7}, {3, 5, 8}).requests().overdue == 0);
}

TEST_CASE("Every rail and activity has its energy") {
  // Train 0-4, 4-8; serve 5 and 6 in 8-18; end.
  const FixedPoint point({10, {7, 70, 0, 700}}, {4, {3, 30}}, {1, 0, 0, 0, 0, 0, 0, 5});
  const RunResult trained = run({batches_and_training(2)}, {5, 6}, point);
  CHECK((trained.energy.rail_fj(0) == 8 * 3 + 10 * 7));
  CHECK((trained.energy.rail_fj(1) == 8 * 30 + 10 * 70));
  CHECK((trained.energy.rail_fj(3) == 7000));
  CHECK((trained.energy.activity_fj(Activity::train) == 8 * 33));
  CHECK((trained.energy.activity_fj(Activity::infer) == 10 * 777));
  const RunResult idled = run({batches_of(2)}, {5, 6}, point);
  CHECK((idled.energy.rail_fj(7) == 6 * 5));
  CHECK((idled.energy.activity_fj(Activity::idle) == 6 * 6));
}

TEST_CASE("Equally spaced arrivals and constant service give the closed forms of D/D/1") {
  const auto every = [](TimeNs gap_ns, TimeNs requests) {
    Instants instants;
    for (TimeNs i = 1; i <= requests; ++i) instants.push_back(i * gap_ns);
    return instants;
  };
  const auto serving = [](TimeNs time_ns) { return FixedPoint({time_ns, {7}}, {}, {1}); };

  // At a load below and of exactly 1 nobody waits; 2000 requests span several fetches of arrivals.
  for (const TimeNs service_ns : {1, 7, 10}) {
    const RunResult result = run({batches_of(1)}, every(10, 2000), serving(service_ns));
    CHECK(result.streams[0].latency_ns.min() == service_ns);
    CHECK(result.streams[0].latency_ns.max() == service_ns);
    CHECK(result.simulated_ns == 20'000 + service_ns);
    CHECK(times(result).infer == 2000 * service_ns);
  }
  // Above 1, request i ends at 10 + 13 i and waits 3 (i - 1): 13 n + 3 n (n - 1) / 2 in all.
  const RunResult overload = run({batches_of(1)}, every(10, 2000), serving(13));
  CHECK((overload.streams[0].latency_ns.sum() == 13 * 2000 + 3 * 2000 * 1999 / 2));
  CHECK(overload.streams[0].latency_ns.max() == 13 + 3 * 1999);
  CHECK(overload.simulated_ns == 10 + 13 * 2000);
  // In batches of 8, the j-th of a batch waits 10 (8 - j) for the rest of it.
  const RunResult batched = run({batches_of(8)}, every(10, 2000), serving(79));
  CHECK((batched.streams[0].latency_ns.sum() == 250 * (10 * 8 * 7 / 2 + 8 * 79)));
  CHECK(batched.streams[0].latency_ns.min() == 79);
  CHECK(batched.streams[0].latency_ns.max() == 149);
  CHECK(counts(batched.infer()) == Counts{250, 250, 0});
}

TEST_CASE("The same inputs give the same signature, and a request a nanosecond later another") {
  const RunResult a = run({batches_and_training(2)}, {3, 5, 40, 41});
  const RunResult b = run({batches_and_training(2)}, {3, 5, 40, 41});
  const RunResult c = run({batches_and_training(2)}, {3, 5, 40, 42});
  CHECK(a.signature == b.signature);
  CHECK(a.events == b.events);
  CHECK(a.signature != c.signature);
}

}  // namespace wattline::sim
