// wattline bench optimum: the optima of an experiment's problems, by the index and by brute force.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>

#include "experiments/cli/verbs.hpp"
#include "experiments/compare/truths.hpp"
#include "sim/random.hpp"

namespace wattline::experiments {

namespace {

struct OptimumOptions {
  std::string experiment;
  std::int64_t brute_force = 2'000;
};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::string text_of(const std::optional<policies::Optimum>& optimum) {
  if (!optimum) return "none";
  return fmt::format("{}/{}/{}", devices::to_text(optimum->plan.mode), optimum->plan.infer_batch,
                     optimum->plan.train_per_cycle);
}

void bench_optimum(const OptimumOptions& options) {
  const Experiment experiment = required(read_experiment(options.experiment));
  const auto tabulating = std::chrono::steady_clock::now();
  const Truths truths(experiment);
  const double tabulating_s = seconds_since(tabulating);

  const std::size_t problems = experiment.problems.size();
  policies::OptimumCount sum;
  std::size_t feasible = 0;
  std::vector<std::optional<policies::Optimum>> optima(problems);
  const auto start = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < problems; ++i) {
    policies::OptimumCount count;
    optima[i] = truths.optimum(i, &count);
    feasible += optima[i].has_value();
    sum.points += count.points;
    sum.dominated += count.dominated;
    sum.over_power += count.over_power;
    sum.outbid += count.outbid;
    sum.examined += count.examined;
  }
  const double indexed_s = seconds_since(start);
  std::uint64_t signature = sim::hash_text("optima");
  for (const auto& optimum : optima) signature = sim::hash_text(text_of(optimum), signature);

  // Every so many, so that all kinds and workloads take part.
  const std::size_t checked = std::min(problems, static_cast<std::size_t>(options.brute_force));
  std::size_t different = 0;
  const auto brute = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < checked; ++i) {
    const std::size_t problem = i * problems / checked;
    different += text_of(truths.optimum_by_brute_force(problem)) != text_of(optima[problem]);
  }
  const double brute_s = seconds_since(brute);

  print(
      fmt::format("problems            {}\nfeasible            {}\npoints              {}\n"
                  "dominated           {}\nover_power          {}\noutbid              {}\n"
                  "examined            {}\nbrute_force         {}\ndifferent           {}\n"
                  "signature           {:016x}\n",
                  problems, feasible, sum.points, sum.dominated, sum.over_power, sum.outbid, sum.examined,
                  checked, different, signature));
  tell(
      fmt::format("tabulating_s        {:.3f} (with the indexes)\nindexed_s           {:.3f}\n"
                  "brute_force_s       {:.3f} ({:.1f} for all problems)",
                  tabulating_s, indexed_s, brute_s,
                  checked > 0 ? brute_s * static_cast<double>(problems) / static_cast<double>(checked) : 0));
  if (different > 0)
    throw CommandError(failure(fmt::format("{} of {} optima differ from brute force", different, checked)));
}

}  // namespace

void add_bench_optimum(CLI::App& bench) {
  auto options = std::make_shared<OptimumOptions>();
  CLI::App* verb = bench.add_subcommand(
      "optimum", "The optima of an experiment's problems on one core, and how many points were examined");
  verb->add_option("experiment", options->experiment,
                   "An experiment file (JSON, schema wattline-experiment/1)")
      ->required();
  verb->add_option("--brute-force", options->brute_force, "So many of them are found by brute force too")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{10'000'000}))
      ->capture_default_str();
  verb->footer("Example: wattline bench optimum experiments/fulcrum/full.json");
  verb->callback([options] { bench_optimum(*options); });
}

}  // namespace wattline::experiments
