// A scenario whose board gets warm: throttling, shutdown and their figures.
#include <algorithm>
#include <cmath>

#include "devices/thermal/throttling.hpp"
#include "experiments/run/scenario.hpp"
#include "tests/catch.hpp"
#include "tests/devices/built_in_board.hpp"

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

// Just below the trip, in air that is as hot, so that the least load throttles at each poll.
Json at_the_trip(const devices::DeviceSpec& spec, const std::string& preset) {
  const devices::ThermalParameters& thermal = *spec.thermal;
  const double trip_c = thermal.software.trip_c;
  Json json = hot();
  json["device"] = spec.name;
  json["mode"] = preset;
  json["thermal"] = {{"ambient_c", trip_c - thermal.heat.air_rise_k - 0.1}, {"initial_c", trip_c - 0.1}};
  if (thermal.fan) json["thermal"]["fan_pwm"] = 0;
  json["duration_s"] = 60;
  return json;
}

void check_that_clocks_fall(const ScenarioRun& result, const devices::PowerMode& preset) {
  bool slower = false;
  for (const ThermalRow& row : result.thermal->rows) {
    devices::PowerMode clocked = row.mode;
    clocked.cpu_khz = preset.cpu_khz;
    clocked.gpu_khz = preset.gpu_khz;
    CHECK(clocked == preset);
    CHECK(row.mode.cpu_khz <= preset.cpu_khz);
    CHECK(row.mode.gpu_khz <= preset.gpu_khz);
    slower = slower || row.mode != preset;
  }
  CHECK(slower);
}

TEST_CASE("In every preset of every board heat lowers the clocks, and leaves cores and SMs as they are") {
  int gated = 0;
  for (const std::string& name : devices::device_names()) {
    const devices::DeviceSpec spec = devices::board(name);
    for (const devices::Preset& preset : spec.presets) {
      CAPTURE(name, preset.name);
      check_that_clocks_fall(run(at_the_trip(spec, preset.name)), preset.mode);
      if (preset.mode.active_sms < spec.gpu.sms) ++gated;
    }
  }
  CHECK(gated == 17);
}

TEST_CASE("A calibrated board throttles in a preset with gated SMs, too") {
  const devices::DeviceSpec spec = devices::board("orin-agx-64gb");
  Json json = at_the_trip(spec, "MODE_30W");
  json.erase("device");
  json["model"] = "built-in:orin-agx-64gb";
  json["train"]["workload"] = "resnet18";
  check_that_clocks_fall(run(json), devices::find_preset(spec, "MODE_30W")->mode);
}

