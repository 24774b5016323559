// wattline calibrate: profiles in, device model and the errors of it out.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <set>

#include "devices/calibration/intake.hpp"
#include "devices/calibration/model_file.hpp"
#include "experiments/calibration/profiles.hpp"
#include "experiments/calibration/report.hpp"
#include "experiments/cli/verbs.hpp"
#include "experiments/whole_file.hpp"
#include "sim/base/printable.hpp"
#include "sim/base/text.hpp"
#include "traces/import/formats.hpp"
#include "traces/profile_csv.hpp"

namespace wattline::experiments {

namespace {

namespace calibration = devices::calibration;

struct CalibrateOptions {
  ProfileSource source;
  std::string device;
  std::string device_file;
  std::string out;
  std::string profiles_out;
  std::string base;
  std::string power_kind;
  std::vector<std::string> fit_work;
  bool fit_power_offset = false;
  bool law_only = false;
  bool name_device = false;
  bool list_formats = false;
  int starts = 3;
  std::uint64_t seed = 1;
  std::string format = "table";
};

ResultTable table_of_formats() {
  ResultTable table;
  table.columns = {{"format"}, {"title"}};
  for (const traces::Format& format : traces::formats())
    if (format.parse) table.rows.push_back({format.name, format.title});
  return table;
}

devices::PowerKind kind_named(const std::string& name) {
  using devices::PowerKind;
  for (const PowerKind kind : {PowerKind::module_rails, PowerKind::board_meter, PowerKind::wall})
    if (name == devices::name_of(kind)) return kind;
  return PowerKind::unstated;
}

std::string shown(const calibration::Calibration& result, Format format) {
  switch (format) {
    case Format::csv:
      return error_table(result.model).to_csv();
    case Format::json:
      return calibration_json(result).dump(2) + "\n";
    case Format::table:
      break;
  }
  return calibration_text(result);
}

// No profile: what is known of another board, on this one.
void transfer(const CalibrateOptions& options, Format format) {
  if (options.base.empty() || (options.device.empty() && options.device_file.empty())) {
    throw CommandError(
        bad_input("--profile is required, or --base and --device to transfer a model to another board "
                  "(see --help)"));
  }
  const devices::DeviceSpec spec =
      required(options.device_file.empty() ? devices::find_device(options.device)
                                           : devices::read_device_spec(options.device_file));
  const calibration::CalibratedModel base = required(calibration::read_model(options.base));
  calibration::Calibration result =
      required(calibration::transferred(base, spec, spec.text, kind_named(options.power_kind)));
  result.report.notes.push_back(fmt::format(
      "no profile of {}: every parameter is from {}'s model or known before", spec.name, base.spec.name));
  if (!options.out.empty())
    required(write_whole_file(options.out, calibration::write_model(result.model, options.name_device)));
  print(shown(result, format));
}

// A name that no profile has is a slip of the pen.
void check_fit_work(const std::vector<std::string>& names, const std::vector<devices::ProfileRow>& rows) {
  std::vector<std::string> profiled;
  for (const devices::ProfileRow& row : rows) {
    const std::string network = row.workload.substr(0, row.workload.find('@'));
    if (std::find(profiled.begin(), profiled.end(), network) == profiled.end()) profiled.push_back(network);
  }
  for (const std::string& name : names) {
    if (std::find(profiled.begin(), profiled.end(), name) == profiled.end())
      throw CommandError(
          bad_input("--fit-work: " + unknown_name_message("network of the profiles", name, profiled)));
  }
}

// Between powers of one kind there is no offset.
void check_power_offset(const BoardProfiles& profiles, const calibration::CalibrationOptions& fit) {
  std::set<devices::PowerKind> kinds;
  for (const devices::ProfileRow& row : profiles.rows)
    if (row.power_w) kinds.insert(calibration::power_kind_of(row, fit));
  if (kinds.size() > 1 || (kinds.size() == 1 && fit.power_kind != devices::PowerKind::unstated &&
                           !kinds.contains(fit.power_kind)))
    return;
  throw CommandError(bad_input(
      kinds.empty()
          ? std::string("--fit-power-offset: no profile has a power")
          : fmt::format("--fit-power-offset: every power is of '{}'; an offset lies between two kinds",
                        devices::name_of(*kinds.begin()))));
}

void check_outputs(const CalibrateOptions& options) {
  std::vector<std::string> inputs = options.source.files;
  inputs.insert(inputs.end(), {options.source.import.minibatches, options.source.import.observed_clocks,
                               options.device_file, options.base});
  for (const std::string& target : {options.out, options.profiles_out})
    if (!target.empty()) required(check_output(target, inputs));
  if (!options.out.empty() && !options.profiles_out.empty() && same_file(options.out, options.profiles_out))
    throw CommandError(bad_input("--out and --profiles-out name the same file"));
}

void run_calibrate(const CalibrateOptions& options) {
  const Format format = format_of(options.format);
  if (options.list_formats) return print(table_of_formats().print(format));
  check_outputs(options);
  if (options.source.files.empty()) return transfer(options, format);
  const auto start = std::chrono::steady_clock::now();
  const BoardProfiles profiles = required(read_profiles(options.source, options.device, options.device_file));
  for (const std::string& note : profiles.notes) tell("note: " + note);
  if (profiles.of_other_boards > 0)
    tell(fmt::format("{} profiles of other boards were left out", profiles.of_other_boards));
  check_fit_work(options.fit_work, profiles.rows);
  calibration::CalibrationOptions fit;
  fit.fit.starts = options.starts;
  fit.fit.seed = fit.time_residual.seed = fit.power_residual.seed = options.seed;
  fit.hybrid = !options.law_only;
  fit.fit_work = options.fit_work;
  // What a data set of known format holds is no slip of the pen.
  fit.fit_any_work = !options.source.format.empty();
  fit.fit_power_offset = options.fit_power_offset;
  fit.power_kind = kind_named(options.power_kind);
  if (options.fit_power_offset) check_power_offset(profiles, fit);
  fit.on_step = [](const char* step) { tell_progress(fmt::format("{} ...", step)); };
  std::optional<calibration::CalibratedModel> base;
  if (!options.base.empty()) base = required(calibration::read_model(options.base));
  if (base) fit.base = &*base;
  if (!options.profiles_out.empty())
    required(write_whole_file(options.profiles_out, traces::write_profile_csv(profiles.rows)));
  calibration::Calibration result = required(
      calibration::calibrate(profiles.spec, profiles.spec.text, profiles.rows, name_of(options.source), fit));
  result.model.profiles_sha256 = profiles.sha256;
  result.report.notes.insert(result.report.notes.begin(), profiles.notes.begin(), profiles.notes.end());
  if (!options.out.empty())
    required(write_whole_file(options.out, calibration::write_model(result.model, options.name_device)));
  print(shown(result, format));
  const double wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  tell(fmt::format(
      "{} profiles calibrated in {:.1f} s{}", profiles.rows.size(), wall_s,
      options.out.empty() ? "; no --out, so no model was written" : ", model in " + printable(options.out)));
}

// Those that say how profiles are fitted: without any, they would do nothing.
void add_fit_options(CLI::App& verb, CalibrateOptions& options, CLI::Option* profile) {
  verb.add_option(
          "--fit-work", options.fit_work,
          "Networks that the catalogue does not know and that bring no FLOP and bytes: fit their work")
      ->needs(profile);
  verb.add_option("--power-kind", options.power_kind,
                  "What the model predicts (default: what most profiles hold, or the base model)")
      ->check(CLI::IsMember({"module rails", "board meter", "wall"}));
  verb.add_flag("--fit-power-offset", options.fit_power_offset,
                "Profiles of several power kinds: fit gain and offset between them")
      ->needs(profile);
  verb.add_flag("--law-only", options.law_only,
                "The physical law alone, without a regression of its residuals")
      ->needs(profile);
  verb.add_option("--starts", options.starts, "Starting points of the fit")
      ->check(CLI::Range(1, 100))
      ->needs(profile)
      ->capture_default_str();
  add_seed_option(verb, options.seed, "Of starts, samples and folds");
}

}  // namespace

void add_calibrate(CLI::App& app) {
  auto options = std::make_shared<CalibrateOptions>();
  CLI::App* verb =
      app.add_subcommand("calibrate", "Fit a device model to measured profiles, and state its error");
  verb->add_option("--device", options->device, "A built-in board (default: the one that the profiles name)");
  verb->add_option("--device-file", options->device_file, "A device file of your own instead")
      ->excludes("--device");
  CLI::Option* profile = add_profile_options(*verb, options->source);
  CLI::Option* out = verb->add_option("--out", options->out, "The model file to write");
  verb->add_option("--profiles-out", options->profiles_out, "Also write the profiles as a profile CSV")
      ->needs(profile);
  verb->add_option("--base", options->base,
                   "A model of another workload or board to start from (transfer); without --profile, the "
                   "whole model is transferred");
  verb->add_flag("--name-device", options->name_device,
                 "Name the built-in board in the model file instead of holding its spec")
      ->needs(out)
      ->excludes("--device-file");
  add_fit_options(*verb, *options, profile);
  verb->add_flag("--list-formats", options->list_formats, "List the formats that can be imported")
      ->excludes(profile);
  verb->add_option("--format", options->format, "table, csv (errors) or json (all)")
      ->check(CLI::IsMember(format_names()))
      ->capture_default_str();
  verb->footer("Example: wattline calibrate --device orin-agx --profile my_profiles.csv --out my_orin.json");
  verb->callback([options] { run_calibrate(*options); });
}

}  // namespace wattline::experiments
