// wattline bench: how fast, and a signature that says whether behaviour changed.
#include <fmt/format.h>

#include <chrono>
#include <memory>

#include "experiments/cli/verbs.hpp"
#include "experiments/reference_queue.hpp"

namespace wattline::experiments {

namespace {

struct EngineOptions {
  std::int64_t requests = 5'000'000;
  std::int64_t seed = 1;
};

void bench_engine(const EngineOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  const sim::RunResult run = required(run_reference_queue(static_cast<std::uint64_t>(options.requests),
                                                          static_cast<std::uint64_t>(options.seed)));
  const double wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  print(
      fmt::format("requests            {}\nevents              {}\nsimulated_s         "
                  "{:.3f}\nlatency_mean_s      {:.6f}\n"
                  "train_minibatches   {}\nsignature           {:016x}\n",
                  run.requests_completed, run.events, sim::ns_to_seconds(run.simulated_ns),
                  run.latency_ns.mean() * 1e-9, run.train.finished, run.signature));
  // Wall-clock figures differ from run to run, so they are not part of the result.
  tell(fmt::format("wall_s              {:.3f}\nevents_per_s        {:.0f}\nsimulated_per_wall  {:.0f}",
                   wall_s, static_cast<double>(run.events) / wall_s,
                   sim::ns_to_seconds(run.simulated_ns) / wall_s));
}

}  // namespace

void add_bench(CLI::App& app) {
  auto options = std::make_shared<EngineOptions>();
  CLI::App* verb = app.add_subcommand("bench", "Benchmarks with a behaviour signature");
  verb->require_subcommand(1);
  CLI::App* engine = verb->add_subcommand("engine", "The event engine on the reference queue");
  engine->add_option("--requests", options->requests, "Requests to simulate")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{10'000'000'000}))
      ->capture_default_str();
  engine->add_option("--seed", options->seed, "Seed of the arrivals")
      ->check(CLI::Range(std::int64_t{0}, INT64_MAX))
      ->capture_default_str();
  engine->footer("Example: wattline bench engine --requests 5000000");
  engine->callback([options] { bench_engine(*options); });
}

}  // namespace wattline::experiments
