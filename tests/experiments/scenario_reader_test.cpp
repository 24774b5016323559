// Reading scenarios: every bad input gives one message that names the field and what is accepted.
#include "experiments/run/scenario.hpp"
#include "tests/catch.hpp"

namespace wattline::experiments {
namespace {

const Json good = Json::parse(R"({
  "schema": "wattline-scenario/1", "name": "s", "device": "orin-agx-64gb", "mode": "MAXN",
  "infer": {"workload": "resnet50", "batch": 16, "latency_budget_ms": 500},
  "train": {"workload": "resnet18"},
  "arrivals": {"kind": "poisson", "rate_hz": 60, "requests": 1000},
  "changes": [
    {"at_s": 10, "mode": {"cores": 8, "cpu_khz": 1344000, "gpu_khz": 726750, "emc_khz": 2133000}},
    {"at_s": 20.5, "infer_batch": 4, "train_per_cycle": 2, "expected_rate_hz": 30}
  ]
})");

Result<Scenario> parsed(const Json& json) {
  return parse_scenario(json.dump(), "s.json", "/base");
}

std::string error_of(const Json& json) {
  const auto scenario = parsed(json);
  return scenario ? "(accepted)" : scenario.error().message;
}

std::string error_with(const std::string& pointer, const Json& value) {
  Json changed = good;
  changed[Json::json_pointer(pointer)] = value;
  return error_of(changed);
}

std::string error_without(const std::string& object, const std::string& key) {
  Json changed = good;
  changed[Json::json_pointer(object)].erase(key);
  return error_of(changed);
}

void expect_start(const std::string& message, const std::string& start) {
  CAPTURE(message, start);
  CHECK(message.compare(0, start.size(), start) == 0);
}

void expect_mention(const std::string& message, const std::string& part) {
  CAPTURE(message, part);
  CHECK(message.find(part) != std::string::npos);
}

TEST_CASE("A good scenario is read, and a change keeps what it does not name") {
  const auto scenario = parsed(good);
  INFO((scenario ? "" : scenario.error().message));
  REQUIRE(scenario.ok());
  CHECK(scenario->training[0].batch == 16);
  CHECK(scenario->streams[0].latency_budget_ns == 500'000'000);
  CHECK(scenario->switching.mode_switch_ns == 50'000'000);  // the board's
  CHECK(scenario->streams[0].max_wait_ns == 0);
  CHECK_FALSE(scenario->duration_ns.has_value());
  REQUIRE(scenario->phases.size() == 3);
  const devices::PowerMode maxn{12, 2'201'600, 1'300'500, 3'199'000, 16};
  const devices::PowerMode middle{8, 1'344'000, 726'750, 2'133'000, 16};
  CHECK(scenario->phases[0].mode == maxn);
  CHECK(scenario->phases[0].infer_batch[0] == 16);
  CHECK(scenario->phases[0].train_per_cycle[0] == -1);
  CHECK(scenario->phases[0].expected_rate_hz[0] == 60);  // the arrivals'
  CHECK(scenario->phases[1].start_ns == 10'000'000'000);
  CHECK(scenario->phases[1].mode == middle);
  CHECK(scenario->phases[1].infer_batch[0] == 16);
  CHECK(scenario->phases[2].start_ns == 20'500'000'000);
  CHECK(scenario->phases[2].mode == middle);
  CHECK(scenario->phases[2].infer_batch[0] == 4);
  CHECK(scenario->phases[2].train_per_cycle[0] == 2);
  CHECK(scenario->phases[2].expected_rate_hz[0] == 30);
}

TEST_CASE("A scenario file that is not there is named") {
  const auto missing = read_scenario("/no/such/scenario.json");
  REQUIRE_FALSE(missing.ok());
  expect_start(missing.error().message, "/no/such/scenario.json: cannot be opened");
  expect_start(error_with("/arrivals", {{"kind", "csv"}, {"file", "none.csv"}}),
               "s.json: arrivals: file: /base/none.csv: cannot be opened");
}

TEST_CASE("A mode that the board lacks is answered with what is near") {
  const auto with_mode = [](const Json& mode) { return error_with("/mode", mode); };
  const Json middle = good["changes"][0]["mode"];
  Json mode = middle;
  mode["gpu_khz"] = 1300000;
  expect_start(with_mode(mode),
               "s.json: mode: gpu_khz 1300000 is not a GPU clock of orin-agx-64gb; nearest: 1236750, "
               "1300500");
  mode = middle;
  mode["cores"] = 13;
  expect_start(with_mode(mode), "s.json: mode: cores 13 is not a core count of orin-agx-64gb; nearest: 12");
  mode = middle;
  mode["active_sms"] = 8;
  expect_start(with_mode(mode), "s.json: mode: active_sms 8 exists on orin-agx-64gb in presets only: ");
  mode = middle;
  mode.erase("emc_khz");
  expect_start(with_mode(mode), "s.json: mode: emc_khz: missing");
  mode["emc_mhz"] = 2133;
  expect_start(with_mode(mode), "s.json: mode: emc_khz: missing");
  mode["emc_khz"] = 2133000;
  expect_mention(with_mode(mode), "'emc_mhz' is not a known key, did you mean 'emc_khz'?");
  expect_mention(with_mode("MAXM"), "s.json: mode: 'MAXM' is not a known preset of orin-agx-64gb");
  expect_mention(with_mode("MAXM"), "did you mean 'MAXN'?");
  expect_start(with_mode(5), "s.json: mode: an object {...} is expected, not 5");
  expect_start(error_with("/changes/0/mode", "MODE_51W"),
               "s.json: changes[0]: mode: 'MODE_51W' is not a known preset");
  expect_start(error_without("", "mode"), "s.json: mode: missing");
}

TEST_CASE("Batches, budgets and times are in range") {
  expect_start(error_with("/infer/batch", 0),
               "s.json: infer: batch: 0 is not accepted; a whole number from 1 to 1000000 is expected");
  expect_start(error_with("/infer/batch", -16), "s.json: infer: batch: -16 is not accepted");
  expect_start(error_with("/infer/batch", 1.5), "s.json: infer: batch: 1.5 is not accepted");
  expect_start(error_with("/train/batch", 0), "s.json: train: batch: 0 is not accepted");
  expect_start(error_with("/train/per_cycle", -1), "s.json: train: per_cycle: -1 is not accepted");
  expect_start(error_with("/infer/max_wait_ms", -1), "s.json: infer: max_wait_ms: -1 is not accepted");
  expect_start(error_with("/infer/latency_budget_ms", 0),
               "s.json: infer: latency_budget_ms: 0 is not accepted");
  expect_start(error_with("/duration_s", 0),
               "s.json: duration_s: 0 is not accepted; a number of at least 1e-09");
  expect_start(error_with("/mode_switch_ms", -1), "s.json: mode_switch_ms: -1 is not accepted");
  expect_start(error_with("/seed", -1), "s.json: seed: -1 is not accepted");
  expect_start(error_with("/seed", 1.5), "s.json: seed: 1.5 is not accepted");
  expect_start(error_with("/max_waiting", 0), "s.json: max_waiting: 0 is not accepted");
}

TEST_CASE("Arrivals are of a known kind with a rate of their own") {
  expect_start(error_with("/arrivals/rate_hz", 0),
               "s.json: arrivals: rate_hz: 0 is not accepted; a number above 0");
  expect_start(error_with("/arrivals/rate_hz", -60), "s.json: arrivals: rate_hz: -60 is not accepted");
  expect_start(error_without("/arrivals", "rate_hz"), "s.json: arrivals: rate_hz: missing");
  expect_mention(error_with("/arrivals/kind", "poison"), "did you mean 'poisson'?");
  expect_start(error_with("/arrivals/requests", 0), "s.json: arrivals: requests: 0 is not accepted");
  expect_start(error_with("/arrivals", {{"kind", "piecewise"}, {"segments", Json::array()}}),
               "s.json: arrivals: segments: [] is not accepted");
  expect_start(
      error_with("/arrivals", {{"kind", "piecewise"}, {"segments", {{{"duration_s", 0}, {"rate_hz", 1}}}}}),
      "s.json: arrivals: segments[0]: duration_s: 0 is not accepted");
  expect_start(error_with("/arrivals", {{"kind", "csv"}, {"file", "none.csv"}, {"if_missing", "poisson"}}),
               "s.json: arrivals: rate_hz: missing; it is needed to replace a log that is not there");
}

TEST_CASE("Names are known, keys too, and the text is of this schema") {
  expect_mention(error_with("/infer/workload", "resnet51"), "s.json: infer: workload: 'resnet51'");
  expect_mention(error_with("/infer/workload", "resnet51"), "did you mean 'resnet50'?");
  expect_mention(error_with("/train/batchs", 1), "did you mean 'batch'?");
  expect_mention(error_with("/arival", 1), "s.json: 'arival' is not a known key, did you mean 'arrivals'?");
  expect_mention(error_with("/changes/1/infer_batches", 1), "did you mean 'infer_batch'?");
  expect_mention(error_with("/schema", "wattline-experiment/1"),
                 "'wattline-experiment/1' is not a known value");
  expect_start(error_without("", "schema"), "s.json: schema: missing");
  expect_start(
      error_with("/name", ""),
      "s.json: name: \"\" is not accepted; a text of 1 to 4000 bytes without control characters is expected");
}

TEST_CASE("A scenario has work, arrivals for its inference only, and an end") {
  Json json = good;
  json.erase("infer");
  json.erase("train");
  json.erase("changes");
  expect_start(error_of(json), "s.json: neither 'infer' nor 'train' is given");
  expect_start(error_without("", "arrivals"), "s.json: arrivals: missing; 'infer' needs it");
  json = good;
  json.erase("infer");
  json.erase("changes");
  expect_start(error_of(json), "s.json: arrivals: nothing serves them; 'infer' is missing");
  json.erase("arrivals");
  expect_start(error_of(json),
               "s.json: duration_s: missing; neither it, nor 'energy_budget_j', nor the arrivals, nor "
               "'epochs' end the run");
  json["duration_s"] = 5;
  CHECK(error_of(json) == "(accepted)");
  expect_start(error_without("/arrivals", "requests"),
               "s.json: duration_s: missing; neither it, nor 'energy_budget_j', nor the arrivals, nor "
               "'epochs' end the run");
}

TEST_CASE("Heat needs a board that has a thermal model, and options in range") {
  CHECK(error_with("/thermal", {{"ambient_c", 30}, {"fan_profile", "max"}}) == "(accepted)");
  CHECK(error_with("/thermal", Json::object()) == "(accepted)");
  expect_start(error_with("/thermal", {{"ambient_c", 151}}), "s.json: thermal: ambient_c: 151");
  expect_start(error_with("/thermal", {{"ambient_c", 98}}), "s.json: thermal: ambient_c: 98 is not accepted");
  expect_start(error_with("/thermal", {{"fan_profile", "silent"}}), "s.json: thermal: fan_profile: ");
  expect_start(error_with("/thermal", {{"period_ms", 7}}), "s.json: thermal: period_ms: 7");
  expect_start(error_with("/thermal", {{"ambient", 30}}), "s.json: thermal: 'ambient' is not a known key");
}

TEST_CASE("An energy budget and variability have their ranges, and a budget ends a run") {
  Json json = good;
  json["arrivals"].erase("requests");
  json["energy_budget_j"] = 12.5;
  CHECK(error_of(json) == "(accepted)");
  CHECK((parsed(json)->energy_budget_fj == sim::Int128{12'500'000} * 1'000'000'000));
  expect_start(error_with("/energy_budget_j", 0), "s.json: energy_budget_j: 0 is not accepted");
  expect_start(error_with("/energy_budget_j", 1e13),
               "s.json: energy_budget_j: 10000000000000.0 is not accepted");
  CHECK(error_with("/variability", {{"time_cv", 0.03}}) == "(accepted)");
  expect_start(error_with("/variability", {{"time_cv", -0.1}}), "s.json: variability: time_cv: -0.1");
  expect_start(error_with("/variability", {{"power_cv", 1.5}}), "s.json: variability: power_cv: 1.5");
  expect_start(error_with("/variability", {{"cv", 0.1}}), "s.json: variability: 'cv' is not a known key");
}

TEST_CASE("Serving overhead has known parts in range and needs inference") {
  CHECK(error_with("/serving_overhead", {{"parallel_ms", 2.1}, {"parallel_cv", 0.2}}) == "(accepted)");
  const auto scenario = parsed([] {
    Json json = good;
    json["serving_overhead"] = {{"parallel_ms", 2.5}, {"serialised_ms", 0.125}};
    return json;
  }());
  REQUIRE(scenario.ok());
  CHECK(scenario->serving_overhead.parallel_mean_ns == 2'500'000);
  CHECK(scenario->serving_overhead.serialised_ns == 125'000);
  CHECK(scenario->serving_overhead.parallel_cv == 0);
  expect_start(error_with("/serving_overhead", {{"parallel_ms", -1}}),
               "s.json: serving_overhead: parallel_ms: -1 is not accepted");
  expect_mention(error_with("/serving_overhead", {{"paralel_ms", 1}}), "did you mean 'parallel_ms'?");
  Json json = good;
  json.erase("infer");
  json.erase("arrivals");
  json.erase("changes");
  json["duration_s"] = 5;
  json["serving_overhead"] = Json::object();
  expect_start(error_of(json), "s.json: serving_overhead: the scenario has no inference");
}

TEST_CASE("Changes come in ascending order and change only what there is") {
  expect_start(error_with("/changes/1/at_s", 10),
               "s.json: changes[1]: at_s: changes must be in ascending order of time");
  expect_start(error_with("/changes/1/at_s", 9),
               "s.json: changes[1]: at_s: changes must be in ascending order of time");
  expect_start(error_with("/changes/0/at_s", 0),
               "s.json: changes[0]: at_s: 0 is not accepted; a number above 0");
  expect_start(error_without("/changes/0", "at_s"), "s.json: changes[0]: at_s: missing");
  expect_start(error_with("/changes/1/infer_batch", 0), "s.json: changes[1]: infer_batch: 0 is not accepted");
  expect_start(error_without("", "train"),
               "s.json: changes[1]: train_per_cycle: the scenario has no training");
}

}  // namespace
}  // namespace wattline::experiments
