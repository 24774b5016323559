// Training whose data are loaded beside the simulated board.
#include <fmt/format.h>

#include "devices/operating_point.hpp"
#include "tests/experiments/scenario_texts.hpp"
#include "workloads/input_pipeline/training_run.hpp"

namespace wattline::experiments {
namespace {

struct Pipeline {
  std::string network = "mobilenet_v3_large";
  int samples = 1'000;
  std::string storage = R"("sd")";
  double page_cache_mb = 60;
  int workers = 4;
  std::string more = R"("epochs": 3)";
};

std::string text_of(const Pipeline& of, const std::string& rest = "") {
  return fmt::format(
      R"({{"schema": "wattline-scenario/1", "name": "x", "device": "orin-agx-64gb", "mode": "MAXN",
    "train": {{"workload": "{}", "input_pipeline": {{"samples": {}, "bytes_per_sample": 121000,
      "decoded_bytes_per_sample": 602112, "storage": {}, "page_cache_mb": {}, "workers": {}, {}}}}} {}}})",
      of.network, of.samples, of.storage, of.page_cache_mb, of.workers, of.more, rest);
}

// What the device's part of a minibatch costs, and what loading has, on the scenario's board and in its mode.
devices::FixedOperatingPoint device_of(const Scenario& scenario) {
  auto point = devices::FixedOperatingPoint::make(
      *scenario.board.truth, scenario.phases[0].mode, {},
      {{scenario.training[0].workload, scenario.training[0].batch, workloads::Role::train, true}});
  REQUIRE(point);
  return *std::move(point);
}

}  // namespace

TEST_CASE("Alone on the board, epochs are those of the input pipeline simulated without an engine") {
  for (const char* network : {"mobilenet_v3_large", "resnet18"})
    for (const char* storage : {R"("sd")", R"("hdd")", R"({"mb_per_s": 900, "access_ms": 0.01})"})
      for (const int workers : {0, 1, 3, 4})
        for (const int samples : {1'000, 1'009}) {
          CAPTURE(network, storage, workers, samples);
          const std::string text = text_of({network, samples, storage, 60, workers});
          const Scenario scenario = scenario_of(text);
          const auto point = device_of(scenario);
          workloads::InputPipelineOptions options = *scenario.training[0].input_pipeline;
          options.cpu = {point.loading_cpu().cores, point.loading_cpu().cycles_per_s};
          // The seed orders the samples; how many of them a cache misses hardly depends on it, so none is
          // missed here beyond the first epoch, or all.
          options.cache_bytes = 0;
          const auto expected = workloads::simulate_training(options, point.train_time_ns(), 1);
          REQUIRE(expected);
          const ScenarioRun result = run(text_of({network, samples, storage, 0, workers}));
          REQUIRE(result.epochs[0].records.size() == 3);
          for (std::size_t i = 0; i < 3; ++i) {
            const EpochRecord& epoch = result.epochs[0].records[i];
            const workloads::EpochFigures& other = (*expected)[i];
            CHECK(epoch.epoch_ns == other.epoch_ns);
            CHECK(epoch.minibatches == other.minibatches);
            CHECK(epoch.copy_ns == other.copy_ns);
            CHECK(epoch.training_ns == other.gpu_busy_ns + other.copy_ns);
            CHECK(epoch.fetch_stall_ns == other.fetch_stall_ns);
            CHECK(epoch.gpu_stall_ns == other.gpu_stall_ns);
            CHECK(epoch.load == other.load);
          }
          CHECK(result.simulated_ns == result.epochs[0].records[2].end_ns);
        }
}

TEST_CASE("The energy of epochs is that of computing, waiting and loading, each counted by hand") {
  const std::string text = text_of({});
  const auto point = device_of(scenario_of(text));
  const ScenarioRun result = run(text);
  sim::Int128 sum_fj = 0;
  for (const EpochRecord& epoch : result.epochs[0].records) {
    sum_fj += epoch.energy_fj;
    auto device = point;
    const sim::MinibatchCost cost = device.minibatch({sim::Work::train, 0});
    double minibatch_uw = 0, idle_uw = 0, core_uw = 0;
    for (std::size_t rail = 0; rail < sim::max_rails; ++rail) {
      minibatch_uw += static_cast<double>(cost.power_uw[rail]);
      idle_uw += static_cast<double>(point.idle_power_uw()[rail]);
      core_uw += static_cast<double>(point.loading_cpu().core_uw[rail]);
    }
    const double energy_fj =
        minibatch_uw * static_cast<double>(cost.time_ns) * static_cast<double>(epoch.minibatches) +
        idle_uw * static_cast<double>(epoch.copy_ns + epoch.fetch_stall_ns) +
        core_uw * static_cast<double>(epoch.load.loading_core_ns);
    // The mean power of a minibatch with its copy is rounded to the microwatt.
    CHECK(static_cast<double>(epoch.energy_fj) == Approx(energy_fj).epsilon(1e-6));
  }
  CHECK(sum_fj == result.energy.total_fj());
}

