// A training job alone on a board: bounds in closed form, and what the study of training on Jetson boards
// (POMACS 2022, arXiv 2509.20160) found.
#include "workloads/input_pipeline/training_run.hpp"

#include <algorithm>

#include "tests/catch.hpp"
#include "tests/workloads/input_pipeline_options.hpp"

namespace wattline::workloads {
namespace {

using sim::ns_per_ms;
using sim::TimeNs;

std::vector<EpochFigures> trained(const InputPipelineOptions& options, TimeNs gpu_ns) {
  const auto epochs = simulate_training(options, gpu_ns, 1);
  REQUIRE(epochs);
  return *epochs;
}

double epoch_ms(const InputPipelineOptions& options, TimeNs gpu_ns) {
  return sim::ns_to_ms(trained(options, gpu_ns).front().epoch_ns);
}

}  // namespace

// A minibatch of round_pipeline takes 1 ms from storage, 10 x compute_us on a core, 10 us to copy.

TEST_CASE("A full pipeline goes at the rate of its slowest part: storage, cores, workers, or the GPU") {
  const auto a_minibatch_ms = [](std::int64_t workers, std::int64_t compute_us, double cores, TimeNs gpu_ns) {
    return epoch_ms(round_pipeline(workers, compute_us, cores), gpu_ns) / 1000;
  };
  // An epoch of 1,000 minibatches pays one latency besides, below 1 % here.
  CHECK(a_minibatch_ms(8, 100, 8, 100'000) == Approx(1).epsilon(0.01));                // storage
  CHECK(a_minibatch_ms(8, 1200, 3, 100'000) == Approx(12.0 / 3).epsilon(0.01));        // cores
  CHECK(a_minibatch_ms(8, 1200, 2.5, 100'000) == Approx(12.0 / 2.5).epsilon(0.01));    // part of a core
  CHECK(a_minibatch_ms(3, 1100, 8, 100'000) == Approx((1 + 11.0) / 3).epsilon(0.01));  // workers
  CHECK(a_minibatch_ms(4, 100, 8, 5 * ns_per_ms) == Approx(5.01).epsilon(0.01));       // GPU and copy
}

TEST_CASE(
    "No epoch is faster than storage, cores, workers and GPU allow, or slower than all of them in turn") {
  for (const std::int64_t workers : {0, 1, 2, 4, 7})
    for (const std::int64_t compute_us : {1, 90, 110, 700})
      for (const double cores : {0.5, 1.0, 3.0})
        for (const TimeNs gpu_ns : {50'000, 990'000, 4'000'000}) {
          CAPTURE(workers, compute_us, cores, gpu_ns);
          const InputPipelineOptions options = round_pipeline(workers, compute_us, cores);
          const EpochFigures epoch = trained(options, gpu_ns).front();
          const double compute_ms = 0.01 * static_cast<double>(compute_us);
          const double gpu_ms = sim::ns_to_ms(gpu_ns) + 0.01;
          const double processes = static_cast<double>(std::max<std::int64_t>(1, workers));
          const double slowest_ms =
              std::max({1.0, compute_ms / std::min(cores, processes), (1 + compute_ms) / processes, gpu_ms});
          const double minibatch_ms = sim::ns_to_ms(epoch.epoch_ns) / 1000;
          CHECK(minibatch_ms >= slowest_ms * (1 - 1e-6));
          CHECK(minibatch_ms <= (1 + compute_ms / std::min(1.0, cores) + gpu_ms) * (1 + 1e-6));
          // What loading takes of storage and cores does not depend on how it is done.
          CHECK(epoch.load.storage_busy_ns == 1000 * ns_per_ms);
          CHECK(sim::ns_to_ms(epoch.load.loading_core_ns) == Approx(1000 * compute_ms).epsilon(1e-4));
          CHECK(epoch.epoch_ns == epoch.gpu_busy_ns + epoch.copy_ns + epoch.fetch_stall_ns);
          CHECK(epoch.gpu_stall_ns <= epoch.gpu_busy_ns + epoch.copy_ns);
        }
}

TEST_CASE("Without workers the times add up, to the nanosecond") {
  InputPipelineOptions options = round_pipeline(0, 200, 4);
  options.epochs = 2;
  options.cache_bytes = options.samples * options.bytes_per_sample;
  const auto epochs = trained(options, 3 * ns_per_ms);
  CHECK(epochs[0].epoch_ns == TimeNs{1000} * (1'000'000 + 2'000'000 + 10'000 + 3'000'000));
  CHECK(epochs[0].fetch_stall_ns == TimeNs{1000} * 3'000'000);
  CHECK(epochs[0].gpu_stall_ns == 0);
  CHECK(epochs[1].epoch_ns == TimeNs{1000} * (2'000'000 + 10'000 + 3'000'000));
  CHECK(epochs[1].load.samples_read == 0);
}

TEST_CASE("A GPU that is always behind waits for the first minibatch only, and minibatches wait for it") {
  const EpochFigures epoch = trained(round_pipeline(4, 200, 4), 10 * ns_per_ms).front();
  CHECK(epoch.fetch_stall_ns == 3 * ns_per_ms);
  // The next was always there, but for the second, which is read 1 ms after the first; none follows the last.
  CHECK(epoch.gpu_stall_ns == TimeNs{999} * 10'010'000 - 1 * ns_per_ms);
}

TEST_CASE("A last minibatch that is smaller is loaded and copied sooner, and can be dropped") {
  InputPipelineOptions options = round_pipeline(0, 200, 4);
  options.samples = 10'005;
  const EpochFigures with = trained(options, ns_per_ms).front();
  CHECK(with.minibatches == 1001);
  CHECK(with.load.samples == 10'005);
  options.drop_last = true;
  const EpochFigures without = trained(options, ns_per_ms).front();
  CHECK(without.minibatches == 1000);
  CHECK(with.epoch_ns - without.epoch_ns == 1'500'000 + 5'000 + 1'000'000);
}

TEST_CASE("Published: about four workers are enough once the stall vanishes, or the cores run out") {
  // 12 ms of work a minibatch against 3.5 ms on the GPU, on plenty of cores: four workers hide it.
  std::vector<double> on_many, on_three;
  for (const std::int64_t workers : {0, 1, 2, 3, 4, 6, 8, 16}) {
    on_many.push_back(epoch_ms(round_pipeline(workers, 1200, 16), 3'500'000));
    on_three.push_back(epoch_ms(round_pipeline(workers, 1200, 3), 1'000'000));
  }
  for (std::size_t i = 1; i < 5; ++i) CHECK(on_many[i] < 0.95 * on_many[i - 1]);
  CHECK(on_many[5] > 0.99 * on_many[4]);
  CHECK(on_many[7] > 0.99 * on_many[5]);
  for (std::size_t i = 2; i < 4; ++i) CHECK(on_three[i] < 0.8 * on_three[i - 1]);
  CHECK(on_three[4] > 0.9 * on_three[3]);  // the fourth works while another waits for storage
  CHECK(on_three[7] > 0.99 * on_three[4]);
}

TEST_CASE("Published: a prefetch beyond 2 hardly matters") {
  for (const TimeNs gpu_ns : {1'000'000, 3'000'000, 6'000'000}) {
    CAPTURE(gpu_ns);
    InputPipelineOptions options = round_pipeline(4, 1200, 4);
    const double two_ms = epoch_ms(options, gpu_ns);
    for (const std::int64_t prefetch : {3, 4, 16}) {
      options.prefetch = prefetch;
      CHECK(epoch_ms(options, gpu_ns) == Approx(two_ms).epsilon(0.002));
    }
  }
}

TEST_CASE("Published: slow storage matters only where fetch is the bottleneck and not cached") {
  // Pictures of 120 kB (GLD-23k is 23,080 in 2.8 GB), of 10 ms on a core; minibatches of 16, four workers.
  const auto epochs_ms = [](const char* medium, TimeNs gpu_ns, bool fits) {
    InputPipelineOptions options = round_pipeline(4, 10'000, 4);
    options.samples = 3200;
    options.bytes_per_sample = 120'000;
    options.batch = 16;
    options.storage = *storage_preset(medium);
    options.cache_bytes = (fits ? 2 : 0) * options.samples * options.bytes_per_sample;
    options.epochs = 2;
    std::vector<double> all;
    for (const EpochFigures& epoch : trained(options, gpu_ns)) all.push_back(sim::ns_to_ms(epoch.epoch_ns));
    return all;
  };
  // Loading takes 40 ms a minibatch on four cores. SSD and eMMC differ little; a disk's 300 ms show.
  const auto ssd = epochs_ms("nvme", 5 * ns_per_ms, false), emmc = epochs_ms("emmc", 5 * ns_per_ms, false);
  const auto disk = epochs_ms("hdd", 5 * ns_per_ms, false), cached = epochs_ms("hdd", 5 * ns_per_ms, true);
  CHECK(emmc[0] < 1.06 * ssd[0]);
  CHECK(disk[0] > 5 * ssd[0]);
  CHECK(disk[1] > 5 * ssd[1]);
  // Cached, only the first epoch pays.
  CHECK(cached[0] == disk[0]);
  CHECK(cached[1] < 1.01 * ssd[1]);
  // Behind a slow GPU nobody notices a disk.
  CHECK(epochs_ms("hdd", 400 * ns_per_ms, false)[0] < 1.01 * epochs_ms("nvme", 400 * ns_per_ms, false)[0]);
}

TEST_CASE("Of a data set that half fits, later epochs read what the closed form of the page cache leaves") {
  InputPipelineOptions options = round_pipeline(4, 1, 4);
  options.samples = 100'000;
  options.cache_bytes = 50'000 * options.bytes_per_sample;
  options.epochs = 3;
  const auto epochs = trained(options, 1000);
  const double missed = 1 - (0.5 + 0.5 * -0.6931471805599453);
  for (const std::size_t epoch : {1U, 2U}) {
    CHECK(static_cast<double>(epochs[epoch].load.samples_read) == Approx(missed * 100'000).epsilon(0.01));
    CHECK(epochs[epoch].load.bytes_read == epochs[epoch].load.samples_read * 100'000);
    // Storage is the bottleneck: the time is that of the reads.
    CHECK(static_cast<double>(epochs[epoch].epoch_ns) == Approx(missed * 1e10).epsilon(0.02));
  }
}

TEST_CASE("A training run without an end, beyond the clock or without a GPU time is refused") {
  InputPipelineOptions options = round_pipeline(4, 100, 4);
  const auto message = [&](TimeNs gpu_ns) { return simulate_training(options, gpu_ns, 1).error().message; };
  for (const TimeNs gpu_ns : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1'000'000'000'000'001}}) {
    CHECK(message(gpu_ns).find("1 to") != std::string::npos);
  }
  options.epochs = unlimited_epochs;
  CHECK(message(1).find("at most 1000000000 minibatches") != std::string::npos);
  options.epochs = 10;
  CHECK(message(1'000'000'000'000'000).find("100 years") != std::string::npos);
  options.samples = 0;
  CHECK(message(1).find("samples") != std::string::npos);
}

}  // namespace wattline::workloads
