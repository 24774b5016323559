// wattline validate: simulated against measured data. One subcommand a kind of measurement.
#include <fmt/format.h>

#include <chrono>
#include <memory>

#include "devices/device_spec.hpp"
#include "experiments/cli/verbs.hpp"
#include "experiments/parallel.hpp"
#include "experiments/run_directory.hpp"
#include "experiments/validate/load.hpp"
#include "experiments/validate/load_tables.hpp"
#include "sim/base/printable.hpp"

namespace wattline::experiments {

namespace {

struct ValidateLoadOptions {
  LoadFiles files;
  LoadOptions load;
  std::string out;
  std::string format = "table";
};

Manifest manifest_of(const ValidateLoadOptions& options, const LoadData& data) {
  OrderedJson configuration;
  configuration["device"] = options.load.device;
  configuration["runs"] = options.load.runs;
  configuration["capacity_p95_ms"] = options.load.fit.capacity_p95_ms;
  configuration["seed"] = options.load.fit.seed;
  return {"validate load", options.load.fit.seed, configuration, data.inputs};
}

std::string text_of(const LoadValidation& validation, const std::string& device) {
  std::string text = fmt::format(
      "Fitted to the lowest load and the closed loop; {:.3f} of the overhead is serialised ({} modes),"
      " {:.2f} of it goes with the CPU clock ({} pairs of modes).\n\n{}\n",
      validation.fit.serialised_share, validation.fit.share_modes, validation.fit.cpu_clock_share,
      validation.fit.clock_pairs, fits_table(validation, device).to_text());
  if (!validation.points.empty()) {
    text += "Predicted at higher loads:\n\n" + points_table(validation).to_text() + "\n";
    text += "Errors of the predictions:\n\n" + summary_table(validation).to_text() + "\n";
  }
  return text + undetermined(validation, device);
}

std::string json_of(const LoadValidation& validation, const std::string& device) {
  OrderedJson json;
  json["serialised_share"] = validation.fit.serialised_share;
  json["cpu_clock_share"] = validation.fit.cpu_clock_share;
  json["fits"] = OrderedJson::parse(fits_table(validation, device).to_json());
  json["points"] = OrderedJson::parse(points_table(validation).to_json());
  json["summary"] = OrderedJson::parse(summary_table(validation).to_json());
  return json.dump(2) + "\n";
}

void run_validate_load(ValidateLoadOptions options) {
  const LoadData data = required(read_load_data(options.files));
  for (const std::string& note : data.notes) tell("note: " + note);
  // The data's boards have their full names; one that is not known is left for the message that lists them.
  if (const auto board = devices::find_device(options.load.device)) options.load.device = board->name;
  const Manifest manifest = manifest_of(options, data);
  if (!options.out.empty()) required(check_run_directory(options.out, manifest));
  const auto start = std::chrono::steady_clock::now();
  const LoadValidation validation = required(validate_load(data.modes, options.load));
  const double wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const std::string& device = options.load.device;
  const ResultTable points = points_table(validation);
  switch (format_of(options.format)) {
    case Format::table:
      print(text_of(validation, device));
      break;
    case Format::csv:
      print(points.to_csv());
      break;
    case Format::json:
      print(json_of(validation, device));
      break;
  }
  tell(fmt::format("{} modes fitted and {} points predicted in {:.1f} s", validation.modes.size(),
                   validation.points.size(), wall_s));
  if (options.out.empty()) return;
  required(write_run_directory(
      options.out, manifest,
      {{"results.csv", points.to_csv()},
       {"fits.csv", fits_table(validation, device).to_csv()},
       {"summary.csv", summary_table(validation).to_csv()}},
      {{"wall_s", wall_s}, {"jobs", options.load.fit.jobs}, {"data", printable(options.files.data)}}));
}

void add_validate_load(CLI::App& validate) {
  auto options = std::make_shared<ValidateLoadOptions>();
  options->load.fit.jobs = all_cores();
  CLI::App* verb = validate.add_subcommand(
      "load", "Predict latency and wall power at higher loads from the lowest load and the closed loop");
  verb->add_option("--data", options->files.data, "load_sweep.csv")->required();
  verb->add_option("--profiles", options->files.profiles,
                   "Closed-loop profiles (default: single_stream.csv beside it)");
  verb->add_option("--clocks", options->files.clocks,
                   "Clocks of the modes (default: observed_clocks.csv beside it)");
  verb->add_option("--device", options->load.device, "Show only this board (its full name or a short one)");
  verb->add_option(
          "--capacity-p95-ms", options->load.fit.capacity_p95_ms,
          "p95 that defines the capacity (load 1); tells service times where there is no closed-loop "
          "profile; 0: not used")
      ->check(number_between(0, 1e6))
      ->capture_default_str();
  add_seed_option(*verb, options->load.fit.seed, "Of every random stream");
  verb->add_option("--runs", options->load.runs,
                   "Simulated repeats of a point (default: 200,000 requests' worth)")
      ->check(CLI::Range(1, 10'000));
  verb->add_option("-j,--jobs", options->load.fit.jobs,
                   "Threads; results do not depend on it (default: one a core)")
      ->check(CLI::Range(1, 1024));
  verb->add_option("--out", options->out, "Also write a run directory (new or empty)");
  verb->add_option("--format", options->format, "table, csv (one row a predicted point) or json (all)")
      ->check(CLI::IsMember(format_names()))
      ->capture_default_str();
  verb->footer("Example: wattline validate load --data jetson-load/load_sweep.csv");
  verb->callback([options] { run_validate_load(*options); });
}

}  // namespace

void add_validate(CLI::App& app) {
  CLI::App* verb = app.add_subcommand("validate", "Compare the simulator with measured data");
  verb->require_subcommand(1);
  add_validate_profiles(*verb);
  add_validate_curve(*verb);
  add_validate_load(*verb);
}

}  // namespace wattline::experiments