TEST_CASE("The first epoch reads from storage, later ones what the page cache does not hold") {
  const ScenarioRun cached = run(text_of({"resnet18", 1'000, R"("sd")", 200}));
  CHECK(cached.epochs[0].records[0].load.samples_read == 1'000);
  CHECK(cached.epochs[0].records[1].load.samples_read == 0);
  CHECK(cached.epochs[0].records[1].epoch_ns < cached.epochs[0].records[0].epoch_ns);
  // 495 of 1,000 samples fit: f + (1 - f) ln(1 - f) of them are hit, 15 %, 1 % of which by chance.
  const ScenarioRun half = run(text_of({"resnet18", 1'000, R"("sd")", 60}));
  CHECK(half.epochs[0].records[2].load.samples_read == Approx(850).margin(40));
}

TEST_CASE("A lower CPU clock makes loading slower from the change on, and the device's share stays") {
  // MAXN for 30 s, then the lowest CPU clock: MobileNet's loading is the bottleneck there.
  const std::string slow = R"({"cores": 12, "cpu_khz": 729600, "gpu_khz": 1300500, "emc_khz": 3199000})";
  const Pipeline endless{"mobilenet_v3_large", 4'000, R"("nvme")", 600, 4, R"("drop_last": true)"};
  const std::string rest = fmt::format(
      R"(, "duration_s": 160, "mode_switch_ms": 0, "changes": [{{"at_s": 30, "mode": {}}}])", slow);
  const ScenarioRun result = run(text_of(endless, rest));
  const auto& epochs = result.epochs[0].records;
  REQUIRE(epochs.size() >= 4);
  CHECK(epochs.front().fetch_stall_ns < epochs.front().epoch_ns / 20);
  CHECK(epochs.back().fetch_stall_ns > epochs.back().epoch_ns / 4);
  // 16 samples of 16 ms at 2201.6 MHz, on four workers at 729.6 MHz.
  const double minibatch_ms = 16 * 16 * (2201.6 / 729.6) / 4;
  CHECK(sim::ns_to_ms(epochs.back().epoch_ns) / 250 == Approx(minibatch_ms).epsilon(0.03));
}

TEST_CASE("Inference goes first, and training's minibatches wait for the GPU meanwhile") {
  const Pipeline endless{"resnet18", 1'000, R"("nvme")", 200, 4, R"("prefetch": 2)"};
  const std::string serving =
      R"(, "duration_s": 60, "infer": {"workload": "mobilenet_v3_large", "batch": 16},
         "arrivals": {"kind": "uniform", "rate_hz": 60})";
  const ScenarioRun beside = run(text_of(endless, serving));
  const ScenarioRun alone = run(text_of(endless, R"(, "duration_s": 60)"));
  CHECK(beside.requests().arrived == 3'600);
  CHECK(beside.training[0].finished < alone.training[0].finished);
  REQUIRE(!beside.epochs[0].records.empty());
  const EpochRecord& epoch = beside.epochs[0].records[0];
  CHECK(epoch.gpu_stall_ns > alone.epochs[0].records[0].gpu_stall_ns);
  CHECK(epoch.executing_ns > epoch.training_ns);
  CHECK(epoch.epoch_ns <= sim::ns_per_s * 60);
}

TEST_CASE("Loading does not change the requests that arrive") {
  const std::string serving =
      R"(, "duration_s": 60, "infer": {"workload": "mobilenet_v3_large", "batch": 1},
         "arrivals": {"kind": "poisson", "rate_hz": 20})";
  const auto arrived = [&](double page_cache_mb) {
    return run(text_of({"resnet18", 1'000, R"("sd")", page_cache_mb, 4, R"("prefetch": 2)"}, serving))
        .requests()
        .arrived;
  };
  CHECK(arrived(0) == arrived(60));
}

TEST_CASE("A sensor sees what loading draws when it draws it, whether the board gets warm or not") {
  // A minibatch of 100 MB at 1 MB/s, then 100 s on one core at 2201.6 MHz.
  const auto text = [](const std::string& rest) {
    return fmt::format(
        R"({{"schema": "wattline-scenario/1", "name": "x", "device": "orin-agx-64gb", "mode": "MAXN", "sensor": {{}},
           "train": {{"workload": "mobilenet_v3_large", "input_pipeline": {{"samples": 16, "bytes_per_sample": 6250000,
             "decoded_bytes_per_sample": 602112, "cpu_cycles_per_sample": 13760000000,
             "storage": {{"mb_per_s": 1}}, "page_cache_mb": 0, "workers": 1, "epochs": 1}}}} {}}})",
        rest);
  };
  const auto point = device_of(scenario_of(text("")));
  double idle_w = 0, core_w = 0;
  for (std::size_t rail = 0; rail < sim::max_rails; ++rail) {
    idle_w += static_cast<double>(point.idle_power_uw()[rail]) * 1e-6;
    core_w += static_cast<double>(point.loading_cpu().core_uw[rail]) * 1e-6;
  }
  for (const char* rest : {"", R"(, "thermal": {})"}) {
    const ScenarioRun result = run(text(rest));
    REQUIRE(result.sensor);
    REQUIRE(result.sensor->rows.size() == 200);
    const auto true_w = [&](std::size_t row) {
      return static_cast<double>(result.sensor->rows[row].drawn_fj) * 1e-15;
    };
    for (const std::size_t row : {0, 50, 99}) CHECK(true_w(row) == Approx(idle_w).epsilon(1e-6));
    for (const std::size_t row : {100, 150, 198}) CHECK(true_w(row) == Approx(idle_w + core_w).epsilon(1e-6));
  }
}

TEST_CASE("A job that has trained its epochs leaves its share of the cores to the others") {
  const auto epoch_s = [](const std::string& second) {
    const std::string job = R"({"workload": "mobilenet_v3_large", "input_pipeline": {"samples": 1600,
      "bytes_per_sample": 121000, "decoded_bytes_per_sample": 602112, "storage": "nvme", "page_cache_mb": 0,
      "epochs": 1}})";
    const std::string mode = R"({"cores": 3, "cpu_khz": 2201600, "gpu_khz": 1300500, "emc_khz": 3199000})";
    return sim::ns_to_seconds(run(fmt::format(R"({{"schema": "wattline-scenario/1", "name": "x",
      "device": "orin-agx-64gb", "mode": {}, "train": [{}{}]}})",
                                              mode, job, second))
                                  .epochs[0]
                                  .records[0]
                                  .epoch_ns);
  };
  const double alone_s = epoch_s("");
  const double beside_s = epoch_s(R"(, {"workload": "resnet18", "input_pipeline": {"samples": 16,
    "bytes_per_sample": 121000, "decoded_bytes_per_sample": 602112, "storage": "nvme", "page_cache_mb": 0,
    "epochs": 1}})");
  CHECK(beside_s > alone_s);
  CHECK(beside_s < alone_s + 1);
}

