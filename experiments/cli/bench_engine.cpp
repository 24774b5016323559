// wattline bench engine: the simulation's engine on the reference queue, beside a loop without an engine.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <vector>

#include "experiments/bare_loop.hpp"
#include "experiments/cli/verbs.hpp"
#include "experiments/reference_queue.hpp"

namespace wattline::experiments {

namespace {

struct EngineOptions {
  std::int64_t requests = 5'000'000;
  std::uint64_t seed = 1;
  int repeats = 5;
};

// Seconds that `work` takes.
template <class Work>
double wall_s_of(Work&& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double least(const std::vector<double>& values) {
  return *std::min_element(values.begin(), values.end());
}

void check_agreement(const sim::RunResult& run, const BareLoopResult& loop) {
  if (run.events != loop.events || run.requests_completed != loop.requests_completed ||
      run.train.finished != loop.train_minibatches || run.latency_ns.sum() != loop.latency_sum_ns)
    required(MaybeError(failure("the engine and the bare loop do not agree: one of them is wrong")));
}

// Engine and loop take turns, so that a machine that is busy for a while is busy for both.
void bench_engine(const EngineOptions& options) {
  const auto requests = static_cast<std::uint64_t>(options.requests);
  sim::RunResult run;
  BareLoopResult loop;
  std::vector<double> engine_s, loop_s, ratios;
  for (int repeat = 0; repeat < options.repeats; ++repeat) {
    engine_s.push_back(wall_s_of([&] { run = required(run_reference_queue(requests, options.seed)); }));
    loop_s.push_back(wall_s_of([&] { loop = run_bare_loop(requests, options.seed); }));
    ratios.push_back(loop_s.back() / engine_s.back());
  }
  check_agreement(run, loop);
  print(
      fmt::format("requests            {}\nevents              {}\nsimulated_s         "
                  "{:.3f}\nlatency_mean_s      {:.6f}\n"
                  "train_minibatches   {}\nsignature           {:016x}\n",
                  run.requests_completed, run.events, sim::ns_to_seconds(run.simulated_ns),
                  run.latency_ns.mean() * 1e-9, run.train.finished, run.signature));
  // Wall-clock figures differ from run to run, so they are not part of the result.
  const auto events = static_cast<double>(run.events);
  std::nth_element(ratios.begin(), ratios.begin() + options.repeats / 2, ratios.end());
  tell(fmt::format(
      "wall_s              {:.3f} (least of {})\nevents_per_s        {:.0f}\n"
      "bare_loop_per_s     {:.0f}\nof_bare_loop        {:.2f} (median)\nsimulated_per_wall  {:.0f}",
      least(engine_s), options.repeats, events / least(engine_s), events / least(loop_s),
      ratios[static_cast<std::size_t>(options.repeats / 2)],
      sim::ns_to_seconds(run.simulated_ns) / least(engine_s)));
}

}  // namespace

void add_bench_engine(CLI::App& bench) {
  auto options = std::make_shared<EngineOptions>();
  CLI::App* verb =
      bench.add_subcommand("engine", "The event engine on the reference queue, beside a bare loop");
  verb->add_option("--requests", options->requests, "Requests to simulate")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{10'000'000'000}))
      ->capture_default_str();
  verb->add_option("--repeats", options->repeats, "Of which the fastest is told")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  add_seed_option(*verb, options->seed, "Seed of the arrivals");
  verb->footer("Example: wattline bench engine --requests 5000000");
  verb->callback([options] { bench_engine(*options); });
}

}  // namespace wattline::experiments
