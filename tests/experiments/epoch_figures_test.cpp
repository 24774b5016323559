// The table of epochs, and what the published predictor (POMACS 2022, arXiv 2509.20160) says beside it.
#include <cmath>

#include "tests/experiments/epoch_tables.hpp"

namespace wattline::experiments {
namespace {

using nlohmann::json;

constexpr const char* predictions[] = {"predicted_s", "time_error_pct", "predicted_energy_j",
                                       "energy_error_pct"};

bool has_predictions(const json& scenario) {
  const ResultTable epochs = epochs_of(scenario);
  REQUIRE(!epochs.rows.empty());
  const bool has = std::holds_alternative<double>(cell(epochs, 0, predictions[0]));
  for (std::size_t row = 0; row < epochs.rows.size(); ++row)
    for (const char* key : predictions) CHECK(std::holds_alternative<double>(cell(epochs, row, key)) == has);
  return has;
}

// 1,000 pictures, so that a test has many.
json small() {
  json scenario = characterization("mobilenet_gld23k");
  pipeline_of(scenario)["samples"] = 1000;
  return scenario;
}

json mode(int cores, int cpu_khz, int gpu_khz) {
  return {{"cores", cores}, {"cpu_khz", cpu_khz}, {"gpu_khz", gpu_khz}, {"emc_khz", 3199000}};
}

}  // namespace

TEST_CASE("Epochs that CPU or GPU bound are predicted within 2 %, time and energy, in modes and presets") {
  const json modes[] = {"MAXN",
                        "MODE_15W",
                        "MODE_30W",
                        "MODE_50W",
                        mode(12, 1113600, 1300500),
                        mode(4, 1113600, 1300500),
                        mode(2, 2201600, 624750),
                        mode(1, 2201600, 1300500),
                        mode(12, 422400, 318750)};
  for (const char* network : {"mobilenet_gld23k", "resnet18_imagenet", "resnet18_cifar10"})
    for (const int workers : {0, 1, 4})
      for (const json& in : modes) {
        json scenario = characterization(network);
        scenario["mode"] = in;
        pipeline_of(scenario)["workers"] = workers;
        CAPTURE(network, workers, in.dump());
        const ResultTable epochs = epochs_of(scenario);
        REQUIRE(epochs.rows.size() == 2);
        for (const std::size_t row : {0U, 1U}) {
          CHECK(std::abs(number(epochs, row, "time_error_pct")) < 2);
          CHECK(std::abs(number(epochs, row, "energy_error_pct")) < 2);
        }
      }
}

TEST_CASE("An epoch that storage bounds is predicted too short, and with too little energy") {
  json scenario = characterization("mobilenet_gld23k");
  pipeline_of(scenario)["storage"] = "hdd";
  const ResultTable epochs = epochs_of(scenario);
  // Read one after the other, a picture takes 17.6 ms and 121,317 bytes at 110 MB/s; the predictor has four
  // workers read at once, and each prepare pictures for 16 ms.
  const double read_ms = 17.6 + 121'317 / 110e3;
  CHECK(number(epochs, 0, "epoch_s") == Approx(23.080 * read_ms).epsilon(0.01));
  CHECK(number(epochs, 0, "predicted_s") == Approx(23.080 * (read_ms + 16) / 4).epsilon(0.001));
  CHECK(number(epochs, 0, "time_error_pct") < -50);
  CHECK(number(epochs, 0, "energy_error_pct") < -20);
  CHECK(number(epochs, 0, "energy_error_pct") > number(epochs, 0, "time_error_pct"));
  // The second finds all of it in the page cache.
  CHECK(std::abs(number(epochs, 1, "time_error_pct")) < 1);
}

TEST_CASE("Errors are predicted over simulated, and the energy is what the run counted") {
  const json scenario = small();
  const auto read = parse_scenario(scenario.dump(), "scenario.json", ".");
  REQUIRE(read);
  const auto run = run_scenario(*read);
  REQUIRE(run);
  const ResultTable epochs = epoch_figures_of(*read, *run);
  double sum_j = 0;
  for (std::size_t row = 0; row < 2; ++row) {
    const double time_s = number(epochs, row, "epoch_s"), energy_j = number(epochs, row, "energy_j");
    sum_j += energy_j;
    CHECK(number(epochs, row, "time_error_pct") ==
          Approx(100 * (number(epochs, row, "predicted_s") / time_s - 1)));
    CHECK(number(epochs, row, "energy_error_pct") ==
          Approx(100 * (number(epochs, row, "predicted_energy_j") / energy_j - 1)));
  }
  CHECK(sum_j == Approx(run->energy.total_j()).epsilon(1e-12));
}

TEST_CASE("Nothing is predicted for a job that is not alone, changes its mode, or is throttled") {
  CHECK(has_predictions(small()));

  json other_job = small();
  other_job["train"] = json::array({small()["train"], small()["train"]});
  CHECK_FALSE(has_predictions(other_job));

  json serving = small();
  serving["infer"] = {{"workload", "mobilenet_v3_large"}, {"batch", 1}};
  serving["arrivals"] = {{"kind", "uniform"}, {"rate_hz", 10}, {"requests", 10}};
  CHECK_FALSE(has_predictions(serving));

  json changes = small();
  changes["changes"] = json::array({{{"at_s", 1}, {"mode", "MODE_50W"}}});
  CHECK_FALSE(has_predictions(changes));
  changes["changes"][0]["mode"] = "MAXN";
  CHECK(has_predictions(changes));

  json warm = small();
  warm["thermal"] = {{"ambient_c", 25}};
  CHECK(has_predictions(warm));
  warm["thermal"] = {{"ambient_c", 75}, {"fan_pwm", 0}};
  pipeline_of(warm)["samples"] = 23080;
  CHECK_FALSE(has_predictions(warm));
}

}  // namespace wattline::experiments
