// A network that the catalogue lacks, profiled and calibrated, is run and compared like any other.
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "devices/calibration/calibrate.hpp"
#include "devices/calibration/model_file.hpp"
#include "experiments/compare/comparison.hpp"
#include "experiments/run/scenario.hpp"
#include "tests/catch.hpp"

namespace wattline::experiments {
namespace {

namespace fs = std::filesystem;
namespace calibration = devices::calibration;
using devices::PowerMode;
using workloads::Role;

const devices::DeviceSpec& nano() {
  static const devices::DeviceSpec spec = *devices::find_device("jetson-nano");
  return spec;
}

PowerMode at_gpu_khz(std::int32_t khz) {
  return {4, 1'479'000, khz, 1'600'000, nano().gpu.sms};
}

// What the user's board is said to take: 5 ms and 10 ms a sample at the top GPU clock, three times that in
// training.
double time_ms(Role role, std::int64_t batch, std::int32_t gpu_khz) {
  return (role == Role::train ? 3 : 1) * (5 + 10 * static_cast<double>(batch)) * 921'600 / gpu_khz;
}

std::vector<devices::ProfileRow> profiles(const std::string& workload, Role role,
                                          const std::vector<std::int64_t>& batches, bool counted) {
  std::vector<devices::ProfileRow> rows;
  for (const std::int32_t khz : {307'200, 460'800, 614'400, 768'000, 921'600}) {
    for (const std::int64_t batch : batches) {
      devices::ProfileRow row;
      row.device = nano().name;
      row.workload = workload;
      row.role = role;
      row.batch = batch;
      row.mode = at_gpu_khz(khz);
      row.time_ms = time_ms(role, batch, khz);
      row.power_w = 2.5 + 4 * std::pow(khz / 921'600.0, 2);
      row.power_kind = devices::PowerKind::module_rails;
      if (counted) {
        row.flop = 2e8 + 1e9 * static_cast<double>(batch);
        row.bytes = 2e7 + 3e7 * static_cast<double>(batch);
      }
      row.line = rows.size() + 2;
      rows.push_back(row);
    }
  }
  return rows;
}

// A folder with one model, m.json: "fitted" in both roles, "counted" at batches 1 and 8, "single" at batch 4.
struct Folder {
  fs::path path = fs::temp_directory_path() / ("wattline_own." + std::to_string(::getpid()));

  Folder() {
    std::vector<devices::ProfileRow> rows = profiles("fitted", Role::infer, {1, 4, 16}, false);
    for (const auto& more :
         {profiles("fitted", Role::train, {16}, false), profiles("counted", Role::infer, {1, 8}, true),
          profiles("single", Role::infer, {4}, true)})
      rows.insert(rows.end(), more.begin(), more.end());
    calibration::CalibrationOptions options;
    options.fit_work = {"fitted"};
    options.held_out = false;
    auto made = calibration::calibrate(nano(), nano().text, rows, "p.csv", options);
    REQUIRE(made.ok());
    fs::create_directories(path);
    std::ofstream(path / "m.json") << calibration::write_model(made->model);
  }
  ~Folder() { fs::remove_all(path); }
};

const Folder& folder() {
  static const Folder made;
  return made;
}

devices::HybridModel model() {
  return devices::HybridModel(*calibration::read_model((folder().path / "m.json").string()));
}

double predicted_ms(const std::string& workload, Role role, std::int64_t batch, std::int32_t gpu_khz) {
  const auto cost = model().predict(workload, role, {batch, at_gpu_khz(gpu_khz), {}, {}});
  INFO((cost ? "" : cost.error().message));
  REQUIRE(cost.ok());
  return cost->time_s.value * 1e3;
}

Json mode_json(std::int32_t gpu_khz) {
  return {{"cores", 4}, {"cpu_khz", 1'479'000}, {"gpu_khz", gpu_khz}, {"emc_khz", 1'600'000}};
}

// Requests one every two seconds, so that none waits for another.
Json serving(const std::string& workload, int batch) {
  return {{"schema", "wattline-scenario/1"},
          {"name", "own"},
          {"model", "m.json"},
          {"mode", mode_json(921'600)},
          {"infer", {{"workload", workload}, {"batch", batch}, {"max_wait_ms", 1}}},
          {"arrivals", {{"kind", "uniform"}, {"rate_hz", 0.5}, {"requests", 20}}}};
}

Json training(const std::string& workload, int batch) {
  return {{"schema", "wattline-scenario/1"},
          {"name", "own"},
          {"model", "m.json"},
          {"mode", mode_json(614'400)},
          {"train", {{"workload", workload}, {"batch", batch}}},
          {"duration_s", 100}};
}

Json figures(const Json& json) {
  const auto scenario = parse_scenario(json.dump(), "s.json", folder().path.string());
  INFO((scenario ? "" : scenario.error().message));
  REQUIRE(scenario.ok());
  const auto run = run_scenario(*scenario);
  REQUIRE(run.ok());
  return Json::parse(figures_of(*scenario, *run).to_json())[0];
}

std::string refusal(const Json& json) {
  const bool experiment = json["schema"] == "wattline-experiment/1";
  const auto error_of = [](const auto& read) { return read ? "(accepted)" : read.error().message; };
  if (experiment) return error_of(parse_experiment(json.dump(), "e.json", folder().path.string()));
  return error_of(parse_scenario(json.dump(), "s.json", folder().path.string()));
}

Json experiment_json() {
  return Json::parse(R"({
    "schema": "wattline-experiment/1", "name": "own", "model": "m.json",
    "problems": [
      {"kind": "train", "train": "fitted", "power_budgets_w": [4, 20]},
      {"kind": "concurrent", "train": "fitted", "infer": "counted", "infer_batches": [1, 2, 8],
       "power_budgets_w": [20], "latency_budgets_ms": [2000], "arrival_rates_hz": [2]}
    ],
    "policies": [{"policy": "maxn"}, {"policy": "gmd"}],
    "replay": {"arrivals": {"kind": "uniform", "requests": 80}}
  })");
}

void expect_mention(const std::string& message, const std::string& part) {
  CAPTURE(message, part);
  CHECK(message.find(part) != std::string::npos);
}

TEST_CASE(
    "A request to a network of one's own takes the time that was profiled, and exactly what is predicted") {
  for (const char* workload : {"fitted", "counted", "fitted@pytorch-fp32"}) {
    const Json run = figures(serving(workload, 1));
    CHECK(run["requests_completed"] == 20);
    const double mean_ms = run["latency_mean_ms"];
    CHECK(mean_ms == Approx(predicted_ms(workload, Role::infer, 1, 921'600)).epsilon(1e-6));
    CHECK(mean_ms == Approx(time_ms(Role::infer, 1, 921'600)).epsilon(0.05));
  }
}

TEST_CASE("A counted network runs at a batch between those that were profiled") {
  // The request waits 1 ms for three others, then a batch of four runs: 45 ms on the board that was profiled.
  const double mean_ms = figures(serving("counted", 4))["latency_mean_ms"];
  CHECK(mean_ms == Approx(1 + predicted_ms("counted", Role::infer, 4, 921'600)).epsilon(1e-6));
  CHECK(mean_ms == Approx(1 + time_ms(Role::infer, 4, 921'600)).epsilon(0.15));
}

TEST_CASE("A network of one's own trains minibatch after minibatch") {
  const Json run = figures(training("fitted", 16));
  const double minibatch_ms = predicted_ms("fitted", Role::train, 16, 614'400);
  CHECK(minibatch_ms == Approx(time_ms(Role::train, 16, 614'400)).epsilon(0.05));
  CHECK(run["train_minibatches"] == static_cast<int>(100e3 / minibatch_ms));
}

TEST_CASE("The optimum for a network of one's own is the fastest predicted mode within the budget") {
  const auto experiment = parse_experiment(experiment_json().dump(), "e.json", folder().path.string());
  INFO((experiment ? "" : experiment.error().message));
  REQUIRE(experiment.ok());
  const auto comparison = compare(*experiment, {1, false});
  INFO((comparison ? "" : comparison.error().message));
  REQUIRE(comparison.ok());
  const devices::HybridModel truth = model();
  for (const std::size_t problem : {0, 1}) {
    const double budget_w = experiment->problems[problem].power_budget_w;
    double least_s = 1e9;
    for (std::size_t i = 0; i < experiment->modes->size(); ++i) {
      const auto cost = truth.predict("fitted", Role::train, {16, experiment->modes->at(i), {}, {}});
      REQUIRE(cost.ok());
      if (cost->power_w.value <= budget_w) least_s = std::min(least_s, cost->time_s.value);
    }
    const auto& optimum = comparison->by_problem[problem].optimum;
    REQUIRE(optimum.has_value());
    CHECK(sim::ns_to_seconds(optimum->value.train_time_ns) == Approx(least_s).epsilon(1e-6));
    CHECK(optimum->value.power_w <= budget_w);
  }
  // Policies profile it, plan with it, and their plans are replayed with all requests.
  for (const PolicyResult& policy : comparison->by_problem[2].by_policy) {
    CHECK(policy.outcome.termination != policies::Termination::error);
    REQUIRE(policy.score.has_value());
    CHECK(policy.score->solved);
    REQUIRE(policy.replay.has_value());
    CHECK(policy.replay->requests == 80);
    CHECK(policy.replay->train_rate_hz > 0);
  }
}

TEST_CASE("A counted network's usual batches are those that it was profiled at, a fitted one has none") {
  Json json = experiment_json();
  json["problems"][1].erase("infer_batches");
  const auto experiment = parse_experiment(json.dump(), "e.json", folder().path.string());
  REQUIRE(experiment.ok());
  CHECK(experiment->problems.back().infer_batches == std::vector<int>{1, 8});
  json["problems"][1]["infer"] = "fitted";
  CHECK(refusal(json) == "e.json: problems[1]: infer_batches: missing; fitted has no usual batch sizes");
}

TEST_CASE("A network profiled for inference is refused for training, with the field and the reason") {
  const std::string reason =
      "'counted@pytorch-fp32' was profiled for infer only; train needs profiles of its own";
  CHECK(refusal(training("counted", 16)) == "s.json: train: workload: " + reason);
  Json json = experiment_json();
  json["problems"][0]["train"] = "counted";
  CHECK(refusal(json) == "e.json: problems[0]: train: " + reason);
}

TEST_CASE("A batch that does not follow from the profiled one is refused before anything runs") {
  expect_mention(refusal(serving("single", 2)),
                 "s.json: infer: batch: 'single@pytorch-fp32' was profiled for infer at batch 4 only");
  CHECK(refusal(serving("single", 4)) == "(accepted)");
  Json later = serving("single", 4);
  later["changes"] = {{{"at_s", 5}, {"infer_batch", 8}}};
  expect_mention(refusal(later), "infer_batch: 'single@pytorch-fp32' was profiled for infer at batch 4 only");
  Json json = experiment_json();
  json["problems"][1]["infer"] = "single";
  expect_mention(refusal(json), "e.json: problems[1]: infer_batches: 'single@pytorch-fp32' was profiled");
}

TEST_CASE("A misspelt workload is answered with the nearest of the catalogue and the model") {
  expect_mention(refusal(serving("fited", 1)),
                 "s.json: infer: workload: 'fited' is not a known workload, did you mean 'fitted'?");
  expect_mention(refusal(serving("fited", 1)), "the model adds counted, fitted, single");
  expect_mention(refusal(serving("resnet5O", 1)), "did you mean 'resnet50'?");
  expect_mention(refusal(serving("fitted@pytorch-fp16", 1)),
                 "'fitted@pytorch-fp16' was not profiled; profiled:");
  // Without the model the network is unknown, as before.
  Json json = serving("fitted", 1);
  json.erase("model");
  json["device"] = "jetson-nano";
  expect_mention(refusal(json), "s.json: infer: workload: 'fitted' is not a known workload");
}

TEST_CASE("Costs that no profile is near are noted, one line a workload") {
  const auto notes = [](const Json& json) {
    const auto scenario = parse_scenario(json.dump(), "s.json", folder().path.string());
    REQUIRE(scenario.ok());
    return scenario->notes();
  };
  CHECK(notes(serving("fitted", 16)).empty());
  CHECK(notes(serving("counted", 4)).empty());
  CHECK(notes(serving("fitted", 64)) ==
        std::vector<std::string>{
            "fitted was profiled for infer at batches 1 to 16; costs at 64 are extrapolated"});
  CHECK(notes(serving("counted", 16)).size() == 1);
  CHECK(notes(training("fitted", 32)) ==
        std::vector<std::string>{"fitted was profiled for train at batch 16; costs at 32 are extrapolated"});
  REQUIRE(notes(training("resnet18", 16)).size() == 1);
  expect_mention(notes(training("resnet18", 16))[0], "resnet18 was not profiled for train");
  Json json = experiment_json();
  json["problems"][1]["infer_batches"] = {1, 16, 32};
  const auto experiment = parse_experiment(json.dump(), "e.json", folder().path.string());
  REQUIRE(experiment.ok());
  CHECK(experiment->notes() ==
        std::vector<std::string>{
            "counted was profiled for infer at batches 1 to 8; costs at 16, 32 are extrapolated"});
  // A board without a model has no profiles to be near.
  Json roofline = serving("resnet50", 64);
  roofline.erase("model");
  roofline["device"] = "jetson-nano";
  CHECK(notes(roofline).empty());
}

TEST_CASE("Networks of the catalogue run beside one's own") {
  CHECK(figures(serving("resnet50", 1))["requests_completed"] == 20);
  CHECK(refusal(training("resnet18", 16)) == "(accepted)");
  expect_mention(refusal(training("resnet18@tensorrt-fp16", 16)), "does not train");
}

}  // namespace
}  // namespace wattline::experiments
