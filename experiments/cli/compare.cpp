// wattline compare: policies side by side against the optimum.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>

#include "experiments/cli/verbs.hpp"
#include "experiments/compare/comparison.hpp"
#include "experiments/compare/summary.hpp"
#include "experiments/compare/tables.hpp"
#include "experiments/parallel.hpp"
#include "sim/base/printable.hpp"

namespace wattline::experiments {

namespace {

struct CompareOptions {
  std::string experiment;
  std::string out;
  int jobs = 0;  // 0: one a core
  bool steps = false;
  std::string format = "table";
};

// Says every few seconds how far a long comparison is, on a terminal. Thread-safe.
class Progress {
 public:
  void show(std::size_t done, std::size_t of) {
    const auto now = std::chrono::steady_clock::now();
    const std::lock_guard lock(mutex_);
    if (now < next_) return;
    next_ = now + std::chrono::seconds(10);
    tell_progress(fmt::format("{} of {} plans made ...", done, of));
  }

 private:
  std::mutex mutex_;
  std::chrono::steady_clock::time_point next_ = std::chrono::steady_clock::now() + std::chrono::seconds(10);
};

std::string headline(const Experiment& experiment, const Comparison& comparison) {
  const auto feasible = std::count_if(comparison.settings.begin(), comparison.settings.end(),
                                      [](const Setting& setting) { return setting.feasible; });
  return fmt::format("{}: {}, mode space {} ({} modes), {} problems, {} of them feasible\n\n",
                     experiment.name, experiment.board.name, experiment.modes->name(),
                     experiment.modes->size(), experiment.problems.size(), feasible);
}

// Wall clock of each policy's solves over all its problems.
OrderedJson decision_times(const Experiment& experiment, const Comparison& comparison) {
  OrderedJson times = OrderedJson::object();
  for (std::size_t i = 0; i < experiment.policies.size(); ++i)
    times[experiment.policies[i].label] = comparison.decision_s[i];
  return times;
}

// "maxn 0.02, gmd 0.15": milliseconds a problem.
std::string decision_line(const Experiment& experiment, const Comparison& comparison) {
  std::string line;
  for (std::size_t i = 0; i < experiment.policies.size(); ++i) {
    const auto& verdicts = comparison.verdicts[i];
    const auto asked =
        std::count_if(verdicts.begin(), verdicts.end(), [](const Verdict& verdict) { return verdict.asked; });
    if (asked == 0) continue;
    line += fmt::format("{}{} {:.3g}", line.empty() ? "" : ", ", experiment.policies[i].label,
                        1e3 * comparison.decision_s[i] / static_cast<double>(asked));
  }
  return line;
}

// A policy that could not profile a point (a table that does not hold it) is a failed run; the others
// stand.
void report_errors(const Experiment& experiment, const Comparison& comparison) {
  if (comparison.failures.empty()) return;
  const FailedSolve& first = comparison.failures.front();
  throw CommandError(failure(fmt::format(
      "{} of the policies' runs ended with an error, the first: {} on {}: {}", comparison.failures.size(),
      experiment.policies[first.policy].label, experiment.problems[first.problem].id, first.message)));
}

void run_compare(const CompareOptions& options) {
  const Experiment experiment = required(read_experiment(options.experiment));
  OrderedJson configuration = experiment.configuration;
  configuration["steps"] = options.steps;
  const Manifest manifest{"compare", experiment.seed, configuration, experiment.inputs()};
  const std::string directory =
      options.out.empty() ? default_run_directory(experiment.name, manifest) : options.out;
  required(check_run_directory(directory, manifest));
  for (const std::string& note : experiment.notes()) tell(fmt::format("note: {}", note));

  const int jobs = options.jobs > 0 ? options.jobs : all_cores();
  const auto start = std::chrono::steady_clock::now();
  Progress progress;
  const Comparison comparison = required(compare(
      experiment, {jobs, options.steps, [&](std::size_t done, std::size_t of) { progress.show(done, of); }}));
  const double wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  const ResultTable summary = summary_table(experiment, comparison);
  const ResultTable problems = problem_table(experiment, comparison);
  std::vector<ResultFile> files = {{"results.csv", problems.to_csv()},
                                   {"summary.csv", summary.to_csv()},
                                   {"breakdown.csv", breakdown_table(experiment, comparison).to_csv()},
                                   {"paired.csv", paired_table(experiment, comparison).to_csv()}};
  std::string text = headline(experiment, comparison) + summary.to_text();
  if (experiment.replay) {
    const ResultTable replays = replay_table(experiment, comparison);
    files.push_back({"replay.csv", replays.to_csv()});
    text += "\nReplay of the plans that solve their problem:\n\n" + replays.to_text();
  }
  if (!comparison.predictions.empty())
    files.push_back({"predictions.csv", prediction_table(experiment, comparison).to_csv()});
  if (options.steps) files.push_back({"steps.csv", step_table(experiment, comparison).to_csv()});
  const MaybeError unwritten = write_run_directory(directory, manifest, files,
                                                   {{"wall_s", wall_s},
                                                    {"jobs", jobs},
                                                    {"decision_s", decision_times(experiment, comparison)},
                                                    {"experiment", printable(options.experiment)},
                                                    {"out", printable(directory)}});
  // What was computed is shown even where it could not be kept.
  const Format format = format_of(options.format);
  if (format == Format::table)
    print(text);
  else
    print(format == Format::csv ? files.front().content : summary.to_json());
  required(unwritten);
  tell(fmt::format("{} problems x {} policies in {:.2f} s; results are in {}", experiment.problems.size(),
                   experiment.policies.size(), wall_s, printable(directory)));
  tell(fmt::format("decision time in ms a problem: {}", decision_line(experiment, comparison)));
  report_errors(experiment, comparison);
}

}  // namespace

void add_compare(CLI::App& app) {
  auto options = std::make_shared<CompareOptions>();
  CLI::App* verb = app.add_subcommand("compare", "Compare policies with the exhaustive optimum");
  verb->add_option("experiment", options->experiment,
                   "An experiment file (JSON, schema wattline-experiment/1)")
      ->required();
  verb->add_option("--out", options->out, "Run directory, new or empty (default: runs/<name>-<hash>)");
  verb->add_option("-j,--jobs", options->jobs, "Threads; results do not depend on it (default: one a core)")
      ->check(CLI::Range(1, 1024));
  verb->add_flag("--steps", options->steps, "Also write every policy's step log (steps.csv)");
  verb->add_option(
          "--format", options->format,
          "table (summary), csv (one row per policy and problem, as in the run directory) or json (summary)")
      ->check(CLI::IsMember(format_names()))
      ->capture_default_str();
  verb->footer("Example: wattline compare experiments/fulcrum/concurrent.json --out runs/first");
  verb->callback([options] { run_compare(*options); });
}

}  // namespace wattline::experiments
