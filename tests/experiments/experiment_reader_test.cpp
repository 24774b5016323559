// Reading experiments: every bad input gives one message that names the field and what is accepted.
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "experiments/compare/experiment.hpp"
#include "tests/catch.hpp"

namespace wattline::experiments {
namespace {

namespace fs = std::filesystem;

const Json good = Json::parse(R"({
  "schema": "wattline-experiment/1", "name": "e", "device": "orin-agx-64gb", "mode_space": "fulcrum",
  "problems": [
    {"kind": "concurrent", "train": "resnet18", "infer": "resnet50", "infer_batches": [16, 1, 16],
     "power_budgets_w": [20, 30], "latency_budgets_ms": [500, 1000], "arrival_rates_hz": [30]},
    {"kind": "train", "train": "lstm", "power_budgets_w": {"from": 10, "to": 12, "step": 1}}
  ],
  "policies": [{"policy": "gmd"}, {"policy": "random_search", "profiles": 9, "label": "rnd"}],
  "replay": {"arrivals": {"kind": "poisson", "requests": 100}}
})");

Result<Experiment> parsed(const Json& json) {
  return parse_experiment(json.dump(), "e.json", "/base");
}

// The message for the good experiment with the value at `pointer` replaced (or added).
std::string error_with(const std::string& pointer, const Json& value) {
  Json changed = good;
  changed[Json::json_pointer(pointer)] = value;
  const auto experiment = parsed(changed);
  return experiment ? "(accepted)" : experiment.error().message;
}

std::string error_without(const std::string& object, const std::string& key) {
  Json changed = good;
  changed[Json::json_pointer(object)].erase(key);
  const auto experiment = parsed(changed);
  return experiment ? "(accepted)" : experiment.error().message;
}

void expect_start(const std::string& message, const std::string& start) {
  CAPTURE(message, start);
  CHECK(message.compare(0, start.size(), start) == 0);
}

void expect_mention(const std::string& message, const std::string& part) {
  CAPTURE(message, part);
  CHECK(message.find(part) != std::string::npos);
}

TEST_CASE("A good experiment is read, its axes multiplied out and its defaults filled in") {
  const auto experiment = parsed(good);
  INFO((experiment ? "" : experiment.error().message));
  REQUIRE(experiment.ok());
  CHECK(experiment->seed == 1);
  CHECK(experiment->modes->name() == "fulcrum");
  CHECK(experiment->presets.size() == 4);  // of the space's clock table
  REQUIRE(experiment->problems.size() == 2 * 2 + 3);
  const policies::Problem& first = experiment->problems.front();
  CHECK(first.kind == policies::ProblemKind::concurrent);
  CHECK(first.train_batch == 16);
  CHECK(first.infer_batches == std::vector<int>{1, 16});  // sorted, once each
  CHECK(first.arrival_rate_hz == 30);
  CHECK(first.latency_budget_ns == 500'000'000);
  CHECK(first.power_budget_w == 20);
  CHECK(first.id == "resnet18+resnet50/30rps/500ms/20W");
  CHECK(experiment->problems[1].power_budget_w == 30);
  CHECK(experiment->problems[2].latency_budget_ns == 1'000'000'000);
  CHECK(experiment->problems.back().id == "lstm/12W");
  CHECK(experiment->problems.back().kind == policies::ProblemKind::train);
  REQUIRE(experiment->policies.size() == 2);
  CHECK(experiment->policies[0].label == "gmd");
  CHECK(experiment->policies[1].label == "rnd");
  CHECK(experiment->profiling.minibatches == 40);
  CHECK(experiment->profiling.settle_s == 2.5);
  CHECK(experiment->profiling.mode_switch_s == 0.05);
  CHECK(experiment->profiling.reboot_s == 120);
  CHECK(experiment->profiling.time_noise == 0);
  REQUIRE(experiment->replay.has_value());
  CHECK(experiment->replay->arrivals.requests == 100);
}

TEST_CASE("Inference batches default to those that studies of the network use") {
  Json changed = good;
  changed["problems"][0].erase("infer_batches");
  const auto experiment = parsed(changed);
  REQUIRE(experiment.ok());
  CHECK(experiment->problems.front().infer_batches == std::vector<int>{1, 4, 16, 32, 64});
}

TEST_CASE("A file that is not there is named, wherever it is asked for") {
  const auto missing = read_experiment("/no/such/experiment.json");
  REQUIRE_FALSE(missing.ok());
  expect_start(missing.error().message, "/no/such/experiment.json: cannot be opened");
  Json changed = good;
  changed.erase("device");
  changed["device_file"] = "boards/none.json";
  expect_start(parsed(changed).error().message,
               "e.json: device_file: /base/boards/none.json: cannot be opened");
  expect_start(error_with("/replay/arrivals", {{"kind", "csv"}, {"file", "none.csv"}}),
               "e.json: replay: arrivals: file: /base/none.csv: cannot be opened");
}

TEST_CASE("Keys that nobody knows are answered with the nearest, at every level") {
  expect_mention(error_with("/polices", 1), "e.json: 'polices' is not a known key, did you mean 'policies'?");
  expect_mention(error_with("/problems/0/train_batches", 1), "did you mean 'train_batch'?");
  expect_mention(error_with("/problems/1/power_budget_w", 1), "did you mean 'power_budgets_w'?");
  expect_mention(error_with("/policies/1/profile", 1), "did you mean 'profiles'?");
  expect_mention(error_with("/profiling", {{"minibatch", 5}}), "did you mean 'minibatches'?");
  expect_mention(error_with("/replay/arrivals/request", 1), "did you mean 'requests'?");
  expect_mention(error_with("/problems/1/latency_budgets_ms", Json::array({5})),
                 "'latency_budgets_ms' is not a known key");
}

TEST_CASE("Budgets and rates are positive, finite numbers") {
  for (const char* key : {"power_budgets_w", "latency_budgets_ms", "arrival_rates_hz"}) {
    const std::string pointer = std::string("/problems/0/") + key;
    const std::string start = std::string("e.json: problems[0]: ") + key + ": ";
    // A latency below the clock's resolution of a nanosecond would be no budget at all.
    const std::string name = key;
    const std::string accepted = name == "latency_budgets_ms" ? "a number of at least 1e-06"
                                 : name == "arrival_rates_hz" ? "a number of at least 0.001"
                                                              : "a number above 0";
    expect_start(error_with(pointer, Json::array({-5})),
                 start + "-5 is not accepted; " + accepted + " and at most ");
    expect_start(error_with(pointer, Json::array({0})), start + "0 is not accepted; " + accepted);
    expect_start(error_with(pointer, Json::array({20, "30"})), start + "\"30\" is not accepted");
    expect_start(error_with(pointer, Json::array()),
                 start + "[] is not accepted; a list of numbers or {\"from\"");
    expect_start(error_with(pointer, 30), start + "30 is not accepted; a list of numbers");
    expect_start(error_with(pointer, {{"from", 1}, {"to", 0.5}, {"step", 1}}),
                 start + "to: 0.5 is below 'from' 1");
    expect_start(error_without("/problems/0", key), start + "missing");
  }
}

TEST_CASE("A range's values are the decimal numbers that were meant") {
  Json changed = good;
  changed["problems"][1]["power_budgets_w"] = {{"from", 3}, {"to", 9}, {"step", 0.6}};
  const auto experiment = parsed(changed);
  REQUIRE(experiment.ok());
  const policies::Problem& last_but_one = experiment->problems[experiment->problems.size() - 2];
  CHECK(last_but_one.power_budget_w == 8.4);  // 3 + 9 * 0.6 is 8.399999999999999 in doubles
  CHECK(last_but_one.id == "lstm/8.4W");
  CHECK(experiment->problems.back().power_budget_w == 9);
}

TEST_CASE("A number beyond a double is refused with the text that holds it") {
  std::string text = good.dump();
  text.replace(text.find("[20,30]"), 7, "[1e999]");
  const auto experiment = parse_experiment(text, "e.json", "/base");
  REQUIRE_FALSE(experiment.ok());
  expect_start(experiment.error().message, "e.json: ");
  expect_mention(experiment.error().message, "1e999");
}

TEST_CASE("Batches are whole numbers of at least one") {
  expect_start(
      error_with("/problems/0/infer_batches", Json::array({0})),
      "e.json: problems[0]: infer_batches: 0 is not accepted; a whole number from 1 to 1000000 is expected");
  expect_start(error_with("/problems/0/infer_batches", Json::array({1.5})),
               "e.json: problems[0]: infer_batches: 1.5");
  expect_start(error_with("/problems/0/train_batch", 0),
               "e.json: problems[0]: train_batch: 0 is not accepted");
  expect_start(error_with("/problems/0/train_batch", -1),
               "e.json: problems[0]: train_batch: -1 is not accepted");
}

TEST_CASE("Workloads, boards, mode spaces and kinds are known names") {
  expect_mention(error_with("/problems/0/train", "resnet19"),
                 "e.json: problems[0]: train: 'resnet19' is not a known");
  expect_mention(error_with("/problems/0/train", "resnet19"), "did you mean 'resnet18'?");
  expect_mention(error_with("/problems/0/infer", "yolo8n"), "did you mean 'yolov8n'?");
  expect_mention(error_with("/device", "orin-agx-64g"), "did you mean 'orin-agx-64gb'?");
  expect_mention(error_with("/mode_space", "fulcrom"),
                 "e.json: mode_space: 'fulcrom' is not a known mode space");
  expect_mention(error_with("/mode_space", "fulcrom"), "did you mean 'fulcrum'?");
  expect_mention(error_with("/problems/0/kind", "concurent"), "did you mean 'concurrent'?");
  expect_mention(error_with("/schema", "wattline-experiment/2"), "did you mean 'wattline-experiment/1'?");
  // Not used for inference in any study, so without usual batches.
  Json changed = good;
  changed["problems"][0].erase("infer_batches");
  changed["problems"][0]["infer"] = "resnet18";
  expect_start(parsed(changed).error().message,
               "e.json: problems[0]: infer_batches: missing; resnet18 has no usual batch sizes");
}

TEST_CASE("Exactly one board is expected") {
  expect_start(error_without("", "device"),
               "e.json: device: exactly one of 'device', 'device_file', 'model' and 'profiles'");
  expect_start(error_with("/device_file", "x.json"), "e.json: device: exactly one of");
}

TEST_CASE("The same problem twice is an error that names it") {
  expect_start(error_with("/problems/1/power_budgets_w", Json::array({10, 11, 10})),
               "e.json: problems: lstm/10W appears twice");
  Json changed = good;
  changed["problems"].push_back(changed["problems"][0]);
  expect_start(parsed(changed).error().message,
               "e.json: problems: resnet18+resnet50/30rps/500ms/20W appears twice");
}

TEST_CASE("Policies are known, their options in range and their labels distinct") {
  expect_mention(error_with("/policies/0/policy", "gmb"),
                 "e.json: policies[0]: policy: 'gmb' is not a known value");
  expect_mention(error_with("/policies/0/policy", "gmb"), "did you mean 'gmd'?");
  expect_start(
      error_with("/policies/1/profiles", 0),
      "e.json: policies[1]: profiles: 0 is not accepted; a whole number from 1 to 1000000 is expected");
  expect_start(error_with("/policies/1/label", "gmd"), "e.json: policies[1]: label: 'gmd' appears twice");
  expect_start(error_with("/policies", Json::array()), "e.json: policies: [] is not accepted");
  expect_start(error_with("/problems", Json::array()), "e.json: problems: [] is not accepted");
}

TEST_CASE("Profiling is checked against its ranges") {
  expect_start(error_with("/profiling", {{"minibatches", 0}}),
               "e.json: profiling: minibatches: 0 is not accepted");
  expect_start(
      error_with("/profiling", {{"time_noise", 1.5}}),
      "e.json: profiling: time_noise: 1.5 is not accepted; a number of at least 0 and at most 1 is expected");
  expect_start(error_with("/profiling", {{"settle_s", -1}}),
               "e.json: profiling: settle_s: -1 is not accepted");
}

TEST_CASE("Profiles are read from a sensor only where the experiment says so, and it is the board's") {
  CHECK_FALSE(parsed(good)->profiling.sensor.has_value());
  Json changed = good;
  changed["seed"] = 7;
  changed["profiling"] = {{"sensor", Json::object()}};
  const auto usual = parsed(changed);
  REQUIRE(usual.ok());
  REQUIRE(usual->profiling.sensor.has_value());
  CHECK(usual->profiling.sensor->idle_before_s == 10);
  const devices::PowerSensorOptions& sensor = usual->profiling.sensor->sensor;
  CHECK(sensor.poll_hz == 1);
  CHECK(sensor.gain_error == 0);
  CHECK(sensor.seed == 7);
  CHECK(sensor.board == "orin-agx-64gb");
  CHECK(sensor.rails == std::vector<std::string>{"VDD_GPU_SOC", "VDD_CPU_CV", "VIN_SYS_5V0"});
  CHECK(sensor.chip.samples == 512);
  CHECK(sensor.chip.conversion_us == 140);
  changed["profiling"]["sensor"] = {{"poll_hz", 10},
                                    {"gain_error", 0.03},
                                    {"idle_before_s", 3},
                                    {"samples", 128},
                                    {"conversion_us", 1100.0}};
  const auto own = parsed(changed);
  REQUIRE(own.ok());
  CHECK(own->profiling.sensor->idle_before_s == 3);
  CHECK(own->profiling.sensor->sensor.poll_hz == 10);
  CHECK(own->profiling.sensor->sensor.gain_error == 0.03);
  CHECK(own->profiling.sensor->sensor.chip.samples == 128);
  CHECK(own->profiling.sensor->sensor.chip.conversion_us == 1100);
}

TEST_CASE("A sensor is checked against its ranges, and refused where the board or its costs have none") {
  const auto fault = [](const Json& sensor) { return error_with("/profiling", {{"sensor", sensor}}); };
  const std::string start = "e.json: profiling: sensor: ";
  expect_start(fault({{"poll_hz", 0}}), start + "poll_hz: 0 is not accepted");
  expect_start(fault({{"gain_error", 0.2}}), start + "gain_error: 0.2 is not accepted");
  expect_start(fault({{"samples", 500}}),
               start + "samples: 500 is not accepted; 1, 4, 16, 64, 128, 256, 512");
  expect_start(fault({{"conversion_us", 100}}), start + "conversion_us: 100 is not accepted");
  expect_start(fault({{"idle_before_s", -1}}), start + "idle_before_s: -1 is not accepted");
  expect_start(fault({{"poll", 1}}), start + "'poll' is not a known key");
  expect_start(fault(1), start);
  Json changed = good;
  changed["profiling"] = {{"sensor", Json::object()}};
  changed["device"] = "agx-xavier";
  changed["mode_space"] = "full";
  const auto unknown = parsed(changed);
  REQUIRE_FALSE(unknown.ok());
  expect_start(unknown.error().message,
               start + "what agx-xavier measures of its power is not known; its device file has no 'sensor'");
  changed.erase("device");
  changed["model"] = "built-in:xavier-nx";  // of power at the wall
  const auto wall = parsed(changed);
  REQUIRE_FALSE(wall.ok());
  expect_start(wall.error().message,
               start + "channel 'VDD_IN': the power has no rail 'VDD_CPU_GPU_CV'; it has total");
}

TEST_CASE("A replay ends, and takes its rate from the problems") {
  expect_start(error_without("/replay/arrivals", "requests"),
               "e.json: replay: arrivals: 'requests' is missing; a replay must end");
  expect_mention(error_with("/replay/arrivals/rate_hz", 30), "'rate_hz' is not a known key");
  expect_mention(error_with("/replay/arrivals/kind", "piecewise"), "'piecewise' is not a known value");
}

TEST_CASE("A replay that would hardly end is refused before anything runs") {
  Json changed = good;
  changed["problems"][0]["arrival_rates_hz"] = {0.001, 30};
  changed["replay"]["arrivals"]["requests"] = 20'000;
  const auto slow = parsed(changed);
  REQUIRE_FALSE(slow.ok());
  expect_start(
      slow.error().message,
      "e.json: replay: arrivals: 20000 requests at the slowest rate of the problems, 0.001 a second");
  expect_mention(error_with("/replay/arrivals/requests", 1'000'000'000), "at most 10000000 are replayed");
}

TEST_CASE("Rates that leave the clock's range are refused") {
  expect_start(error_with("/problems/0/arrival_rates_hz", Json::array({1e-9})),
               "e.json: problems[0]: arrival_rates_hz: 1e-09 is not accepted; a number of at least 0.001");
}

TEST_CASE("Problems that differ in their batches alone are told apart by them") {
  Json changed = good;
  Json other = changed["problems"][1];
  other["train_batch"] = 32;
  changed["problems"].push_back(other);
  const auto experiment = parsed(changed);
  INFO((experiment ? "" : experiment.error().message));
  REQUIRE(experiment.ok());
  CHECK(experiment->problems.back().id == "lstm/12W/train 32");
  changed["problems"].push_back(other);
  const auto twice = parsed(changed);
  REQUIRE_FALSE(twice.ok());
  expect_mention(twice.error().message, "lstm/10W/train 32 appears twice");
}

TEST_CASE("There are no more policies than can be compared two by two") {
  Json changed = good;
  changed["policies"] = Json::array();
  for (int i = 0; i < 201; ++i)
    changed["policies"].push_back({{"policy", "gmd"}, {"label", std::to_string(i)}});
  const auto experiment = parsed(changed);
  REQUIRE_FALSE(experiment.ok());
  expect_start(experiment.error().message, "e.json: policies: more than 200");
}

TEST_CASE("A log that is not there may be replaced by Poisson arrivals, with a note") {
  Json changed = good;
  changed["replay"]["arrivals"] = {
      {"kind", "azure_llm"}, {"file", "none.csv"}, {"if_missing", "poisson"}, {"requests", 50}};
  const auto experiment = parsed(changed);
  REQUIRE(experiment.ok());
  CHECK(experiment->replay->arrivals.kind == ArrivalSource::Kind::poisson);
  expect_mention(experiment->replay->arrivals.note, "/base/none.csv is not there");
}

const Json on_a_table = {{"schema", "wattline-experiment/1"},
                         {"name", "t"},
                         {"profiles", "p.csv"},
                         {"idle_power_w", 3},
                         {"problems", {{{"kind", "train"}, {"train", "net"}, {"power_budgets_w", {10, 20}}}}},
                         {"policies", {{{"policy", "random_search"}}}}};

TEST_CASE("A table of profiles is a board whose modes are those that were measured") {
  const fs::path folder = fs::temp_directory_path() / ("wattline_reader." + std::to_string(::getpid()));
  fs::create_directories(folder);
  std::ofstream(folder / "p.csv")
      << "device,workload,role,batch,cores,cpu_khz,gpu_khz,emc_khz,time_ms,power_w\n"
         "tx2,net,train,16,2,1000,500,800,50,9\ntx2,net,train,16,4,1000,500,800,30,12\n";
  const Json& json = on_a_table;
  const auto experiment = parse_experiment(json.dump(), "t.json", folder.string());
  const auto error_of = [&](const char* key, const Json& value) {
    Json wrong = json;
    wrong["problems"][0][key] = value;
    const auto read = parse_experiment(wrong.dump(), "t.json", folder.string());
    return read ? "(accepted)" : read.error().message;
  };
  expect_mention(error_of("train", "nett"), "did you mean 'net'");
  expect_mention(error_of("train_batch", 8), "net (train) was not measured at batch 8, but at 16");
  fs::remove_all(folder);
  INFO((experiment ? "" : experiment.error().message));
  REQUIRE(experiment.ok());
  CHECK(experiment->board.name == "tx2");
  CHECK(experiment->modes->size() == 2);
  CHECK(experiment->inputs().size() == 1);
  CHECK(experiment->inputs()[0].path == "p.csv");
  CHECK(experiment->notes().empty());
}

TEST_CASE("A table that may be cut off, or repeats a row, is used, and the user is told") {
  const fs::path folder = fs::temp_directory_path() / ("wattline_cut." + std::to_string(::getpid()));
  fs::create_directories(folder);
  std::ofstream(folder / "p.csv")
      << "device,workload,role,batch,cores,cpu_khz,gpu_khz,emc_khz,time_ms,power_w\n"
         "tx2,net,train,16,2,1000,500,800,50,9\ntx2,net,train,16,2,1000,500,800,50,9\n"
         "tx2,net,train,16,4,1000,500,800,30,1";  // of 12
  const Json& json = on_a_table;
  const auto experiment = parse_experiment(json.dump(), "t.json", folder.string());
  fs::remove_all(folder);
  INFO((experiment ? "" : experiment.error().message));
  REQUIRE(experiment.ok());
  const std::vector<std::string> notes = experiment->notes();
  REQUIRE(notes.size() == 2);
  expect_mention(notes[0], "p.csv: line 4, the last one, has no line break at its end and may be cut off");
  expect_mention(notes[1], "p.csv: line 3 is the same as line 2");
}

}  // namespace
}  // namespace wattline::experiments
