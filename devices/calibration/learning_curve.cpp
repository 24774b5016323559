#include "devices/calibration/learning_curve.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "devices/calibration/intake.hpp"
#include "sim/random.hpp"

namespace wattline::devices::calibration {

namespace {

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Per cent errors of one split, and the medians of such over splits.
struct Errors {
  std::vector<double> time, time_law, power, power_law;
  std::int64_t time_inside = 0, power_inside = 0;
};

struct Medians {
  std::vector<double> mean, median, law, inside;

  void add(const std::vector<double>& errors, const std::vector<double>& law_errors, std::int64_t within) {
    if (errors.empty()) return;
    mean.push_back(calibration::mean(errors));
    median.push_back(calibration::median(errors));
    law.push_back(calibration::mean(law_errors));
    inside.push_back(static_cast<double>(within) / static_cast<double>(errors.size()));
  }
};

std::optional<double> over_seeds(const std::vector<double>& values) {
  if (values.empty()) return std::nullopt;
  return median(values);
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

void add_errors(const CalibratedModel& model, const GroupModel& group, const std::vector<IntakePoint>& points,
                const std::vector<ProfileRow>& rows, Errors& errors) {
  for (const IntakePoint& point : points) {
    const ProfileRow& row = rows[point.row];
    const CostPrediction hybrid = predict(model, group, point.point);
    const CostPrediction law = predict(model, group, point.point, true);
    const auto note = [](double measured, const Band& band, double law_value, std::vector<double>& list,
                         std::vector<double>& law_list, std::int64_t& inside) {
      list.push_back(100 * std::abs(band.value / measured - 1));
      law_list.push_back(100 * std::abs(law_value / measured - 1));
      if (std::abs(std::log(band.value / measured)) <= band.sigma) ++inside;
    };
    if (row.time_ms)
      note(*row.time_ms * 1e-3, hybrid.time_s, law.time_s.value, errors.time, errors.time_law,
           errors.time_inside);
    if (row.power_w && point.power_kind == model.power_kind)
      note(*row.power_w, hybrid.power_w, law.power_w.value, errors.power, errors.power_law,
           errors.power_inside);
  }
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
      Medians time;
      Medians power;
      LearningCurvePoint point;
      for (int seed = 0; seed < options.seeds; ++seed) {
        const GroupSplit parts = split(*intake, rows, g, used, static_cast<std::uint64_t>(seed));
        if (parts.predicted.empty() || static_cast<std::int64_t>(parts.used.size()) < used) break;
        // Work is fitted to times: a split that used none tells nothing.
        const bool timed = std::any_of(parts.used.begin(), parts.used.end(),
                                       [](const ProfileRow& row) { return row.time_ms.has_value(); });
        if (used > 0 && !timed && intake->groups[g].source == WorkSource::fitted) continue;
        const auto model =
            used == 0 ? prior_model(spec, intake->groups[g], once) : [&]() -> Result<CalibratedModel> {
          auto made = calibrate(spec, "", parts.used, name, once);
          if (!made) return made.error();
          return std::move(made->model);
        }();
        if (!model) return model.error();
        Errors errors;
        add_errors(*model, model->groups.front(), parts.predicted, rows, errors);
        time.add(errors.time, errors.time_law, errors.time_inside);
        power.add(errors.power, errors.power_law, errors.power_inside);
        point.predicted = static_cast<std::int64_t>(parts.predicted.size());
        if (used == 0) break;  // there is only one prior
      }
      if (point.predicted == 0 || (used == 0 && intake->groups[g].source == WorkSource::fitted)) continue;
      point.workload = intake->groups[g].name;
      point.role = intake->groups[g].role;
      point.used = used;
      point.time_mean = over_seeds(time.mean);
      point.time_median = over_seeds(time.median);
      point.time_law_mean = over_seeds(time.law);
      point.time_inside = over_seeds(time.inside);
      point.power_mean = over_seeds(power.mean);
      point.power_median = over_seeds(power.median);
      point.power_law_mean = over_seeds(power.law);
      point.power_inside = over_seeds(power.inside);
      curve.push_back(std::move(point));
    }
  }
  return curve;
}

}  // namespace wattline::devices::calibration