TEST_CASE("A throttled preset with gated SMs cannot be asked for") {
  Json json = hot();
  json["mode"] = {
      {"cores", 8}, {"cpu_khz", 1'728'000}, {"gpu_khz", 510'000}, {"emc_khz", 3'199'000}, {"active_sms", 8}};
  const auto refused = parse_scenario(json.dump(), "s.json", ".");
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message.starts_with(
      "s.json: mode: active_sms 8 exists on orin-agx-64gb in presets only: "));
}

TEST_CASE("Over-current holds the mean at its limit, however often the device looks") {
  Json json = hot();
  json["device"] = "orin-nano-8gb-super";
  json["mode"] = "MAXN_SUPER";
  json["dispatcher"] = {{"kind", "cuda_streams"}};
  json["train"] = {{{"workload", "resnet50"}, {"batch", 16}}, {{"workload", "resnet18"}, {"batch", 16}}};
  json["duration_s"] = 60;
  Json unlimited = json;
  unlimited.erase("thermal");
  const double limit_w = devices::board("orin-nano-8gb-super").thermal->over_current->limit_w;
  REQUIRE(run(unlimited).energy.total_j() / 60 > 1.1 * limit_w);
  for (const int period_ms : {1, 2, 10, 100, 500, 1000}) {
    json["thermal"] = {{"ambient_c", 10}, {"fan_profile", "max"}, {"period_ms", period_ms}};
    const ScenarioRun result = run(json);
    CAPTURE(period_ms);
    CHECK(result.energy.total_j() / 60 == Approx(limit_w).epsilon(0.02));
    CHECK(result.thermal->totals.software_throttled_ns == 0);
  }
}

TEST_CASE("A row's level, throttling and clocks are those of one instant") {
  Json json = hot();
  json["thermal"]["ambient_c"] = 70;
  const ScenarioRun result = run(json);
  const devices::DeviceSpec spec = devices::board("orin-agx-64gb");
  const devices::PowerMode maxn = devices::find_preset(spec, "MAXN")->mode;
  const devices::ThermalParameters& thermal = *spec.thermal;
  std::int32_t highest = 0;
  for (const ThermalRow& row : result.thermal->rows) {
    devices::ThermalVerdict verdict;
    verdict.software_clock_share = devices::clock_share(thermal.software, row.software_level);
    verdict.hardware_clock_share = row.hardware_throttled ? 1 - thermal.hardware->depth : 1;
    CAPTURE(row.end_ns, row.software_level, row.hardware_throttled);
    CHECK(row.mode == devices::capped(maxn, verdict, spec.clock_tables.front()));
    highest = std::max(highest, row.software_level);
  }
  CHECK(highest > 5);
  CHECK(result.thermal->rows.front().software_level == 0);
}

// Power as the rows have it, over their intervals.
double energy_of(const std::vector<ThermalRow>& rows) {
  double energy_j = 0;
  sim::TimeNs begin_ns = 0;
  for (const ThermalRow& row : rows) {
    energy_j += row.power_w * sim::ns_to_seconds(row.end_ns - begin_ns);
    begin_ns = row.end_ns;
  }
  return energy_j;
}

TEST_CASE("What is left of a second at the end has a row of its own") {
  Json json = hot();
  for (const auto& [duration_s, rows] : {std::pair{10.95, 11u}, {11.0, 11u}, {11.06, 12u}, {0.05, 1u}}) {
    json["duration_s"] = duration_s;
    const ScenarioRun result = run(json);
    CAPTURE(duration_s);
    REQUIRE(result.thermal->rows.size() == rows);
    CHECK(result.thermal->rows.back().end_ns == result.simulated_ns);
    CHECK(result.thermal->totals.time_ns == result.simulated_ns);
    CHECK(energy_of(result.thermal->rows) == Approx(result.energy.total_j()).epsilon(1e-9));
  }
  // Where the board shuts down between two seconds, too.
  json["thermal"]["throttles"] = false;
  json["thermal"]["ambient_c"] = 70;
  json["duration_s"] = 900;
  const ScenarioRun off = run(json);
  REQUIRE(off.shut_down);
  REQUIRE(off.simulated_ns % sim::ns_per_s != 0);
  CHECK(off.thermal->rows.back().end_ns == off.simulated_ns);
  CHECK(energy_of(off.thermal->rows) == Approx(off.energy.total_j()).epsilon(1e-9));
}

TEST_CASE("The highest temperature counts what was drawn after the last look") {
  Json json = hot();
  json["thermal"] = {{"ambient_c", 25}, {"fan_pwm", 0}};
  json["duration_s"] = 0.05;
  const ScenarioRun result = run(json);
  const devices::HeatPath heat = devices::board("orin-agx-64gb").thermal->heat;
  const double power_w = result.energy.total_j() / 0.05;
  const double sink_s = heat.sink_k_per_w * heat.sink_heat_capacity_j_per_k;
  const double expected_c = 25 + heat.air_rise_k +
                            power_w * (heat.die_k_per_w * (1 - std::exp(-0.05 / heat.die_time_constant_s)) +
                                       heat.sink_k_per_w * (1 - std::exp(-0.05 / sink_s)));
  CHECK(power_w > 30);
  CHECK(result.thermal->totals.max_temperature_c == Approx(expected_c).epsilon(1e-11));
  CHECK(result.thermal->rows.front().temperature_c == Approx(expected_c).epsilon(1e-11));
}

TEST_CASE("A long run keeps a bounded number of rows") {
  Json json = hot();
  json["duration_s"] = 25'000;
  const ScenarioRun result = run(json);
  CHECK(result.thermal->rows.size() == 6'250);
  CHECK(result.thermal->rows.front().end_ns == 4 * sim::ns_per_s);
  CHECK(result.thermal->rows.back().end_ns == 25'000 * sim::ns_per_s);
  json["duration_s"] = 9'999.5;
  const ScenarioRun full = run(json);
  CHECK(full.thermal->rows.size() == ThermalWatch::most_rows);
  CHECK(energy_of(full.thermal->rows) == Approx(full.energy.total_j()).epsilon(1e-9));
}

}  // namespace
}  // namespace wattline::experiments
