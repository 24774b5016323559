// wattline run: one simulation of a scenario.
#include <fmt/format.h>

#include <chrono>
#include <memory>

#include "experiments/cli/verbs.hpp"
#include "experiments/run/scenario.hpp"
#include "sim/base/printable.hpp"

namespace wattline::experiments {

namespace {

struct RunOptions {
  std::string scenario;
  std::string out;
  std::string format = "table";
  std::string table = "run";
};

// A table that may be long, cut for reading.
std::string first_rows(ResultTable table) {
  constexpr std::size_t most = 20;
  const std::size_t all = table.rows.size();
  if (all <= most) return table.to_text();
  table.rows.resize(most);
  return table.to_text() + fmt::format("The first {} of {}.\n", most, all);
}

// A table that would have no rows is refused before the run.
void check_table(const Scenario& scenario, const RunOptions& options) {
  const struct {
    const char* table;
    bool has_rows;
    const char* key;
  } needs[] = {{"streams", !scenario.streams.empty(), "infer"},
               {"training", !scenario.training.empty(), "train"},
               {"thermal", scenario.thermal.has_value(), "thermal"}};
  for (const auto& need : needs) {
    if (options.table == need.table && !need.has_rows)
      throw CommandError(bad_input(fmt::format("{}: --table {}: the scenario has no '{}'",
                                               printable(options.scenario), need.table, need.key)));
  }
}

// The run's figures, and each table that has rows.
std::vector<ResultFile> files_of(const Scenario& scenario, const ScenarioRun& result) {
  const ResultTable figures = figures_of(scenario, result);
  std::vector<ResultFile> files = {{"results.csv", figures.to_csv()}, {"results.json", figures.to_json()}};
  const auto add = [&](const char* name, const ResultTable& table) {
    if (!table.rows.empty()) files.push_back({name, table.to_csv()});
  };
  add("streams.csv", stream_figures_of(scenario, result));
  add("training.csv", training_figures_of(scenario, result));
  add("epochs.csv", epoch_figures_of(scenario, result));
  add("thermal.csv", thermal_figures_of(result));
  add("readings.csv", readings_figures_of(scenario, result));
  return files;
}

// What is printed of a run. Text shows all of it; CSV and JSON are of one table.
std::string printed(const Scenario& scenario, const ScenarioRun& result, const RunOptions& options) {
  const Format format = format_of(options.format);
  const bool several = scenario.streams.size() > 1 || scenario.training.size() > 1;
  if (options.table == "streams") return stream_figures_of(scenario, result).print(format);
  if (options.table == "training") return training_figures_of(scenario, result).print(format);
  if (options.table == "epochs") return epoch_figures_of(scenario, result).print(format);
  if (options.table == "thermal") return thermal_figures_of(result).print(format);
  if (options.table == "readings") return readings_figures_of(scenario, result).print(format);
  const ResultTable figures = figures_of(scenario, result);
  if (format != Format::table) return figures.print(format);
  std::string text = figures.to_vertical_text();
  if (several && !scenario.streams.empty()) text += "\n" + stream_figures_of(scenario, result).to_text();
  if (several && !scenario.training.empty()) text += "\n" + training_figures_of(scenario, result).to_text();
  if (has_input_pipeline(scenario)) text += "\n" + first_rows(epoch_figures_of(scenario, result));
  return text;
}

void run(const RunOptions& options) {
  const Scenario scenario = required(read_scenario(options.scenario));
  check_table(scenario, options);
  const Manifest manifest{"run", scenario.seed, scenario.configuration, scenario.inputs()};
  if (!options.out.empty()) required(check_run_directory(options.out, manifest));
  for (const std::string& note : scenario.notes()) tell(fmt::format("note: {}", note));

  const auto start = std::chrono::steady_clock::now();
  const ScenarioRun result = required(run_scenario(scenario));
  const double wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  print(printed(scenario, result, options));
  tell(fmt::format("{} events in {:.3f} s: {:.1f} million events/s", result.events, wall_s,
                   static_cast<double>(result.events) * 1e-6 / wall_s));
  if (!options.out.empty())
    required(write_run_directory(options.out, manifest, files_of(scenario, result),
                                 {{"wall_s", wall_s}, {"scenario", printable(options.scenario)}}));
}

}  // namespace

void add_run(CLI::App& app) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* verb = app.add_subcommand("run", "Simulate one scenario");
  verb->add_option("scenario", options->scenario, "A scenario file (JSON, schema wattline-scenario/1)")
      ->required();
  verb->add_option("--out", options->out, "Also write a run directory (new or empty)");
  add_format_option(*verb, options->format);
  verb->add_option(
          "--table", options->table,
          "What is printed: the run, its streams, its training jobs, their epochs, the board's heat, its "
          "power sensor's readings")
      ->check(CLI::IsMember({"run", "streams", "training", "epochs", "thermal", "readings"}))
      ->capture_default_str();
  verb->footer("Example: wattline run experiments/scenarios/interleaved.json");
  verb->callback([options] { run(*options); });
}

}  // namespace wattline::experiments
