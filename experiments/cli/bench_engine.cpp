// wattline bench engine: the simulation's engine on the reference queue, beside a loop without an engine.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <vector>

#include "experiments/bare_loop.hpp"
#include "experiments/cli/verbs.hpp"
#include "experiments/engine_cases.hpp"

namespace wattline::experiments {

namespace {

struct EngineOptions {
  std::string name = "reference";
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
  if (run.events != loop.events || run.requests().completed != loop.requests_completed ||
      run.train().finished != loop.train_minibatches ||
      run.streams.front().latency_ns.sum() != loop.latency_sum_ns)
    required(MaybeError(failure("the engine and the bare loop do not agree: one of them is wrong")));
}

// What a run comes to, and on stderr how fast it was.
void tell_of(const sim::RunResult& run, double wall_s, int repeats) {
  print(
      fmt::format("requests            {}\nevents              {}\nsimulated_s         "
                  "{:.3f}\nlatency_mean_s      {:.6f}\n"
                  "train_minibatches   {}\nsignature           {:016x}\n",
                  run.requests().completed, run.events, sim::ns_to_seconds(run.simulated_ns),
                  run.streams.front().latency_ns.mean() * 1e-9, run.train().finished, run.signature));
  // Wall-clock figures differ from run to run, so they are not part of the result.
  tell(fmt::format(
      "wall_s              {:.3f} (least of {})\nevents_per_s        {:.0f}\nsimulated_per_wall  {:.0f}",
      wall_s, repeats, static_cast<double>(run.events) / wall_s,
      sim::ns_to_seconds(run.simulated_ns) / wall_s));
}

// Engine and loop take turns, so that a machine that is busy for a while is busy for both.
void bench_reference(const EngineOptions& options) {
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
  tell_of(run, least(engine_s), options.repeats);
  std::nth_element(ratios.begin(), ratios.begin() + options.repeats / 2, ratios.end());
  tell(fmt::format("bare_loop_per_s     {:.0f}\nof_bare_loop        {:.2f} (median)",
                   static_cast<double>(run.events) / least(loop_s),
                   ratios[static_cast<std::size_t>(options.repeats / 2)]));
}

BoardRun run_case(const EngineOptions& options) {
  const auto requests = static_cast<std::uint64_t>(options.requests);
  if (options.name == "board") return required(run_board({60, requests, options.seed, 10}));
  if (options.name == "streams") return {required(run_64_streams(requests, options.seed)), std::nullopt};
  // A day at 100 requests/s.
  return required(run_board({100, 8'640'000, options.seed, std::nullopt}));
}

void bench_engine(const EngineOptions& options) {
  if (options.name == "reference") {
    bench_reference(options);
    return;
  }
  BoardRun run;
  std::vector<double> walls_s;
  for (int repeat = 0; repeat < options.repeats; ++repeat)
    walls_s.push_back(wall_s_of([&] { run = run_case(options); }));
  if (run.sensor)
    print(fmt::format(
        "sensor_readings     {}\nsensor_energy_j     {:.3f}\n", run.sensor->all.polls,
        static_cast<double>(run.sensor->all.total_mw) * 1e-3 * sim::ns_to_seconds(run.sensor->poll_ns)));
  tell_of(run, least(walls_s), options.repeats);
}

}  // namespace

void add_bench_engine(CLI::App& bench) {
  auto options = std::make_shared<EngineOptions>();
  CLI::App* verb =
      bench.add_subcommand("engine", "The event engine on the reference queue, beside a bare loop");
  verb->add_option(
          "--case", options->name,
          "The reference queue; a board with its device model, rails, and power sensor read at 10 Hz; 64 "
          "streams, so as many pending events; a day of the board, its sensor not read, at 100 requests/s "
          "(whatever --requests)")
      ->check(CLI::IsMember({"reference", "board", "streams", "day"}))
      ->capture_default_str();
  verb->add_option(
          "--requests", options->requests,
          "Requests to simulate; of 64 streams rounded down to as many of each, at least one batch of 16")
      ->check(CLI::Range(std::int64_t{64 * 16}, std::int64_t{10'000'000'000}))
      ->capture_default_str();
  verb->add_option("--repeats", options->repeats, "Of which the fastest is told")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  add_seed_option(*verb, options->seed, "Seed of the arrivals");
  verb->footer("Example: wattline bench engine --requests 5000000");
  verb->callback([options] { bench_engine(*options); });
}

}  // namespace wattline::experiments
