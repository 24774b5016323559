// A scenario whose board gets warm: throttling, shutdown and their figures.
#include <algorithm>

#include "experiments/run/scenario.hpp"
#include "tests/catch.hpp"

namespace wattline::experiments {
namespace {

Json hot() {
  return {{"schema", "wattline-scenario/1"},
          {"name", "hot"},
          {"device", "orin-agx-64gb"},
          {"mode", "MAXN"},
          {"train", {{"workload", "bert_large"}, {"batch", 16}}},
          {"thermal", {{"ambient_c", 62}, {"fan_profile", "quiet"}}},
          {"duration_s", 900}};
}

ScenarioRun run(const Json& json) {
  const auto scenario = parse_scenario(json.dump(), "s.json", ".");
  INFO((scenario ? "" : scenario.error().message));
  REQUIRE(scenario.ok());
  auto result = run_scenario(*scenario);
  INFO((result ? "" : result.error().message));
  REQUIRE(result.ok());
  return *std::move(result);
}

TEST_CASE("A long run at MAXN in a hot place throttles, trains less, and its table shows it") {
  Json cool = hot();
  cool.erase("thermal");
  const ScenarioRun throttled = run(hot()), steady = run(cool);
  REQUIRE(throttled.thermal);
  CHECK_FALSE(steady.thermal);
  CHECK(throttled.train().finished < steady.train().finished);
  CHECK(throttled.thermal->totals.software_throttled_ns > 0);
  CHECK(throttled.thermal->totals.max_temperature_c < 103);
  CHECK_FALSE(throttled.shut_down);
  const auto& rows = throttled.thermal->rows;
  REQUIRE(rows.size() == 900);
  CHECK(rows.front().temperature_c < 99);
  CHECK(rows.front().mode.gpu_khz == 1'300'500);
  CHECK(std::any_of(rows.begin(), rows.end(),
                    [](const ThermalRow& row) { return row.mode.gpu_khz < 1'300'500; }));
  // While it throttles it stays around the trip, 99 degrees.
  CHECK(rows.back().temperature_c == Approx(99).margin(2));
  // Means of the rows are the run's.
  double energy_j = 0;
  for (const ThermalRow& row : rows) energy_j += row.power_w;
  CHECK(energy_j == Approx(throttled.energy.total_j()).epsilon(1e-9));
}

TEST_CASE("A board that does not throttle shuts down, and the run ends there") {
  Json json = hot();
  json["thermal"]["throttles"] = false;
  json["thermal"]["ambient_c"] = 70;
  const ScenarioRun result = run(json);
  CHECK(result.shut_down);
  CHECK(result.simulated_ns < 900 * sim::ns_per_s);
  CHECK(result.thermal->totals.shut_down_ns == result.simulated_ns);
  CHECK(result.thermal->totals.max_temperature_c >= 104.5);
  const auto scenario = parse_scenario(json.dump(), "s.json", ".");
  CHECK(Json::parse(figures_of(*scenario, result).to_json())[0]["ended_by"] == "heat");
}

TEST_CASE("Where it stays cool, heat changes nothing but the looks") {
  Json json = hot();
  json["thermal"]["ambient_c"] = 20;
  json["train"] = {{"workload", "lstm"}, {"batch", 16}};
  json["variability"] = {{"time_cv", 0.05}};
  Json without = json;
  without.erase("thermal");
  const ScenarioRun watched = run(json), alone = run(without);
  CHECK(watched.thermal->totals.throttled_ns == 0);
  CHECK(watched.train().finished == alone.train().finished);
  CHECK((watched.energy.total_fj() == alone.energy.total_fj()));
  CHECK(watched.events == alone.events + 9000);  // one each 100 ms; the last at the end
}

TEST_CASE("A long run keeps a bounded number of rows") {
  Json json = hot();
  json["duration_s"] = 25'000;
  const ScenarioRun result = run(json);
  CHECK(result.thermal->rows.size() == 6'250);
  CHECK(result.thermal->rows.front().end_ns == 4 * sim::ns_per_s);
  CHECK(result.thermal->rows.back().end_ns == 25'000 * sim::ns_per_s);
}

}  // namespace
}  // namespace wattline::experiments