TEST_CASE("Why a job with epochs left makes no progress is said") {
  const std::string never_fits =
      R"(, "infer": {"workload": "mobilenet_v3_large", "batch": 4, "max_wait_ms": 50},
    "arrivals": {"kind": "uniform", "rate_hz": 200, "requests": 200})";
  const auto error = [](const std::string& text) {
    const auto result = run_scenario(scenario_of(text));
    return result ? "" : result.error().message;
  };
  CHECK(error(text_of({"mobilenet_v3_large", 160, R"("nvme")", 60, 4, R"("epochs": 2)"}, never_fits))
            .starts_with(
                "the run would never end: no more requests come, but the dispatcher does not let training "
                "job 0 execute"));
  CHECK(error(text_of({"resnet18", 30'000'000, R"("nvme")", 0, 1,
                       R"("epochs": 1, "cpu_cycles_per_sample": 1000000000000)"})) ==
        "the data of training job 0 would be loaded beyond the clock's 100 years");
}

TEST_CASE("What cannot be loaded is refused, and the message names the field") {
  CHECK(error_of(text_of({.workers = -1})) ==
        "scenario.json: train: input_pipeline: workers: -1 is not accepted; a whole number from 0 to 64 is "
        "expected");
  CHECK(error_of(text_of({.more = R"("prefetch": 0)"})) ==
        "scenario.json: train: input_pipeline: prefetch: 0 is not accepted; a whole number from 1 to 1024 is "
        "expected");
  CHECK(error_of(text_of({.storage = R"({"mb_per_s": 0})"})) ==
        "scenario.json: train: input_pipeline: storage: mb_per_s: 0 is not accepted; a number of at least "
        "0.001 and "
        "at most 1000000 is expected");
  CHECK(error_of(text_of({.storage = R"("nvem")"})) ==
        "scenario.json: train: input_pipeline: storage: 'nvem' is not a known storage medium, did you mean "
        "'nvme'?; "
        "known: nvme, emmc, sd, hdd");
  CHECK(error_of(text_of({.samples = 10, .more = R"("drop_last": true)"}))
            .starts_with("scenario.json: train: input_pipeline: "));
  CHECK(error_of(text_of({.more = R"("prefetch": 2)"})) ==
        "scenario.json: duration_s: missing; neither it, nor 'energy_budget_j', nor the arrivals, nor "
        "'epochs' end "
        "the run");
}

}  // namespace wattline::experiments
