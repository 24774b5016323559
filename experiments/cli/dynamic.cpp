// wattline dynamic: policies that plan anew as the arrival rate changes.
#include <fmt/format.h>

#include <chrono>
#include <memory>

#include "experiments/cli/verbs.hpp"
#include "experiments/dynamic/dynamic_run.hpp"
#include "experiments/dynamic/dynamic_tables.hpp"
#include "experiments/parallel.hpp"
#include "sim/base/printable.hpp"

namespace wattline::experiments {

namespace {

struct DynamicOptions {
  std::string experiment;
  std::string out;
  int jobs = 0;  // 0: one a core
  std::string format = "table";
};

std::string headline(const DynamicExperiment& experiment) {
  const Experiment& common = experiment.common;
  return fmt::format("{}: {}, mode space {} ({} modes), {} requests in {} windows\n\n", common.name,
                     common.board.name, common.modes->name(), common.modes->size(),
                     experiment.instants_ns.size(), experiment.windows.size());
}

// Wall clock of each policy's plans, over all problems; the optimum's is not one.
OrderedJson decision_times(const DynamicExperiment& experiment, const std::vector<DynamicResult>& results) {
  OrderedJson times = OrderedJson::object();
  for (const ComparedPolicy& compared : experiment.common.policies) {
    double sum_s = 0;
    for (const DynamicResult& result : results)
      sum_s += result.label == compared.label ? result.decision_s : 0;
    times[compared.label] = sum_s;
  }
  return times;
}

// A policy that could not profile a point, or whose plan the board cannot run, is a failed run; all other
// rows stand.
void report_errors(const DynamicExperiment& experiment, const std::vector<DynamicResult>& results) {
  std::vector<std::string> all;
  for (const DynamicResult& result : results) {
    const std::string& problem = experiment.common.problems[result.problem].id;
    if (result.error)
      all.push_back(fmt::format("{} on {}: {}", result.label, problem, result.error->message));
    for (const Decision& decision : result.schedule.decisions)
      if (decision.termination == policies::Termination::error)
        all.push_back(fmt::format("{} on {} in window {}: {}", result.label, problem, decision.window,
                                  decision.message));
  }
  if (all.empty()) return;
  throw CommandError(failure(fmt::format(
      "{} of the policies' runs and decisions ended with an error, the first: {}", all.size(), all.front())));
}

void run(const DynamicOptions& options) {
  const DynamicExperiment experiment = required(read_dynamic_experiment(options.experiment));
  const Manifest manifest{"dynamic", experiment.common.seed, experiment.configuration, experiment.inputs()};
  const std::string directory =
      options.out.empty() ? default_run_directory(experiment.common.name, manifest) : options.out;
  required(check_run_directory(directory, manifest));
  for (const std::string& note : experiment.notes()) tell(fmt::format("note: {}", note));

  const int jobs = options.jobs > 0 ? options.jobs : all_cores();
  const auto start = std::chrono::steady_clock::now();
  const std::vector<DynamicResult> results = run_dynamic(experiment, jobs);
  const double wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  const ResultTable summary = dynamic_summary_table(experiment, results);
  const std::string windows = window_table(experiment, results).to_csv();
  const MaybeError unwritten =
      write_run_directory(directory, manifest,
                          {{"dynamic.csv", windows},
                           {"summary.csv", summary.to_csv()},
                           {"steps.csv", dynamic_step_table(experiment, results).to_csv()}},
                          {{"wall_s", wall_s},
                           {"jobs", jobs},
                           {"decision_s", decision_times(experiment, results)},
                           {"experiment", printable(options.experiment)},
                           {"out", printable(directory)}});
  // What was computed is shown even where it could not be kept.
  const Format format = format_of(options.format);
  if (format == Format::table)
    print(headline(experiment) + summary.to_text());
  else
    print(format == Format::csv ? windows : summary.to_json());
  required(unwritten);
  tell(fmt::format("{} runs of {:.0f} s in {:.2f} s; results are in {}", results.size(),
                   sim::ns_to_seconds(experiment.end_ns()), wall_s, printable(directory)));
  report_errors(experiment, results);
}

}  // namespace

void add_dynamic(CLI::App& app) {
  auto options = std::make_shared<DynamicOptions>();
  CLI::App* verb = app.add_subcommand("dynamic", "Plan anew as the arrival rate changes");
  verb->add_option("experiment", options->experiment,
                   "A dynamic experiment (JSON, schema wattline-dynamic/1)")
      ->required();
  verb->add_option("--out", options->out, "Run directory, new or empty (default: runs/<name>-<hash>)");
  verb->add_option("-j,--jobs", options->jobs, "Threads; results do not depend on it (default: one a core)")
      ->check(CLI::Range(1, 1024));
  verb->add_option(
          "--format", options->format,
          "table (summary), csv (one row per problem, policy and window, as in the run directory) or "
          "json (summary)")
      ->check(CLI::IsMember(format_names()))
      ->capture_default_str();
  verb->footer("Example: wattline dynamic experiments/dynamic/steps.json --out runs/steps");
  verb->callback([options] { run(*options); });
}

}  // namespace wattline::experiments
