#include "devices/calibration/learning_curve.hpp"

#include <algorithm>

#include "devices/calibration/errors.hpp"
#include "devices/calibration/intake.hpp"
#include "sim/base/median.hpp"
#include "sim/random.hpp"

namespace wattline::devices::calibration {

namespace {

// Errors of one group's predictions, split by split.
struct Errors {
  std::vector<ErrorSummary> time;
  std::vector<ErrorSummary> power;
};

// Median over the splits.
std::optional<double> over_splits(const std::vector<ErrorSummary>& splits, double ErrorSummary::*field,
                                  double scale) {
  if (splits.empty()) return std::nullopt;
  std::vector<double> values;
  for (const ErrorSummary& split : splits) values.push_back(scale * (split.*field));
  return median(std::move(values));
}

struct GroupSplit {
  std::vector<ProfileRow> used;
  std::vector<IntakePoint> predicted;
};

GroupSplit split(const Intake& intake, const std::vector<ProfileRow>& rows, std::size_t group,
                 std::int64_t used, std::uint64_t seed) {
  std::vector<std::size_t> members;
  for (std::size_t i = 0; i < intake.points.size(); ++i)
    if (intake.points[i].group == group) members.push_back(i);
  sim::RandomStream random(seed, "learning curve");
  for (std::size_t i = members.size(); i > 1; --i) std::swap(members[i - 1], members[random.below(i)]);
  GroupSplit result;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const IntakePoint& point = intake.points[members[i]];
    if (static_cast<std::int64_t>(i) < used)
      result.used.push_back(rows[point.row]);
    else
      result.predicted.push_back(point);
  }
  return result;
}

void add_errors(const CalibratedModel& model, const std::vector<IntakePoint>& points,
                const std::vector<ProfileRow>& rows, Errors& errors) {
  const GroupModel& group = model.groups.front();
  ErrorSum time;
  ErrorSum power;
  for (const IntakePoint& point : points) {
    const ProfileRow& row = rows[point.row];
    const CostPrediction hybrid = predict(model, group, point.point);
    const CostPrediction law = predict(model, group, point.point, true);
    if (row.time_ms) time.add(*row.time_ms * 1e-3, hybrid.time_s, law.time_s.value);
    if (row.power_w && point.power_kind == model.power_kind)
      power.add(*row.power_w, hybrid.power_w, law.power_w.value);
  }
  if (!time.empty()) errors.time.push_back(time.summary());
  if (!power.empty()) errors.power.push_back(power.summary());
}

Result<CalibratedModel> model_of(const DeviceSpec& spec, const std::vector<ProfileRow>& used,
                                 const Group& group, const std::string& name,
                                 const CalibrationOptions& options) {
  if (used.empty()) return prior_model(spec, group, options);
  auto made = calibrate(spec, "", used, name, options);
  if (!made) return made.error();
  return std::move(made->model);
}

// One point of the curve of one group; nothing where no split leaves something to predict.
Result<std::optional<LearningCurvePoint>> curve_point(const DeviceSpec& spec,
                                                      const std::vector<ProfileRow>& rows,
                                                      const std::string& name, const Intake& intake,
                                                      std::size_t group, std::int64_t used, int seeds,
                                                      const CalibrationOptions& options) {
  const bool fitted = intake.groups[group].source == WorkSource::fitted;
  if (used == 0 && fitted) return std::optional<LearningCurvePoint>();
  LearningCurvePoint point;
  Errors errors;
  // There is only one prior.
  for (int seed = 0; seed < (used == 0 ? 1 : seeds); ++seed) {
    const GroupSplit parts = split(intake, rows, group, used, static_cast<std::uint64_t>(seed));
    if (parts.predicted.empty() || static_cast<std::int64_t>(parts.used.size()) < used) break;
    // Work is fitted to times: a split that used none tells nothing.
    const bool timed = std::any_of(parts.used.begin(), parts.used.end(),
                                   [](const ProfileRow& row) { return row.time_ms.has_value(); });
    if (!timed && fitted) continue;
    const auto model = model_of(spec, parts.used, intake.groups[group], name, options);
    if (!model) return model.error();
    add_errors(*model, parts.predicted, rows, errors);
    point.predicted = static_cast<std::int64_t>(parts.predicted.size());
  }
  if (point.predicted == 0) return std::optional<LearningCurvePoint>();
  point.workload = intake.groups[group].name;
  point.role = intake.groups[group].role;
  point.used = used;
  constexpr double per_cent = 100;
  point.time_mean = over_splits(errors.time, &ErrorSummary::mean_absolute, per_cent);
  point.time_median = over_splits(errors.time, &ErrorSummary::median_absolute, per_cent);
  point.time_law_mean = over_splits(errors.time, &ErrorSummary::law_alone, per_cent);
  point.time_inside = over_splits(errors.time, &ErrorSummary::within_one_sigma, 1);
  point.power_mean = over_splits(errors.power, &ErrorSummary::mean_absolute, per_cent);
  point.power_median = over_splits(errors.power, &ErrorSummary::median_absolute, per_cent);
  point.power_law_mean = over_splits(errors.power, &ErrorSummary::law_alone, per_cent);
  point.power_inside = over_splits(errors.power, &ErrorSummary::within_one_sigma, 1);
  return std::optional(std::move(point));
}

}  // namespace

Result<std::vector<LearningCurvePoint>> learning_curve(const DeviceSpec& spec,
                                                       const std::vector<ProfileRow>& rows,
                                                       const std::string& name,
                                                       const LearningCurveOptions& options) {
  const auto intake = take_in(spec, rows, name, options.calibration);
  if (!intake) return intake.error();
  CalibrationOptions once = options.calibration;
  once.held_out = false;
  once.power_kind = intake->power_kind;
  std::vector<LearningCurvePoint> curve;
  for (std::size_t g = 0; g < intake->groups.size(); ++g) {
    for (const std::int64_t used : options.used) {
      auto point = curve_point(spec, rows, name, *intake, g, used, options.seeds, once);
      if (!point) return point.error();
      if (*point) curve.push_back(std::move(**point));
    }
  }
  return curve;
}

}  // namespace wattline::devices::calibration
