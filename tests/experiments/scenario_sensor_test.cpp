// A scenario whose board's power sensor is read: readings beside the truth, and their figures.
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>

#include "experiments/engine_cases.hpp"
#include "experiments/run/scenario.hpp"
#include "sim/random.hpp"
#include "tests/catch.hpp"

namespace wattline::experiments {
namespace {

using sim::RailPowerUw;
using sim::TimeNs;

constexpr TimeNs scan_ns = 840'000;                   // three channels, two conversions of 140 us each
constexpr TimeNs settle_ns = 2'500 * sim::ns_per_ms;  // AGX Orin's
// AGX Orin's channels: 20 mA at 20 V, 20 V and 5 V.
constexpr double step_mw[] = {400, 400, 100};

const Json fast = {{"cores", 12}, {"cpu_khz", 2'201'600}, {"gpu_khz", 1'300'500}, {"emc_khz", 3'199'000}};
const Json slow = {{"cores", 12}, {"cpu_khz", 1'190'400}, {"gpu_khz", 408'000}, {"emc_khz", 3'199'000}};

// The board trains all the time, so its power is constant.
Json steady() {
  return {{"schema", "wattline-scenario/1"},
          {"name", "steady"},
          {"device", "orin-agx-64gb"},
          {"mode", fast},
          {"train", {{"workload", "resnet18"}, {"batch", 16}}},
          {"sensor", {{"poll_hz", 10}}},
          {"duration_s", 5}};
}

Scenario scenario_of(const Json& json) {
  auto scenario = parse_scenario(json.dump(), "s.json", ".");
  INFO((scenario ? "" : scenario.error().message));
  REQUIRE(scenario.ok());
  return *std::move(scenario);
}

ScenarioRun run(const Json& json) {
  auto result = run_scenario(scenario_of(json));
  INFO((result ? "" : result.error().message));
  REQUIRE(result.ok());
  return *std::move(result);
}

std::string error_of(const Json& json) {
  const auto scenario = parse_scenario(json.dump(), "s.json", ".");
  return scenario ? "" : scenario.error().message;
}

// The board's mean power over a run, by rail.
double power_mw(const ScenarioRun& result, std::size_t rail) {
  return result.energy.rail_j(rail) * 1e3 / sim::ns_to_seconds(result.simulated_ns);
}

double true_mw(const PollSums& row, TimeNs poll_ns) {
  return static_cast<double>(row.drawn_fj) * 1e-3 / static_cast<double>(row.polls * poll_ns);
}

Json first_row(const ResultTable& table) {
  return Json::parse(table.to_json())[0];
}

TEST_CASE("Readings of constant power follow the chip's lag from idling, in the steps of its channels") {
  const Scenario scenario = scenario_of(steady());
  const ScenarioRun result = run(steady());
  REQUIRE(result.sensor);
  REQUIRE(result.sensor->poll_ns == 100 * sim::ns_per_ms);
  REQUIRE(result.sensor->rows.size() == 50);
  const auto idle_w = scenario.board.truth->idle_power_w(scenario.phases.front().mode);
  REQUIRE(idle_w.ok());
  for (std::size_t i = 0; i < 50; ++i) {
    const PollSums& row = result.sensor->rows[i];
    const auto at_ns = static_cast<TimeNs>(i + 1) * 100 * sim::ns_per_ms;
    // Of 512 samples, (511/512)^k of the rise is missing after k scans.
    const double left = std::pow(511.0 / 512, static_cast<double>(at_ns / scan_ns));
    double total_mw = 0;
    for (std::size_t channel = 0; channel < 3; ++channel) {
      const double power = power_mw(result, channel);
      const double lagged_mw = power + (1e3 * (*idle_w)[channel] - power) * left;
      const double read_mw = std::round(lagged_mw / step_mw[channel]) * step_mw[channel];
      CHECK(static_cast<double>(row.channel_mw[channel]) == read_mw);
      total_mw += read_mw;
    }
    CHECK(row.end_ns == at_ns);
    CHECK(row.polls == 1);
    CHECK(static_cast<double>(row.total_mw) == total_mw);
    CHECK(true_mw(row, result.sensor->poll_ns) == Approx(result.energy.total_j() / 5 * 1e3).epsilon(1e-12));
    CHECK(row.settled);
  }
}

TEST_CASE("A row of the table of readings is what was read in milliwatts, and what was drawn meanwhile") {
  const ScenarioRun result = run(steady());
  const ResultTable table = readings_figures_of(scenario_of(steady()), result);
  REQUIRE(table.rows.size() == 50);
  std::vector<std::string> keys;
  for (const Column& column : table.columns) keys.push_back(column.key);
  CHECK(keys == std::vector<std::string>{"time_s", "power_VDD_GPU_SOC_mw", "power_VDD_CPU_CV_mw",
                                         "power_VIN_SYS_5V0_mw", "total_mw", "true_mean_mw", "settled"});
  const Json last = Json::parse(table.to_json())[49];
  const PollSums& row = result.sensor->rows.back();
  CHECK(last["time_s"] == 5);
  CHECK(last["power_VIN_SYS_5V0_mw"] == row.channel_mw[2]);
  CHECK(last["total_mw"] == row.channel_mw[0] + row.channel_mw[1] + row.channel_mw[2]);
  CHECK(last["true_mean_mw"].get<double>() ==
        Approx(power_mw(result, 0) + power_mw(result, 1) + power_mw(result, 2)).epsilon(1e-12));
  CHECK(last["settled"] == 1);
}

TEST_CASE("Over a long steady run the energy of the readings is the truth's within half a step and the lag") {
  Json json = steady();
  json["duration_s"] = 2000;
  json["sensor"] = Json::object();  // once a second
  const ScenarioRun result = run(json);
  const Json figures = first_row(figures_of(scenario_of(json), result));
  const double read_j = figures["sensor_energy_j"], drawn_j = result.energy.total_j();
  // Half a step of each channel all the time; at the start at most the whole power for one reading.
  CHECK(std::abs(read_j - drawn_j) <= 0.5 * (0.4 + 0.4 + 0.1) * 2000 + drawn_j / 2000);
  CHECK(figures["sensor_readings"] == 2000);
  CHECK(figures["sensor_power_mean_w"].get<double>() == Approx(read_j / 2000).epsilon(1e-12));
  CHECK(figures["sensor_energy_error_pct"].get<double>() ==
        Approx(100 * (read_j - drawn_j) / drawn_j).margin(1e-9));

  // A gain shows in the energy: the same for each reading of a channel, so the total's is within the bound.
  json["sensor"] = {{"gain_error", 0.05}};
  bool shows = false;
  for (int seed = 1; seed <= 5; ++seed) {
    json["seed"] = seed;
    const Json off = first_row(figures_of(scenario_of(json), run(json)));
    const double error_pct = off["sensor_energy_error_pct"];
    CHECK(std::abs(error_pct) <= 5 + 100 * (0.45 * 2000 + drawn_j / 2000) / drawn_j);
    shows = shows || std::abs(error_pct) > 100 * (0.45 * 2000 + drawn_j / 2000) / drawn_j;
  }
  CHECK(shows);
}

TEST_CASE("Energy by the readings is compared with what was drawn until the last of them") {
  Json json = steady();
  json["duration_s"] = 19.96;  // of which 9.96 s come after the last of two readings
  json["sensor"] = {{"poll_hz", 0.1}};
  const ScenarioRun result = run(json);
  const Json figures = first_row(figures_of(scenario_of(json), result));
  CHECK(figures["sensor_readings"] == 1);
  CHECK(static_cast<double>(result.sensor->all.drawn_fj) * 1e-15 ==
        Approx(result.energy.total_j() * 10 / 19.96).epsilon(1e-9));
  CHECK(std::abs(figures["sensor_energy_error_pct"].get<double>()) < 2);
}

TEST_CASE("A run that ends before the first poll has no readings, and no figure that needs one") {
  Json json = steady();
  json["duration_s"] = 0.5;
  json["sensor"] = Json::object();
  const ScenarioRun result = run(json);
  const Json figures = first_row(figures_of(scenario_of(json), result));
  CHECK(figures["sensor_readings"] == 0);
  for (const char* key : {"sensor_power_mean_w", "sensor_energy_j", "sensor_energy_error_pct"})
    CHECK(figures[key].is_null());
  CHECK(readings_figures_of(scenario_of(json), result).rows.empty());
}

// When the clocks change in a steady run that is told to at `at_ns`: the minibatch that executes then ends
// first, and the change takes 50 ms.
struct Switch {
  TimeNs from_ns, to_ns;
  bool settled_at(TimeNs t_ns) const { return t_ns <= from_ns || t_ns >= to_ns + settle_ns; }
};
Switch switch_of(const Scenario& scenario, TimeNs at_ns) {
  const auto cost =
      scenario.board.truth->minibatch("resnet18", workloads::Role::train, 16, scenario.phases.front().mode);
  REQUIRE(cost.ok());
  const TimeNs from_ns = (at_ns + cost->time_ns - 1) / cost->time_ns * cost->time_ns;
  return {from_ns, from_ns + 50 * sim::ns_per_ms};
}

TEST_CASE("After a change of mode readings lag, and are settled again when the board says so") {
  Json json = steady();
  json["duration_s"] = 20;
  json["changes"] = {{{"at_s", 10}, {"mode", slow}}};
  const Scenario scenario = scenario_of(json);
  const ScenarioRun result = run(json);
  REQUIRE(result.mode_switches == 1);
  const Switch change = switch_of(scenario, 10 * sim::ns_per_s);
  const auto& rows = result.sensor->rows;
  REQUIRE(rows.size() == 200);
  for (const PollSums& row : rows) CHECK(row.settled == change.settled_at(row.end_ns));

  const double before_mw = true_mw(rows[90], result.sensor->poll_ns),
               after_mw = true_mw(rows.back(), result.sensor->poll_ns);
  REQUIRE(before_mw - after_mw > 10'000);
  const auto in_new_mode =
      std::find_if(rows.begin(), rows.end(), [&](const PollSums& row) { return row.end_ns >= change.to_ns; });
  // Of 512 samples in 0.43 s, at most 0.15 s after the change began more than half of the fall is missing.
  CHECK(static_cast<double>(in_new_mode->total_mw) > (before_mw + after_mw) / 2);
  for (auto row = in_new_mode; row != rows.end(); ++row) {
    if (!row->settled) continue;
    // Half a step of each channel, and e^(-2.5 / 0.43) of the fall.
    CHECK(std::abs(static_cast<double>(row->total_mw) - after_mw) <=
          450 + (before_mw - after_mw) * std::exp(-2.5 / 0.43008));
  }
}

Json everything() {
  return {{"schema", "wattline-scenario/1"},
          {"name", "everything"},
          {"device", "orin-agx-64gb"},
          {"mode", fast},
          {"infer", {{"workload", "mobilenet_v3_large"}, {"batch", 16}, {"latency_budget_ms", 400}}},
          {"train", {{"workload", "resnet18"}, {"batch", 16}}},
          {"arrivals", {{"kind", "poisson"}, {"rate_hz", 60}}},
          {"serving_overhead", {{"parallel_ms", 2}, {"parallel_cv", 0.3}, {"serialised_ms", 0.1}}},
          {"variability", {{"time_cv", 0.05}, {"power_cv", 0.02}}},
          {"thermal", {{"ambient_c", 20}}},
          {"changes", {{{"at_s", 20}, {"mode", slow}}}},
          {"duration_s", 60}};
}

TEST_CASE("Reading the sensor changes no other figure of a run, byte for byte") {
  Json json = everything();
  const Scenario unread = scenario_of(json);
  json["sensor"] = {{"poll_hz", 7}, {"gain_error", 0.05}};
  const Scenario read = scenario_of(json);
  const ScenarioRun a = *run_scenario(unread), b = *run_scenario(read);
  CHECK_FALSE(a.sensor);
  REQUIRE(b.sensor);
  CHECK(a.signature == b.signature);
  CHECK(stream_figures_of(unread, a).to_csv() == stream_figures_of(read, b).to_csv());
  CHECK(training_figures_of(unread, a).to_csv() == training_figures_of(read, b).to_csv());
  CHECK(thermal_figures_of(a).to_csv() == thermal_figures_of(b).to_csv());
  Json figures = first_row(figures_of(read, b));
  for (const char* key :
       {"sensor_readings", "sensor_power_mean_w", "sensor_energy_j", "sensor_energy_error_pct"})
    CHECK(figures.erase(key) == 1);
  CHECK(figures.dump() == first_row(figures_of(unread, a)).dump());
  CHECK(readings_figures_of(unread, a).columns.empty());
}

TEST_CASE("Looks at a board that stays cool change no reading") {
  Json json = everything();
  json["sensor"] = {{"poll_hz", 7}};
  Json without = json;
  without.erase("thermal");
  CHECK(readings_figures_of(scenario_of(json), run(json)).to_csv() ==
        readings_figures_of(scenario_of(without), run(without)).to_csv());
}

TEST_CASE("The mean of what was drawn over the polls is the run's") {
  Json json = everything();
  json["sensor"] = {{"poll_hz", 100}};
  const ScenarioRun result = run(json);
  REQUIRE(result.sensor->rows.size() == 6000);
  sim::Int128 drawn_fj = 0;
  for (const PollSums& row : result.sensor->rows) drawn_fj += row.drawn_fj;
  CHECK((drawn_fj == result.energy.total_fj()));
}

TEST_CASE("Of a long run a bounded number of rows is kept, each of as many polls") {
  Json json = steady();
  json["duration_s"] = 250.03;  // 25,003 polls
  json["sensor"]["poll_hz"] = 100;
  json["changes"] = {{{"at_s", 100}, {"mode", slow}}};
  const ScenarioRun result = run(json);
  const SensorRecord& record = *result.sensor;
  CHECK(record.all.polls == 25'003);
  REQUIRE(record.rows.size() == 6'250);  // of four
  std::int64_t sum_mw = 0;
  for (std::size_t i = 0; i < record.rows.size(); ++i) {
    CHECK(record.rows[i].polls == 4);
    CHECK(record.rows[i].end_ns == static_cast<TimeNs>(i + 1) * 40 * sim::ns_per_ms);
    sum_mw += record.rows[i].total_mw;
  }
  // The last three are in no row.
  CHECK(record.all.total_mw - sum_mw ==
        Approx(3 * true_mw(record.rows.back(), record.poll_ns)).epsilon(0.05));
  // One unsettled reading makes a row unsettled.
  const Switch change = switch_of(scenario_of(json), 100 * sim::ns_per_s);
  for (const PollSums& row : record.rows) {
    bool settled = true;
    for (TimeNs poll = 0; poll < 4; ++poll)
      settled = settled && change.settled_at(row.end_ns - poll * record.poll_ns);
    CHECK(row.settled == settled);
  }
  const ResultTable table = readings_figures_of(scenario_of(json), result);
  CHECK(std::get<double>(table.rows[10][4]) == static_cast<double>(record.rows[10].total_mw) / 4);
  CHECK(std::get<double>(table.rows[10][5]) ==
        Approx(true_mw(record.rows[10], record.poll_ns)).epsilon(1e-12));
}

// One stretch after the other, and what a log should keep of them.
struct Stretch {
  sim::Activity activity;
  std::int64_t power_uw;
  TimeNs to_ns;
};

TEST_CASE("What a log keeps of each poll is what summing up every microsecond and every switch gives") {
  REQUIRE(rc::check([] {
    devices::PowerSensorOptions options;
    options.chip = {4, 140, 3, {{"IN", {"a", "b"}, 5, 5, true}}};
    options.rails = {"a", "b"};
    options.poll_hz = 100;
    constexpr TimeNs us = 1000, poll_us = 10'000;
    sim::RandomStream random(*rc::gen::arbitrary<std::uint64_t>(), "trace");
    std::vector<Stretch> run;
    TimeNs now_us = 0;
    while (now_us < 30 * poll_us) {
      now_us += 1 + static_cast<TimeNs>(random.below(random.below(2) == 0 ? 500 : 4 * poll_us));
      if (random.below(4) == 0) now_us = (now_us / poll_us + 1) * poll_us;
      const bool switches = random.below(6) == 0;
      run.push_back({switches ? sim::Activity::switching : sim::Activity::infer,
                     static_cast<std::int64_t>(random.below(60'000'000)), now_us * us});
    }
    const TimeNs settle_us = static_cast<TimeNs>(random.below(3)) * poll_us;
    auto log = SensorLog::make(options, {5'000'000}, settle_us * us);
    RC_ASSERT(log.ok());
    TimeNs from_ns = 0;
    for (const Stretch& stretch : run) {
      log->spent(stretch.activity, {stretch.power_uw / 3, stretch.power_uw - stretch.power_uw / 3}, from_ns,
                 stretch.to_ns);
      from_ns = stretch.to_ns;
    }
    std::size_t polls = 0, at = 0;
    std::int64_t drawn_uw_us = 0;
    TimeNs switched_us = -100 * poll_us;  // the last microsecond of a switch so far
    for (TimeNs t_us = 1; t_us <= now_us; ++t_us) {
      while (run[at].to_ns < t_us * us) ++at;
      drawn_uw_us += run[at].power_uw;
      if (run[at].activity == sim::Activity::switching) switched_us = t_us;
      if (t_us % poll_us != 0) continue;
      RC_ASSERT(polls < log->record().rows.size());
      const PollSums& row = log->record().rows[polls++];
      RC_ASSERT(row.end_ns == t_us * us);
      RC_ASSERT((row.drawn_fj == sim::Int128{drawn_uw_us} * us));
      RC_ASSERT(row.settled == (switched_us < t_us && t_us - switched_us >= settle_us));
      drawn_uw_us = 0;
    }
    RC_ASSERT(log->record().rows.size() == polls);
    RC_ASSERT(log->record().all.polls == static_cast<std::int64_t>(polls));
  }));
}

TEST_CASE("A sensor is read as the scenario says, the chip set as on the board unless it says otherwise") {
  Json json = steady();
  json["seed"] = 7;
  json["sensor"] = Json::object();
  const Scenario usual = scenario_of(json);
  REQUIRE(usual.sensor);
  CHECK(usual.sensor->poll_hz == 1);
  CHECK(usual.sensor->gain_error == 0);
  CHECK(usual.sensor->seed == 7);
  CHECK(usual.sensor->chip.samples == 512);
  CHECK(usual.sensor->chip.conversion_us == 140);
  json["sensor"] = {{"poll_hz", 100}, {"gain_error", 0.03}, {"samples", 1}, {"conversion_us", 332}};
  const Scenario own = scenario_of(json);
  CHECK(own.sensor->poll_hz == 100);
  CHECK(own.sensor->gain_error == 0.03);
  CHECK(own.sensor->chip.samples == 1);
  CHECK(own.sensor->chip.conversion_us == 332);
  json.erase("sensor");
  CHECK_FALSE(scenario_of(json).sensor);
}

TEST_CASE(
    "The sensor of a scenario is checked against its ranges, and refused where the board or its costs have "
    "none") {
  const std::string start = "s.json: sensor: ";
  const auto fault = [](const Json& sensor) {
    Json json = steady();
    json["sensor"] = sensor;
    return error_of(json);
  };
  CHECK(fault({{"poll_hz", 0}}).starts_with(start + "poll_hz: 0 is not accepted"));
  CHECK(fault({{"poll_hz", 101}}).starts_with(start + "poll_hz: 101 is not accepted"));
  CHECK(fault({{"gain_error", 0.06}}).starts_with(start + "gain_error: 0.06 is not accepted"));
  CHECK(fault({{"samples", 500}}).starts_with(start + "samples: 500 is not accepted"));
  CHECK(fault({{"conversion_us", 1}}).starts_with(start + "conversion_us: 1 is not accepted"));
  CHECK(fault({{"poll", 1}}).starts_with(start + "'poll' is not a known key"));
  // Of a profile's log, not of a run.
  CHECK(fault({{"idle_before_s", 1}}).starts_with(start + "'idle_before_s' is not a known key"));
  CHECK(fault(true).starts_with(start));

  Json json = steady();
  json["device"] = "agx-xavier";
  json["mode"] = "MAXN";
  CHECK(error_of(json) ==
        start + "what agx-xavier measures of its power is not known; its device file has no 'sensor'");
  json.erase("device");
  json["model"] = "built-in:xavier-nx";  // of power at the wall
  json["mode"] = "MODE_15W_6CORE";
  CHECK(error_of(json) == start + "channel 'VDD_IN': the power has no rail 'VDD_CPU_GPU_CV'; it has total");
}

TEST_CASE("The board by which the engine's speed is measured runs the same with its sensor read") {
  const auto unread = run_board({60, 2000, 1, std::nullopt}), read = run_board({60, 2000, 1, 10});
  REQUIRE(unread.ok());
  REQUIRE(read.ok());
  CHECK_FALSE(unread->sensor);
  REQUIRE(read->sensor);
  CHECK(read->sensor->all.polls == read->simulated_ns / (100 * sim::ns_per_ms));
  CHECK(read->signature == unread->signature);
  CHECK((read->energy.total_fj() == unread->energy.total_fj()));
  CHECK_FALSE(run_board({60, 2000, 1, 1000}).ok());
}

}  // namespace
}  // namespace wattline::experiments
