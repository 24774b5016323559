// A run that ends when its energy budget is spent, at the exact instant.
#include <vector>

#include "tests/catch.hpp"
#include "tests/sim/listed_run.hpp"

namespace wattline::sim {
namespace {

// Requests of 10 ns at 30 uW, training of 40 ns at 50 uW, idle at 10 uW.
RunResult run(const std::vector<TimeNs>& arrivals, bool trains, Int128 budget_fj,
              std::optional<TimeNs> end_ns = std::nullopt) {
  FixedPoint point({10, {20, 10}}, {40, {50}}, {10});
  ListedArrivals requests(arrivals);
  AcceleratorOptions options;
  options.dispatcher = FirstInFirstOut{};
  options.configurations.push_back({0, &point, {{.batch = 1}}, {{.trains = trains}}});
  options.streams.push_back({&requests});
  options.training.push_back({.priority = 1});
  options.energy_budget_fj = budget_fj;
  options.end_ns = end_ns;
  auto result = run_accelerator(options);
  if (!result) FAIL(result.error().message);
  return *std::move(result);
}

TEST_CASE("The run ends at the first instant at which the budget is spent, in the middle of a minibatch") {
  // A request at 5: idle 5 x 10 = 50, then 30 a nanosecond: 50 + 4 x 30 = 170.
  const RunResult exact = run({5}, false, 170);
  CHECK(exact.simulated_ns == 9);
  CHECK((exact.energy.total_fj() == 170));
  CHECK(exact.energy_spent);
  CHECK(exact.infer().in_flight == 1);
  CHECK(exact.requests().pending == 1);
  // One more femtojoule is spent within the next nanosecond.
  const RunResult more = run({5}, false, 171);
  CHECK(more.simulated_ns == 10);
  CHECK((more.energy.total_fj() == 200));
}

TEST_CASE("With a budget the run goes on when everything is served: the device idles until it is spent") {
  const RunResult served = run({0}, false, 30 * 10 + 10 * 1000);
  CHECK(served.simulated_ns == 1010);
  CHECK(served.requests().completed == 1);
}

TEST_CASE("What happens at the instant at which the budget is spent still happens") {
  // The request's minibatch ends at 15, when 50 + 300 is spent: it counts, and training of the same instant
  // starts.
  const RunResult result = run({5}, false, 350);
  CHECK(result.simulated_ns == 15);
  CHECK(result.requests().completed == 1);
  const RunResult trains = run({}, true, 40 * 50);
  CHECK(trains.simulated_ns == 40);
  CHECK(trains.train().finished == 1);
  CHECK(trains.train().in_flight == 1);
}

TEST_CASE("Samples trained until a budget is spent are those that it pays for") {
  const RunResult result = run({}, true, 1'000'000);
  CHECK(result.simulated_ns == 20'000);
  CHECK(result.train().finished == 500);
}

TEST_CASE("Of a set end and a budget the earlier ends the run, and the result says which") {
  CHECK_FALSE(run({5}, false, 170, 9).energy_spent);
  CHECK_FALSE(run({5}, false, 170, 8).energy_spent);
  CHECK(run({5}, false, 170, 10).simulated_ns == 9);
}

TEST_CASE("A budget that is never spent is an error, not an endless run, one of nothing is refused") {
  FixedPoint point({10, {1}}, {40, {1}}, {0});
  ListedArrivals requests({});
  AcceleratorOptions options;
  options.configurations.push_back({0, &point, {{.batch = 1}}, {}});
  options.streams.push_back({&requests});
  options.energy_budget_fj = 1;
  const auto idle = run_accelerator(options);
  REQUIRE_FALSE(idle.ok());
  CHECK(idle.error().message ==
        "the energy budget outlasts the clock's 100 years, and nothing else is left to happen");
  options.energy_budget_fj = 0;
  CHECK(run_accelerator(options).error().message == "an energy budget of at least 1 fJ is expected");
}

}  // namespace
}  // namespace wattline::sim
