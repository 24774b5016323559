#include "experiments/validate/profiles.hpp"

#include <fmt/format.h>

#include <map>
#include <tuple>

#include "devices/calibration/errors.hpp"

namespace wattline::experiments {

using devices::ProfileRow;
using devices::calibration::Band;
using devices::calibration::ErrorSum;
using devices::calibration::ErrorSummary;

namespace {

// Measured, predicted, error in per cent, inside one sigma; and the error noted.
void add_target(const std::optional<double>& measured, const Band& band, double scale, std::vector<Cell>& row,
                ErrorSum& errors) {
  row.push_back(measured ? Cell{*measured} : Cell{});
  row.push_back(band.value * scale);
  if (!measured) {
    row.insert(row.end(), {Cell{}, Cell{}});
    return;
  }
  const Band scaled{band.value * scale, band.sigma};
  row.push_back(100 * (scaled.value / *measured - 1));
  row.push_back(devices::calibration::inside(scaled, *measured) ? "yes" : "no");
  errors.add(*measured, scaled);
}

std::vector<Cell> summary_row(const std::string& workload, const char* role, const char* target,
                              const ErrorSummary& errors) {
  return {workload,
          role,
          target,
          errors.points,
          100 * errors.mean_absolute,
          100 * errors.median_absolute,
          100 * errors.worst,
          100 * errors.bias,
          100 * errors.within_one_sigma};
}

struct Comparable {
  std::vector<ProfileRow> rows;
  std::vector<std::string> notes;
};

// Rows without the powers that the model does not predict.
Result<Comparable> comparable(const devices::HybridModel& model, const std::vector<ProfileRow>& profiles,
                              const std::string& name) {
  Comparable kept{profiles, {}};
  std::map<devices::PowerKind, std::pair<std::size_t, std::size_t>> left_out;  // powers, first line
  bool something = false;
  for (ProfileRow& row : kept.rows) {
    const bool predicted =
        row.power_kind == devices::PowerKind::unstated || row.power_kind == model.model().power_kind;
    if (!predicted && row.power_w) {
      auto& [count, first_line] = left_out[row.power_kind];
      if (count++ == 0) first_line = row.line;
    }
    if (!predicted) {
      row.power_w = row.power_std_w = std::nullopt;
      row.power_kind = devices::PowerKind::unstated;
    }
    something = something || row.time_ms || row.power_w;
  }
  for (const auto& [kind, where] : left_out)
    kept.notes.push_back(fmt::format(
        "{}: the model predicts '{}'; {} powers of '{}' (from line {}) are left out", name,
        devices::name_of(model.model().power_kind), where.first, devices::name_of(kind), where.second));
  if (!something && !kept.notes.empty()) return bad_input(kept.notes.front() + ", and no row has a time");
  return kept;
}

}  // namespace

Result<ProfileValidation> validate_profiles(const devices::HybridModel& model,
                                            const std::vector<ProfileRow>& measured,
                                            const std::string& name) {
  const auto kept = comparable(model, measured, name);
  if (!kept) return kept.error();
  const std::vector<ProfileRow>& profiles = kept->rows;
  const auto predictions = predict_all(model, profiles, name);
  if (!predictions) return predictions.error();
  ProfileValidation validation;
  validation.notes = kept->notes;
  validation.rows.columns = {{"line"},
                             {"workload"},
                             {"role"},
                             {"batch"},
                             {"cores"},
                             {"cpu_khz"},
                             {"gpu_khz"},
                             {"emc_khz"},
                             {"time_ms", 3},
                             {"predicted_time_ms", 3, "predicted ms"},
                             {"time_error_pct", 1, "error %"},
                             {"time_in_one_sigma", 0, "in 1 sigma"},
                             {"power_w", 2},
                             {"predicted_power_w", 2, "predicted W"},
                             {"power_error_pct", 1, "error %"},
                             {"power_in_one_sigma", 0, "in 1 sigma"},
                             {"time_checked"},
                             {"power_checked"}};
  validation.summary.columns = {{"workload"},
                                {"role"},
                                {"target"},
                                {"points"},
                                {"mape_pct", 2, "MAPE %"},
                                {"median_pct", 2, "median %"},
                                {"worst_pct", 1, "worst %"},
                                {"bias_pct", 2, "bias %"},
                                {"within_one_sigma_pct", 0, "in 1 sigma %"}};
  std::map<std::tuple<std::string, workloads::Role, int>, ErrorSum> errors;
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    const ProfileRow& row = profiles[i];
    const Prediction& at = predictions->of_points[predictions->of_request[i]];
    std::vector<Cell> cells = {static_cast<std::int64_t>(row.line), row.workload,
                               workloads::name_of(row.role),        row.batch,
                               std::int64_t{row.mode.cores},        std::int64_t{row.mode.cpu_khz},
                               std::int64_t{row.mode.gpu_khz},      std::int64_t{row.mode.emc_khz}};
    // Counted work is summed up by stack: each sub-graph is a workload of its own.
    const bool by_name = !row.flop || model.model().find(row.workload, row.role);
    const std::string full = devices::calibration::full_name(model.model().spec, row.workload);
    const std::string summed = by_name ? full : "counted" + full.substr(full.find('@'));
    add_target(row.time_ms, at.cost.time_s, 1e3, cells, errors[{summed, row.role, 0}]);
    add_target(row.power_w, at.cost.power_w, 1, cells, errors[{summed, row.role, 1}]);
    cells.push_back(at.time_checked ? "yes" : "no");
    cells.push_back(at.power_checked ? "yes" : "no");
    validation.rows.rows.push_back(std::move(cells));
  }
  for (const auto& [key, found] : errors) {
    if (found.empty()) continue;
    validation.summary.rows.push_back(summary_row(std::get<0>(key), workloads::name_of(std::get<1>(key)),
                                                  std::get<2>(key) == 0 ? "time" : "power", found.summary()));
  }
  return validation;
}

}  // namespace wattline::experiments
