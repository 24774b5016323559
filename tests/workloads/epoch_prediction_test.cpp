// Where the published predictor of an epoch's time and energy (POMACS 2022, arXiv 2509.20160) is near the
// simulation, and where it is not.
#include "workloads/input_pipeline/epoch_prediction.hpp"

#include "tests/catch.hpp"
#include "tests/workloads/input_pipeline_options.hpp"
#include "workloads/input_pipeline/training_run.hpp"

namespace wattline::workloads {
namespace {

using sim::ns_per_ms;
using sim::TimeNs;

constexpr PowerProfile power{.gpu_w = 40, .idle_w = 10, .core_w = 1.5};

// Simulated over predicted.
struct Ratio {
  double time;
  double energy;
};

// What the board draws in an epoch, of which power is integrated piece by piece.
double drawn_j(const EpochFigures& epoch) {
  const double gpu_s = sim::ns_to_seconds(epoch.gpu_busy_ns);
  const double waiting_s = sim::ns_to_seconds(epoch.copy_ns + epoch.fetch_stall_ns);
  return 40 * gpu_s + 10 * waiting_s + 1.5 * sim::ns_to_seconds(epoch.load.loading_core_ns);
}

// In the epoch of that index.
Ratio against_prediction(const InputPipelineOptions& options, TimeNs gpu_ns, std::size_t index = 0) {
  const auto epochs = simulate_training(options, gpu_ns, 1);
  REQUIRE(epochs);
  const MinibatchProfile profile =
      expected_profile(options, gpu_ns, index == 0 ? WhichEpoch::first : WhichEpoch::later);
  const EpochPrediction predicted =
      predicted_epoch(profile, power, minibatches_an_epoch(options), options.workers, options.cpu.cores);
  const EpochFigures& epoch = epochs->at(index);
  return {static_cast<double>(epoch.epoch_ns) / predicted.time_ns, drawn_j(epoch) / predicted.energy_j};
}

}  // namespace

// A minibatch of round_pipeline takes 1 ms from storage, 10 x compute_us on a core, 10 us to copy.

TEST_CASE("A prediction is the formula, computed by hand") {
  const MinibatchProfile profile{
      .fetch_ns = 1 * ns_per_ms, .preprocess_ns = 7 * ns_per_ms, .copy_ns = 500'000, .gpu_ns = ns_per_ms};
  // (1 + 7) / 4 ms, of which 1 ms at 40 W and 1 ms at 10 W, and 7 ms of a core at 1.5 W.
  const EpochPrediction four = predicted_epoch(profile, power, 1000, 4, 8);
  CHECK(four.time_ns == Approx(2e9));
  CHECK(four.energy_j == Approx(40 + 10 + 10.5));
  // 1.5 ms of the GPU hide loading on 8 workers.
  const EpochPrediction eight = predicted_epoch(profile, power, 1000, 8, 8);
  CHECK(eight.time_ns == Approx(1.5e9));
  CHECK(eight.energy_j == Approx(40 + 5 + 10.5));
  // Cores, not workers; and one after the other, on half a core.
  CHECK(predicted_epoch(profile, power, 1000, 8, 2).time_ns == Approx(4e9));
  const EpochPrediction none = predicted_epoch(profile, power, 1000, 0, 0.5);
  CHECK(none.time_ns == Approx(1e9 * (1 + 7 / 0.5 + 1.5)));
  CHECK(none.energy_j == Approx(40 + 10 * 15.5 + 10.5));
  CHECK(predicted_epoch(profile, power, 0, 4, 8).time_ns == 0);
  CHECK(predicted_epoch(profile, power, 0, 4, 8).energy_j == 0);
}

TEST_CASE("Without workers a prediction is exact, cached or not") {
  InputPipelineOptions options = round_pipeline(0, 200, 4);
  options.epochs = 2;
  options.cache_bytes = options.samples * options.bytes_per_sample;
  for (const std::size_t epoch : {0U, 1U}) {
    const Ratio ratio = against_prediction(options, 3 * ns_per_ms, epoch);
    CHECK(ratio.time == 1);
    CHECK(ratio.energy == Approx(1).epsilon(1e-9));
  }
}

TEST_CASE("Predictions are within 1 % of long epochs that CPU or GPU bound, time and energy") {
  const auto check = [](const InputPipelineOptions& options, TimeNs gpu_ns) {
    const Ratio ratio = against_prediction(options, gpu_ns);
    CHECK(ratio.time == Approx(1).epsilon(0.01));
    CHECK(ratio.energy == Approx(1).epsilon(0.01));
  };
  check(round_pipeline(4, 1200, 4), 100'000);
  check(round_pipeline(2, 1200, 4), 1'000'000);
  check(round_pipeline(4, 1200, 8), 9'000'000);
  check(round_pipeline(1, 400, 1), 2'000'000);
}

TEST_CASE("A data set that half fits is predicted by the closed form of the page cache") {
  InputPipelineOptions options = round_pipeline(1, 100, 4);
  options.cache_bytes = 5'000 * options.bytes_per_sample;
  options.epochs = 2;
  const Ratio ratio = against_prediction(options, 100'000, 1);
  CHECK(ratio.time == Approx(1).epsilon(0.02));
  CHECK(ratio.energy == Approx(1).epsilon(0.02));
}

TEST_CASE("Storage as the bottleneck is divided by the workers, and waits for cores: too fast, or too slow") {
  // 1 ms of reads and 0.1 ms on a core; it predicts (1 + 0.1) / 4.
  const InputPipelineOptions storage_bound = round_pipeline(4, 10, 4);
  CHECK(against_prediction(storage_bound, 50'000).time == Approx(4 / 1.1).epsilon(0.01));
  // In 1 ms: 0.05 at 40 W, 0.95 at 10 W, 0.1 of a core; predicted for 0.275 ms.
  CHECK(against_prediction(storage_bound, 50'000).energy ==
        Approx((2 + 9.5 + 0.15) / (2 + 2.25 + 0.15)).epsilon(0.01));
  // Two cores and eight workers: it predicts (1 + 2) / 2, but six of the workers wait, and 1 ms goes.
  CHECK(against_prediction(round_pipeline(8, 200, 2), 50'000).time == Approx(1 / 1.5).epsilon(0.01));
}

TEST_CASE("Short epochs fill no pipeline, and a small last minibatch counts as a whole one") {
  // Epochs of 10 minibatches: 3 ms until the first is loaded, and 10 x 3.01 ms.
  InputPipelineOptions few = round_pipeline(4, 200, 4);
  few.samples = 100;
  CHECK(against_prediction(few, 3'000'000).time == Approx(1 + 3 / 30.1).epsilon(1e-6));
  few.samples = 11;
  few.workers = 0;
  CHECK(against_prediction(few, 3'000'000).time == Approx((6.01 + 0.3 + 3.001) / 12.02).epsilon(1e-6));
}

TEST_CASE("The error of the energy is that of the time, all of it at idle power") {
  const InputPipelineOptions options = round_pipeline(4, 10, 4);
  const EpochFigures epoch = simulate_training(options, 50'000, 1)->front();
  const EpochPrediction predicted = predicted_epoch(expected_profile(options, 50'000, WhichEpoch::first),
                                                    power, 1000, options.workers, options.cpu.cores);
  const double missing_s = static_cast<double>(epoch.epoch_ns) * 1e-9 - predicted.time_ns * 1e-9;
  CHECK(drawn_j(epoch) - predicted.energy_j == Approx(10 * missing_s).epsilon(1e-6));
}

}  // namespace wattline::workloads
