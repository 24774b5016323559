// wattline predict: a device model and requests in, time and power with a one-sigma band out.
#include <fmt/format.h>

#include <map>
#include <memory>

#include "devices/calibration/model_file.hpp"
#include "devices/hybrid.hpp"
#include "experiments/calibration/predictions.hpp"
#include "experiments/cli/verbs.hpp"
#include "experiments/whole_file.hpp"
#include "sim/base/printable.hpp"
#include "traces/csv.hpp"
#include "traces/profile_csv.hpp"

namespace wattline::experiments {

namespace {

struct PredictOptions {
  std::string model;
  std::string requests;
  std::string out;
  std::string format = "csv";
};

void run_predict(const PredictOptions& options) {
  if (!options.out.empty()) required(check_output(options.out, {options.model, options.requests}));
  const devices::HybridModel model(required(devices::calibration::read_model(options.model)));
  const std::string name = printable(options.requests);
  const std::string csv = required(read_text_file(options.requests, traces::longest_csv));
  const auto requests = required(traces::parse_profile_requests(csv, name));
  if (requests.empty()) throw CommandError(bad_input(name + ": no request; at least one row is expected"));
  const Predictions predictions = required(predict_all(model, requests, name));
  if (const auto note = traces::cut_off_note(csv, name)) tell("note: " + *note);
  if (predictions.outside > 0) {
    tell(
        fmt::format("{} of {} requests lie outside the range in which the model was checked (columns "
                    "time_checked, power_checked); the first "
                    "is line {}",
                    predictions.outside, requests.size(), predictions.first_outside_line));
  }
  const std::string text = options.format == "csv"
                               ? predictions_csv(requests, predictions)
                               : predictions_table(requests, predictions).print(format_of(options.format));
  if (options.out.empty()) return print(text);
  required(write_whole_file(options.out, text));
}

}  // namespace

void add_predict(CLI::App& app) {
  auto options = std::make_shared<PredictOptions>();
  CLI::App* verb =
      app.add_subcommand("predict", "Time and power of requested points, from a calibrated model");
  verb->add_option("--model", options->model, "A model file that calibrate wrote, or built-in:BOARD")
      ->required();
  verb->add_option("--requests", options->requests,
                   "CSV with the columns of a profile, without time and power")
      ->required();
  verb->add_option("--out", options->out, "The file to write (default: standard output)");
  verb->add_option("--format", options->format, "table, csv or json")
      ->check(CLI::IsMember(format_names()))
      ->capture_default_str();
  verb->footer("Example: wattline predict --model my_orin.json --requests q.csv");
  verb->callback([options] { run_predict(*options); });
}

}  // namespace wattline::experiments
