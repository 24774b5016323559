#include "devices/calibration/held_out.hpp"

#include <algorithm>
#include <map>

#include "devices/calibration/errors.hpp"
#include "devices/calibration/transfer.hpp"
#include "sim/base/median.hpp"
#include "sim/random.hpp"

namespace wattline::devices::calibration {

namespace {

// Which fold each point is held out in; points of one key share it.
std::vector<std::size_t> folds_of(const Intake& intake, std::size_t folds, std::uint64_t seed) {
  std::vector<std::size_t> keys;
  for (const IntakePoint& point : intake.points) keys.push_back(point.key);
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  sim::RandomStream random(seed, "calibration folds");
  for (std::size_t i = keys.size(); i > 1; --i) std::swap(keys[i - 1], keys[random.below(i)]);
  std::map<std::size_t, std::size_t> fold_of;
  for (std::size_t i = 0; i < keys.size(); ++i) fold_of[keys[i]] = i % folds;
  std::vector<std::size_t> result;
  for (const IntakePoint& point : intake.points) result.push_back(fold_of[point.key]);
  return result;
}

// The intake as it would be from some of the points: nominal work and typical times are of these.
Intake seen_from(const Ground& ground, const std::vector<std::size_t>& used) {
  Intake seen = ground.intake;
  std::vector<std::vector<ProfileRow>> rows(seen.groups.size());
  for (const std::size_t i : used) {
    const ProfileRow& row = ground.rows[seen.points[i].row];
    if (row.time_ms) rows[seen.points[i].group].push_back(row);
  }
  for (std::size_t g = 0; g < seen.groups.size(); ++g) {
    std::vector<double> times;
    for (const ProfileRow& row : rows[g]) times.push_back(*row.time_ms * 1e-3);
    seen.typical_time_s[g] = times.empty() ? 0 : median(times);
    const bool of_base =
        ground.options.base && ground.options.base->find(seen.groups[g].name, seen.groups[g].role);
    if (seen.groups[g].source == WorkSource::fitted && !times.empty() && !of_base)
      seen.groups[g] = fitted_group(ground.spec, seen.groups[g].name, seen.groups[g].role, rows[g]);
  }
  return seen;
}

}  // namespace

void hold_out(const Ground& ground, CalibratedModel& model) {
  constexpr std::size_t folds = 5;
  constexpr std::size_t fewest = 3;
  constexpr std::size_t many = 300;
  const auto& points = ground.intake.points;
  if (points.size() < fewest) return;
  FitOptions once = ground.options.fit;
  once.starts = 1;
  const auto fold_of = folds_of(ground.intake, folds, ground.options.fit.seed);
  std::vector<ErrorSum> time(model.groups.size());
  std::vector<ErrorSum> power(model.groups.size());
  for (std::size_t fold = 0; fold < (points.size() > many ? 1 : folds); ++fold) {
    std::vector<std::size_t> used;
    for (std::size_t i = 0; i < points.size(); ++i)
      if (fold_of[i] != fold) used.push_back(i);
    if (used.empty() || used.size() == points.size()) continue;
    const Intake seen = seen_from(ground, used);
    const Ground without{ground.spec,
                         ground.rows,
                         seen,
                         ground.options,
                         time_priors_of(ground.spec, seen, ground.options),
                         ground.power_priors};
    const CalibratedModel part = fit_model(without, used, once, nullptr);
    for (std::size_t i = 0; i < points.size(); ++i) {
      // Of a network whose work is fitted, nothing is known without a profile.
      const bool unknown = seen.typical_time_s[points[i].group] == 0 &&
                           seen.groups[points[i].group].source == WorkSource::fitted;
      if (fold_of[i] != fold || unknown) continue;
      const ProfileRow& row = ground.rows[points[i].row];
      const GroupModel& group = part.groups[points[i].group];
      const CostPrediction hybrid = predict(part, group, points[i].point);
      const CostPrediction law = predict(part, group, points[i].point, true);
      if (row.time_ms) time[points[i].group].add(*row.time_ms * 1e-3, hybrid.time_s, law.time_s.value);
      if (row.power_w && points[i].power_kind == ground.intake.power_kind)
        power[points[i].group].add(*row.power_w, hybrid.power_w, law.power_w.value);
    }
  }
  for (std::size_t g = 0; g < model.groups.size(); ++g) {
    model.groups[g].time.held_out = time[g].summary();
    model.groups[g].power.held_out = power[g].summary();
  }
}

}  // namespace wattline::devices::calibration
