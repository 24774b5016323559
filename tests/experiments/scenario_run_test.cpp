// Deterministic scenarios on a measured table, whose every figure is computed by hand.
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "experiments/run/scenario.hpp"
#include "tests/catch.hpp"

namespace wattline::experiments {
namespace {

namespace fs = std::filesystem;

// Mode A: one request 10 ms at 20 W, four 40 ms at 30 W, training 90 ms at 20 W. Mode B (8 cores): one
// request 5 ms at 40 W. Idle: 5 W everywhere.
const char* const profiles =
    "device,workload,role,batch,cores,cpu_khz,gpu_khz,emc_khz,time_ms,power_w\n"
    "toy,net,infer,1,4,1000,500,800,10,20\n"
    "toy,net,infer,4,4,1000,500,800,40,30\n"
    "toy,net,train,16,4,1000,500,800,90,20\n"
    "toy,net,infer,1,8,1000,500,800,5,40\n";

const Json mode_a = {{"cores", 4}, {"cpu_khz", 1000}, {"gpu_khz", 500}, {"emc_khz", 800}};
const Json mode_b = {{"cores", 8}, {"cpu_khz", 1000}, {"gpu_khz", 500}, {"emc_khz", 800}};

// Uniform arrivals, 10 requests/s.
Json scenario_of(int batch, int requests) {
  return {{"schema", "wattline-scenario/1"},
          {"name", "d"},
          {"profiles", "p.csv"},
          {"idle_power_w", 5},
          {"mode", mode_a},
          {"infer", {{"workload", "net"}, {"batch", batch}}},
          {"arrivals", {{"kind", "uniform"}, {"rate_hz", 10}, {"requests", requests}}}};
}

Scenario scenario_from(const Json& json) {
  const fs::path folder = fs::temp_directory_path() / ("wattline_scenario." + std::to_string(::getpid()));
  fs::create_directories(folder);
  std::ofstream(folder / "p.csv") << profiles;
  std::ofstream(folder / "log.csv") << "time_s\n0.5\n0.5\n1.5\n";
  auto scenario = parse_scenario(json.dump(), "d.json", folder.string());
  fs::remove_all(folder);
  INFO((scenario ? "" : scenario.error().message));
  REQUIRE(scenario.ok());
  return *std::move(scenario);
}

// Of the run, not of its scenario.
std::string error_of(const Json& json) {
  const auto run = run_scenario(scenario_from(json));
  return run ? "(no error)" : run.error().message;
}

// The figures of a run, by name.
Json figures(const Json& json) {
  const Scenario scenario = scenario_from(json);
  const auto run = run_scenario(scenario);
  INFO((run ? "" : run.error().message));
  REQUIRE(run.ok());
  const Json table = Json::parse(figures_of(scenario, *run).to_json());
  REQUIRE(table.size() == 1);
  return table[0];
}

// Times and energies are sums of whole nanoseconds and femtojoules; only the last conversion rounds.
Approx nearly(double value) {
  return Approx(value).epsilon(1e-12);
}

TEST_CASE("A battery ends the run, and what was served and trained until then is what it paid for") {
  // Idle 0.1 s at 5 W, then 10 ms at 20 W and 90 ms at 5 W in turn, 0.65 J a request: 0.5 + 10 x 0.65 = 7 J
  // are spent when the eleventh request comes, at 1.1 s; 0.1 J of its 0.2 more in 5 ms.
  Json json = scenario_of(1, 100);
  json["energy_budget_j"] = 7.1;
  const Json run = figures(json);
  CHECK(run["simulated_s"] == nearly(1.105));
  CHECK(run["ended_by"] == "energy_budget");
  CHECK(run["energy_j"] == nearly(7.1));
  CHECK(run["requests_completed"] == 10);
  json["duration_s"] = 1;
  CHECK(figures(json)["ended_by"] == "duration");
  CHECK_FALSE(figures(scenario_of(1, 100)).contains("ended_by"));
}

TEST_CASE("Variability changes the times of minibatches, not the arrivals, and repeats") {
  Json json = scenario_of(1, 100);
  json["variability"] = {{"time_cv", 0.1}, {"power_cv", 0.05}};
  const Json run = figures(json);
  CHECK(run["requests_arrived"] == 100);
  // Mean of 100 lognormals of standard deviation 1 ms: within four standard errors of 10 ms.
  CHECK(std::abs(run["latency_mean_ms"].get<double>() - 10) < 0.4);
  CHECK(run["latency_max_ms"] > 10.5);
  CHECK(run["energy_j"] != figures(scenario_of(1, 100))["energy_j"]);
  CHECK(figures(json) == run);
  json["seed"] = 2;
  CHECK(figures(json) != run);
}

TEST_CASE("Single requests that never meet take their service time each") {
  // 100 requests at 0.1, 0.2, ... 10 s; the last is done at 10.01 s. Busy 1 s at 20 W, idle 9.01 s at 5 W.
  const Json run = figures(scenario_of(1, 100));
  CHECK(run["simulated_s"] == nearly(10.01));
  CHECK(run["requests_arrived"] == 100);
  CHECK(run["requests_completed"] == 100);
  CHECK(run["requests_pending"] == 0);
  CHECK(run["latency_mean_ms"] == nearly(10));
  CHECK(run["latency_max_ms"] == nearly(10));
  CHECK(run["latency_p50_ms"] == Approx(10).epsilon(1.0 / 256));
  CHECK(run["latency_p99_ms"] == Approx(10).epsilon(1.0 / 256));
  CHECK(run["infer_minibatches"] == 100);
  CHECK(run["throughput_rps"] == nearly(100 / 10.01));
  CHECK(run["energy_j"] == nearly(20 + 9.01 * 5));
  CHECK(run["energy_total_j"] == nearly(20 + 9.01 * 5));
  CHECK(run["power_mean_w"] == nearly((20 + 9.01 * 5) / 10.01));
  CHECK(run["infer_pct"] == nearly(100 / 10.01));
  CHECK(run["idle_pct"] == nearly(901 / 10.01));
  CHECK(run["switching_pct"] == 0);
  CHECK(run["mode_switches"] == 0);
  CHECK_FALSE(run.contains("train_minibatches"));
}

TEST_CASE("Requests of a batch wait for the last of it") {
  // Batches are complete at 0.4, 0.8, ... s and take 40 ms: latencies 340, 240, 140 and 40 ms.
  Json json = scenario_of(4, 40);
  json["infer"]["latency_budget_ms"] = 240;
  const Json run = figures(json);
  CHECK(run["simulated_s"] == nearly(4.04));
  CHECK(run["latency_mean_ms"] == nearly(190));
  CHECK(run["latency_max_ms"] == nearly(340));
  CHECK(run["latency_p50_ms"] == Approx(140).epsilon(1.0 / 256));
  CHECK(run["latency_p95_ms"] == Approx(340).epsilon(1.0 / 256));
  CHECK(run["requests_late"] == 10);  // those of 340 ms; 240 is just in time
  CHECK(run["energy_j"] == nearly(0.4 * 30 + 3.64 * 5));
}

TEST_CASE("Training fills the gaps to the millisecond") {
  // 90 ms of training fit while at least one request is missing (100 ms): five minibatches until 450 ms, a
  // batch until 490 ms, then four and a batch in each 400 ms: the device is never idle.
  Json json = scenario_of(4, 400);
  json["train"] = {{"workload", "net"}};
  const Json run = figures(json);
  CHECK(run["simulated_s"] == nearly(40.09));
  CHECK(run["train_minibatches"] == 401);
  CHECK(run["infer_minibatches"] == 100);
  CHECK(run["latency_mean_ms"] == nearly(240));  // 390, 290, 190 and 90 ms
  CHECK(run["latency_max_ms"] == nearly(390));
  CHECK(run["idle_pct"] == 0);
  CHECK(run["energy_j"] == nearly(4 * 30 + 36.09 * 20));
  CHECK(run["train_rate_hz"] == nearly(401 / 40.09));
}

TEST_CASE("No more training minibatches run than the plan's tau") {
  // Two until 180 ms, then nothing until the batch is full at 400 ms; and so on from 440 ms.
  Json json = scenario_of(4, 400);
  json["train"] = {{"workload", "net"}, {"per_cycle", 2}};
  const Json run = figures(json);
  CHECK(run["simulated_s"] == nearly(40.04));
  CHECK(run["train_minibatches"] == 200);
  CHECK(run["latency_mean_ms"] == nearly(190));
  CHECK(run["energy_j"] == nearly(4 * 30 + 18 * 20 + (40.04 - 22) * 5));
}

TEST_CASE("A change of mode waits for the minibatch in flight and costs its time at idle power") {
  // The change comes at 5.005 s, while request 50 is served; from 5.01 s the board switches for 30 ms.
  // Fifty requests at 10 ms and 20 W, fifty at 5 ms and 40 W; the last is done at 10.005 s.
  Json json = scenario_of(1, 100);
  json["mode_switch_ms"] = 30;
  json["changes"] = {{{"at_s", 5.005}, {"mode", mode_b}}};
  const Json run = figures(json);
  CHECK(run["mode_switches"] == 1);
  CHECK(run["simulated_s"] == nearly(10.005));
  CHECK(run["latency_mean_ms"] == nearly(7.5));
  CHECK(run["latency_max_ms"] == nearly(10));
  CHECK(run["switching_pct"] == nearly(3 / 10.005));
  CHECK(run["energy_j"] == nearly(0.5 * 20 + 0.25 * 40 + (10.005 - 0.75) * 5));
}

TEST_CASE("Requests that come during a change of mode wait for its end") {
  // Idle at 5.05 s, so the switch is from there to 5.2 s. Request 51 (5.1 s) is done at 5.205 s, request 52
  // (5.2 s) behind it at 5.21 s, the other 48 take 5 ms each.
  Json json = scenario_of(1, 100);
  json["mode_switch_ms"] = 150;
  json["changes"] = {{{"at_s", 5.05}, {"mode", mode_b}}};
  const Json run = figures(json);
  CHECK(run["latency_max_ms"] == nearly(105));
  CHECK(run["latency_mean_ms"] == nearly((50 * 10 + 105 + 10 + 48 * 5) / 100.0));
  CHECK(run["simulated_s"] == nearly(10.005));
}

TEST_CASE("A change to the same mode costs nothing") {
  Json json = scenario_of(1, 100);
  json["mode_switch_ms"] = 150;
  json["changes"] = {{{"at_s", 5.05}, {"mode", mode_a}}};
  const Json run = figures(json);
  CHECK(run["mode_switches"] == 0);
  CHECK(run["latency_max_ms"] == nearly(10));
}

TEST_CASE("A duration ends the run, whatever still comes") {
  Json json = scenario_of(1, 100);
  json["duration_s"] = 1.055;
  const Json run = figures(json);
  CHECK(run["simulated_s"] == nearly(1.055));
  CHECK(run["requests_completed"] == 10);
  json["duration_s"] = 1.005;  // in the middle of the tenth request
  const Json cut = figures(json);
  CHECK(cut["requests_completed"] == 9);
  CHECK(cut["requests_pending"] == 1);
  CHECK(cut["energy_j"] == nearly(0.095 * 20 + (1.005 - 0.095) * 5));
}

TEST_CASE("A waiting limit starts a batch that is not full, at the cost of a full one") {
  // 3 requests at 0.1, 0.2, 0.3 s and at most 150 ms of waiting: at 0.25 s the first two start (40 ms); the
  // third waits from 0.3 s until 0.45 s.
  Json json = scenario_of(4, 3);
  json["infer"]["max_wait_ms"] = 150;
  const Json run = figures(json);
  CHECK(run["infer_minibatches"] == 2);
  CHECK(run["simulated_s"] == nearly(0.49));
  CHECK(run["latency_mean_ms"] == nearly((190 + 90 + 190) / 3.0));
  CHECK(run["energy_j"] == nearly(0.08 * 30 + 0.41 * 5));
}

TEST_CASE("A recorded log is served as recorded, or stretched to a rate") {
  // At 0.5, 0.5 and 1.5 s: the second waits for the first.
  Json json = scenario_of(1, 3);
  json["arrivals"] = {{"kind", "csv"}, {"file", "log.csv"}};
  const Json run = figures(json);
  CHECK(run["simulated_s"] == nearly(1.51));
  CHECK(run["latency_mean_ms"] == nearly((10 + 20 + 10) / 3.0));
  // Three requests in one second are 2 a second; at 20 a second 1 s becomes 0.1 s, after one mean gap.
  json["arrivals"]["rate_hz"] = 20;
  CHECK(figures(json)["simulated_s"] == nearly(0.05 + 0.1 + 0.01));
  json["arrivals"]["requests"] = 2;
  CHECK(figures(json)["requests_completed"] == 2);
}

TEST_CASE(
    "Requests that are not served although they are due are late: in overload all but those just come") {
  // A request a millisecond, of which one is served every 10 ms: the k-th, of k ms, in 9 k + 1 ms, 99 by the
  // end. 12 to 99 take longer than 100 ms. Of the others, those until 899 ms have waited longer.
  Json json = scenario_of(1, 10'000);
  json["arrivals"]["rate_hz"] = 1'000;
  json["infer"]["latency_budget_ms"] = 100;
  json["duration_s"] = 1;
  const Json run = figures(json);
  CHECK(run["requests_completed"] == 99);
  CHECK(run["requests_late"] == 88 + 800);
  // With 3 ms at the clients the 11th is late as well.
  json["serving_overhead"] = {{"parallel_ms", 3}};
  CHECK(figures(json)["requests_late"] == 89 + 800);
  // Nothing is served before 11 ms.
  json.erase("serving_overhead");
  json["duration_s"] = 0.0105;
  json["infer"]["latency_budget_ms"] = 2;
  const Json none = figures(json);
  CHECK(none["requests_completed"] == 0);
  CHECK(none["requests_pending"] == 10);
  CHECK(none["requests_late"] == 8);
}

TEST_CASE("A budget of energy that outlasts the clock is an error of its own") {
  Json json = scenario_of(1, 10);
  json["energy_budget_j"] = 1e12;
  CHECK(error_of(json).find("energy budget outlasts the clock") != std::string::npos);
}

TEST_CASE("A change after the last request keeps the run going until it has begun") {
  // The only request is served by 0.11 s; at 2 s the mode changes, in 30 ms.
  Json json = scenario_of(1, 1);
  json["mode_switch_ms"] = 30;
  json["changes"] = {{{"at_s", 2}, {"mode", mode_b}}};
  CHECK(figures(json)["simulated_s"] == nearly(2.03));
}

TEST_CASE("Serving overhead is in the clients' latency, and its serialised part in the device's time") {
  // 100 requests that never meet: 10 ms of inference and 2 ms serialised on the device, 3 ms beside it. The
  // device is busy 1.2 s: 1 s at 20 W and 0.2 s at the idle 5 W.
  Json json = scenario_of(1, 100);
  json["serving_overhead"] = {{"parallel_ms", 3}, {"serialised_ms", 2}};
  json["infer"]["latency_budget_ms"] = 14;
  const Json run = figures(json);
  CHECK(run["simulated_s"] == nearly(10.012));
  CHECK(run["latency_mean_ms"] == nearly(15));
  CHECK(run["latency_p99_ms"] == Approx(15).epsilon(1.0 / 256));
  CHECK(run["device_latency_mean_ms"] == nearly(12));
  CHECK(run["device_latency_max_ms"] == nearly(12));
  CHECK_FALSE(run.contains("latency_max_ms"));
  CHECK(run["requests_late"] == 100);  // 12 ms on the device would be in time
  CHECK(run["infer_pct"] == nearly(120 / 10.012));
  CHECK(run["energy_j"] == nearly(20 + 9.012 * 5));
}

TEST_CASE("A spread of the parallel overhead leaves the mean and widens the tail") {
  Json json = scenario_of(1, 100);
  json["serving_overhead"] = {{"parallel_ms", 3}, {"parallel_cv", 0.5}};
  const Json run = figures(json);
  CHECK(run["latency_mean_ms"] == nearly(13));
  CHECK(run["latency_p50_ms"] < 13);
  CHECK(run["latency_p99_ms"] > 16);
  CHECK(figures(json) == run);
}

}  // namespace
}  // namespace wattline::experiments

namespace {

wattline::experiments::Scenario scenario_of(const std::string& fields) {
  const std::string text =
      R"({"schema": "wattline-scenario/1", "name": "x", "device": "orin-agx-64gb", "mode": "MAXN", )" +
      fields + "}";
  const auto scenario = wattline::experiments::parse_scenario(text, "x.json", ".");
  if (!scenario) FAIL(scenario.error().message);
  return *scenario;
}

}  // namespace

TEST_CASE("A change of mode that changes the number of active SMs pays for the reboot") {
  // MAXN has 16 SMs, MODE_15W 6: 50 ms of switching and 120 s of reboot.
  const auto scenario = scenario_of(
      R"("train": {"workload": "resnet18"}, "duration_s": 300, "changes": [{"at_s": 100, "mode": "MODE_15W"}])");
  const auto run = wattline::experiments::run_scenario(scenario);
  REQUIRE(run.ok());
  CHECK(run->energy.time_ns(wattline::sim::Activity::switching) == 120'050'000'000);
}

TEST_CASE("Without a rate of its own a scenario expects the arrivals' mean rate") {
  const auto scenario = scenario_of(
      R"("infer": {"workload": "lstm", "batch": 1}, "arrivals": {"kind": "piecewise",
         "segments": [{"duration_s": 10, "rate_hz": 20}, {"duration_s": 30, "rate_hz": 40}]})");
  CHECK(scenario.phases.front().expected_rate_hz[0] == Approx((200 + 1200) / 40.0));
}
