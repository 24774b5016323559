// wattline bench: how fast, and a signature that says whether behaviour changed.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>

#include "devices/calibration/model_file.hpp"
#include "devices/hybrid.hpp"
#include "experiments/cli/verbs.hpp"

namespace wattline::experiments {

namespace {

struct CostsOptions {
  std::string model = "built-in:orin-agx";
  std::string workload = "resnet50";
  std::vector<std::int64_t> batches = {1, 4, 16, 32, 64};
  int repeats = 5;
};

// Every mode of the model's first mode space at every batch.
void bench_costs(const CostsOptions& options) {
  const devices::HybridModel model(required(devices::calibration::read_model(options.model)));
  for (const std::int64_t batch : options.batches)
    required(model.check_workload(options.workload, workloads::Role::infer, batch));
  const devices::ModeSpace& space = model.model().spec.mode_spaces.front();
  std::vector<devices::PowerMode> modes;
  for (std::size_t i = 0; i < space.size(); ++i) modes.push_back(space.at(i));
  double least_ms = 0;
  double sum_ms = 0;
  double sum_j = 0;
  for (int repeat = 0; repeat < options.repeats; ++repeat) {
    sum_ms = sum_j = 0;
    const auto start = std::chrono::steady_clock::now();
    for (const std::int64_t batch : options.batches) {
      for (const auto& cost : model.minibatches(options.workload, workloads::Role::infer, batch, modes)) {
        if (!cost) continue;
        const double time_s = sim::ns_to_seconds(cost->time_ns);
        sum_ms += time_s * 1e3;
        sum_j += time_s * cost->total_power_w();
      }
    }
    const double wall_ms =
        1e3 * std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    least_ms = repeat == 0 ? wall_ms : std::min(least_ms, wall_ms);
  }
  print(
      fmt::format("modes               {}\nbatches             {}\nsum_of_times_ms     "
                  "{:.6g}\nsum_of_energies_j   {:.6g}\n",
                  modes.size(), options.batches.size(), sum_ms, sum_j));
  tell(fmt::format("wall_ms             {:.1f} (least of {})", least_ms, options.repeats));
}

}  // namespace

void add_bench(CLI::App& app) {
  CLI::App* verb = app.add_subcommand("bench", "Benchmarks with a behaviour signature");
  verb->require_subcommand(1);
  add_bench_engine(*verb);
  auto costs_options = std::make_shared<CostsOptions>();
  CLI::App* costs =
      verb->add_subcommand("costs", "The cost of one workload at every mode of a calibrated model");
  costs->add_option("--model", costs_options->model, "A model file, or built-in:BOARD")
      ->capture_default_str();
  costs->add_option("--workload", costs_options->workload, "In inference")->capture_default_str();
  costs->add_option("--batches", costs_options->batches)
      ->delimiter(',')
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  costs->add_option("--repeats", costs_options->repeats, "Of which the fastest is told")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  costs->footer("Example: wattline bench costs --model my_orin.json --workload resnet50");
  costs->callback([costs_options] { bench_costs(*costs_options); });
  add_bench_optimum(*verb);
  add_bench_surrogate(*verb);
}

}  // namespace wattline::experiments
