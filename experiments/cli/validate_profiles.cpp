// wattline validate profiles: a model beside measured profiles; wattline validate curve: how the error of a
// calibration falls with the number of profiles.
#include <fmt/format.h>

#include <memory>

#include "devices/calibration/learning_curve.hpp"
#include "devices/calibration/model_file.hpp"
#include "experiments/calibration/profiles.hpp"
#include "experiments/cli/verbs.hpp"
#include "experiments/validate/curve.hpp"
#include "experiments/validate/profiles.hpp"

namespace wattline::experiments {

namespace {

namespace calibration = devices::calibration;

struct ValidateProfilesOptions {
  std::string model;
  ProfileSource source;
  std::string format = "table";
};

void run_validate_profiles(const ValidateProfilesOptions& options) {
  const Format format = format_of(options.format);
  const devices::HybridModel model(required(calibration::read_model(options.model)));
  const BoardProfiles profiles = required(read_profiles(options.source, model.model().spec));
  for (const std::string& note : profiles.notes) tell("note: " + note);
  const ProfileValidation validation =
      required(validate_profiles(model, profiles.rows, name_of(options.source)));
  for (const std::string& note : validation.notes) tell("note: " + note);
  if (format == Format::csv) return print(validation.rows.to_csv());
  if (format == Format::json) {
    OrderedJson json;
    json["rows"] = OrderedJson::parse(validation.rows.to_json());
    json["summary"] = OrderedJson::parse(validation.summary.to_json());
    return print(json.dump(2) + "\n");
  }
  print(validation.rows.to_text() + "\n" + validation.summary.to_text());
}

struct CurveOptions {
  ProfileSource source;
  std::string device;
  std::string device_file;
  std::string base;
  std::string workload;
  std::vector<std::int64_t> used = {0, 1, 3, 5, 10, 20, 50};
  std::vector<std::string> fit_work;
  int seeds = 10;
  bool law_only = false;
  std::string format = "table";
};

Cell cell_of(const std::optional<double>& value, double scale = 1) {
  return value ? Cell{scale * *value} : Cell{};
}

ResultTable curve_table(const std::vector<calibration::LearningCurvePoint>& curve) {
  ResultTable table;
  table.columns = {{"workload"},
                   {"role"},
                   {"used"},
                   {"predicted"},
                   {"time_mape_pct", 2, "time MAPE %"},
                   {"time_median_pct", 2, "median %"},
                   {"time_law_mape_pct", 2, "law alone %"},
                   {"time_in_one_sigma_pct", 0, "in 1 sigma %"},
                   {"power_mape_pct", 2, "power MAPE %"},
                   {"power_median_pct", 2, "median %"},
                   {"power_law_mape_pct", 2, "law alone %"},
                   {"power_in_one_sigma_pct", 0, "in 1 sigma %"}};
  for (const auto& point : curve) {
    table.rows.push_back({point.workload, workloads::name_of(point.role), point.used, point.predicted,
                          cell_of(point.time_mean), cell_of(point.time_median), cell_of(point.time_law_mean),
                          cell_of(point.time_inside, 100), cell_of(point.power_mean),
                          cell_of(point.power_median), cell_of(point.power_law_mean),
                          cell_of(point.power_inside, 100)});
  }
  return table;
}

void run_curve(const CurveOptions& options) {
  const Format format = format_of(options.format);
  BoardProfiles profiles = required(read_profiles(options.source, options.device, options.device_file));
  for (const std::string& note : profiles.notes) tell("note: " + note);
  if (!options.workload.empty()) {
    std::erase_if(profiles.rows, [&](const devices::ProfileRow& row) {
      return !row.workload.starts_with(options.workload);
    });
    if (profiles.rows.empty())
      throw CommandError(bad_input(
          fmt::format("{}: no profile of a workload '{}...'", name_of(options.source), options.workload)));
  }
  calibration::LearningCurveOptions curve;
  curve.used = options.used;
  curve.seeds = options.seeds;
  curve.calibration.hybrid = !options.law_only;
  curve.calibration.fit_work = options.fit_work;
  curve.calibration.fit_any_work = !options.source.format.empty();
  std::optional<calibration::CalibratedModel> base;
  if (!options.base.empty()) base = required(calibration::read_model(options.base));
  if (base) curve.calibration.base = &*base;
  for (const std::string& line :
       required(sizes_left_out(profiles.spec, profiles.rows, name_of(options.source), curve)))
    tell("note: " + line);
  const auto points =
      required(calibration::learning_curve(profiles.spec, profiles.rows, name_of(options.source), curve));
  print(curve_table(points).print(format));
}

}  // namespace

void add_validate_profiles(CLI::App& validate) {
  auto options = std::make_shared<ValidateProfilesOptions>();
  CLI::App* verb =
      validate.add_subcommand("profiles", "Predict measured profiles from a model, row by row and summed up");
  verb->add_option("--model", options->model, "A model file that calibrate wrote, or built-in:BOARD")
      ->required();
  add_profile_options(*verb, options->source)->required();
  add_format_option(*verb, options->format);
  verb->footer("Example: wattline validate profiles --model my_orin.json --profile others.csv");
  verb->callback([options] { run_validate_profiles(*options); });
}

void add_validate_curve(CLI::App& validate) {
  auto options = std::make_shared<CurveOptions>();
  CLI::App* verb = validate.add_subcommand(
      "curve", "Error of calibrations from few profiles, on the profiles that were not used (random splits)");
  add_profile_options(*verb, options->source)->required();
  verb->add_option("--device", options->device, "A built-in board (default: the one that the profiles name)");
  verb->add_option("--device-file", options->device_file, "A device file of your own instead")
      ->excludes("--device");
  verb->add_option("--workload", options->workload, "Only workloads whose name begins so");
  verb->add_option("--used", options->used, "Numbers of profiles used, of each workload")
      ->delimiter(',')
      ->check(CLI::Range(0, 100'000))
      ->capture_default_str();
  verb->add_option("--seeds", options->seeds, "Random splits of each size")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  verb->add_option("--base", options->base, "A model of another workload or board to start from (transfer)");
  verb->add_option("--fit-work", options->fit_work, "As of wattline calibrate");
  verb->add_flag("--law-only", options->law_only, "The physical law alone");
  add_format_option(*verb, options->format);
  verb->footer("Example: wattline validate curve --device orin-agx --profile my_profiles.csv --used 5,10,50");
  verb->callback([options] { run_curve(*options); });
}

}  // namespace wattline::experiments
