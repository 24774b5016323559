#include "devices/calibration/fit_model.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "devices/calibration/monotone.hpp"
#include "sim/random.hpp"

namespace wattline::devices::calibration {

namespace {

std::size_t meter_of(const Intake& intake, PowerKind kind) {
  const auto found = std::find(intake.other_kinds.begin(), intake.other_kinds.end(), kind);
  return kind == intake.power_kind ? 0 : 1 + static_cast<std::size_t>(found - intake.other_kinds.begin());
}

// What groups of one stack and source have in common becomes their prior: the mean of their estimates,
// weighted by how sure each is, with the old prior as one more voice.
void share_between_groups(const Intake& intake, const FitResult& fit,
                          std::vector<std::vector<Parameter>>& priors) {
  const std::vector<std::vector<Parameter>> before = priors;
  for (std::size_t g = 0; g < priors.size(); ++g) {
    if (intake.groups[g].source != WorkSource::catalogue) continue;
    for (std::size_t p = 0; p < priors[g].size(); ++p) {
      double weights = 1 / (before[g][p].spread * before[g][p].spread);
      double sum = weights * std::log(before[g][p].prior);
      for (std::size_t other = 0; other < priors.size(); ++other) {
        const bool alike = intake.groups[other].source == WorkSource::catalogue && other != g &&
                           intake.groups[other].stack.name == intake.groups[g].stack.name;
        // Only what another group's data have determined speaks, and never surer than groups differ.
        if (!alike || !fit.groups[other][p].determined(before[other][p])) continue;
        const double groups_differ = std::min(0.4, before[other][p].spread);
        const double deviation = std::hypot(fit.groups[other][p].deviation, groups_differ);
        // Relative to the other's own prior, so that what the spec knows of each network stays.
        const double shift = std::log(fit.groups[other][p].value / before[other][p].prior);
        weights += 1 / (deviation * deviation);
        sum += (std::log(before[g][p].prior) + shift) / (deviation * deviation);
      }
      priors[g][p].prior =
          std::clamp(std::exp(sum / weights), priors[g][p].low * 1.0001, priors[g][p].high * 0.9999);
    }
  }
}

Observation observation_of(const Ground& ground, const IntakePoint& point) {
  const ProfileRow& row = ground.rows[point.row];
  Observation observed;
  observed.setting = setting_of(ground.spec, ground.intake.groups[point.group], point.point);
  observed.group = point.group;
  observed.meter = meter_of(ground.intake, point.power_kind);
  observed.time_s = row.time_ms ? *row.time_ms * 1e-3 : 0;
  observed.power_w = row.power_w.value_or(0);
  return observed;
}

// At most `most` of the points in all; every group keeps its share of that, and small groups all they have.
std::vector<std::size_t> sampled(const Intake& intake, const std::vector<std::size_t>& points,
                                 std::size_t most, std::uint64_t seed) {
  if (points.size() <= most) return points;
  std::vector<std::vector<std::size_t>> of_group(intake.groups.size());
  for (const std::size_t i : points) of_group[intake.points[i].group].push_back(i);
  std::vector<std::size_t> by_size(of_group.size());
  std::iota(by_size.begin(), by_size.end(), std::size_t{0});
  std::stable_sort(by_size.begin(), by_size.end(),
                   [&](std::size_t a, std::size_t b) { return of_group[a].size() < of_group[b].size(); });
  sim::RandomStream random(seed, "calibration law sample");
  std::vector<std::size_t> kept;
  for (std::size_t rank = 0; rank < by_size.size(); ++rank) {
    std::vector<std::size_t>& members = of_group[by_size[rank]];
    const std::size_t share = (most - kept.size()) / (by_size.size() - rank);
    const std::size_t taken = std::min(members.size(), share);
    for (std::size_t i = 0; i < taken; ++i)
      std::swap(members[i], members[i + random.below(members.size() - i)]);
    kept.insert(kept.end(), members.begin(), members.begin() + static_cast<std::ptrdiff_t>(taken));
  }
  std::sort(kept.begin(), kept.end());
  return kept;
}

void note_ranges(const Intake& intake, const std::vector<std::size_t>& points, CalibratedModel& model) {
  for (const std::size_t i : points) {
    Point point = intake.points[i].point;
    GroupModel& group = model.groups[intake.points[i].group];
    if (point.mode.active_sms <= 0) point.mode.active_sms = model.spec.gpu.sms;
    // A catalogue network's work is its own, whatever the row says of it.
    if (group.group.source != WorkSource::counted) point.flop = point.bytes = std::nullopt;
    group.range.take_in(point);
  }
}

// ln(measured / law), and the work's share of the law (residual_process.hpp).
struct Residual {
  double value = 0;
  double share = 1;
};

// One run of fit_model(). Time comes first: power is fitted with the times that the model predicts.
class ModelFit {
 public:
  ModelFit(const Ground& ground, const std::vector<std::size_t>& points, const FitOptions& options)
      : ground_(ground), intake_(ground.intake), points_(points), options_(options) {
    sample_ = sampled(intake_, points, static_cast<std::size_t>(ground.options.law_points), options.seed);
    for (const std::size_t i : sample_) observations_.push_back(observation_of(ground, intake_.points[i]));
    model_.spec = ground.spec;
    model_.power_kind = intake_.power_kind;
    for (const Group& group : intake_.groups) {
      model_.groups.emplace_back();
      model_.groups.back().group = group;
    }
    note_ranges(intake_, points, model_);
  }

  // `begins` is told what does.
  CalibratedModel run(const std::function<void(const char*)>& begins) {
    begins("fitting time");
    fit_time_law();
    fit_residuals(
        ground_.options.time_residual, time_, &GroupModel::time,
        [this](const IntakePoint& point, std::size_t group) { return time_residual(point, group); });
    begins("fitting power");
    fit_power_law();
    fit_residuals(
        ground_.options.power_residual, power_, &GroupModel::power,
        [this](const IntakePoint& point, std::size_t group) { return power_residual(point, group); });
    return std::move(model_);
  }

  const FitResult& time() const { return time_; }
  const FitResult& power() const { return power_; }

 private:
  void fit_time_law() {
    ParameterSet priors = ground_.time_priors;
    priors.misfit = misfits(true);
    time_ = fit_time(priors, observations_, options_);
    if (intake_.groups.size() > 1) {
      share_between_groups(intake_, time_, priors.groups);
      time_ = fit_time(priors, observations_, options_, &time_);
    }
    keep(priors, time_, &GroupModel::time, model_.board_time);
  }

  bool carried() const {
    return ground_.options.base && ground_.options.base->spec.name != ground_.spec.name;
  }

  // How far the law may be off until profiles have shown it.
  std::vector<double> misfits(bool of_time) const {
    // What a model of another board foretells without a profile is off by 5 to 37 % (docs/fidelity.md,
    // Transfer).
    std::vector<double> list;
    // Counted work is of many kinds of kernels, which FLOP and bytes do not tell apart.
    for (const Group& group : intake_.groups)
      list.push_back(of_time && group.source == WorkSource::counted ? 0.3 : carried() ? 0.25 : 0.1);
    return list;
  }

  void fit_power_law() {
    std::vector<law::Use> use;
    for (std::size_t i = 0; i < sample_.size(); ++i) {
      const IntakePoint& point = intake_.points[sample_[i]];
      const auto [gpu, hybrid] = hybrid_time(point);
      observations_[i].time_s = hybrid;
      use.push_back(use_of(point, gpu, hybrid));
    }
    ParameterSet priors = ground_.power_priors;
    priors.misfit = misfits(false);
    const std::vector<std::vector<Parameter>> meters(intake_.other_kinds.size(), meter_priors());
    power_ = fit_power(priors, meters, observations_, use, options_);
    if (intake_.groups.size() > 1) {
      share_between_groups(intake_, power_, priors.groups);
      power_ = fit_power(priors, meters, observations_, use, options_, &power_);
    }
    for (std::size_t m = 0; m < meters.size(); ++m)
      model_.meters[intake_.other_kinds[m]] = {meters[m], power_.meters[m]};
    keep(priors, power_, &GroupModel::power, model_.board_power);
  }

  void keep(const ParameterSet& priors, const FitResult& fit, GroupLaw GroupModel::*target,
            ParameterEstimates& board) {
    board = {priors.board, fit.board};
    for (std::size_t g = 0; g < model_.groups.size(); ++g) {
      GroupLaw& law = model_.groups[g].*target;
      law.group = {priors.groups[g], fit.groups[g]};
      law.covariance = fit.covariance[g];
      law.noise = ground_.options.hybrid ? fit.noise[g] : fit.stated_noise[g];
    }
  }

  // Residual processes of one target, group by group. `residual_of` gives ln(measured / law) or nothing.
  template <class ResidualOf>
  void fit_residuals(const ResidualOptions& options, const FitResult& fit, GroupLaw GroupModel::*target,
                     ResidualOf residual_of) {
    for (std::size_t g = 0; g < model_.groups.size(); ++g) {
      std::vector<ResidualPoint> at;
      std::vector<double> residuals;
      for (const std::size_t i : points_) {
        const IntakePoint& point = intake_.points[i];
        if (point.group != g) continue;
        const std::optional<Residual> residual = residual_of(point, g);
        if (!residual) continue;
        at.push_back(residual_point(ground_.spec, intake_.groups[g], point.point));
        at.back().share = residual->share;
        residuals.push_back(residual->value);
      }
      GroupLaw& law = model_.groups[g].*target;
      law.points = static_cast<std::int64_t>(at.size());
      // Nothing here has shown yet how far off a model of another board is.
      if (at.empty() && carried()) law.noise = fit.stated_noise[g];
      constexpr std::size_t fewest = 3;
      if (!ground_.options.hybrid || at.size() < fewest) continue;
      // What the law left over says how large the process may be.
      const ResidualPrior prior{std::clamp(fit.noise[g], 0.02, 0.5),
                                std::clamp(fit.noise[g] / 3, 0.005, 0.1)};
      law.residual = ResidualProcess::fit(at, residuals, prior, options);
      law.noise = fit.stated_noise[g];
    }
  }

  std::optional<Residual> time_residual(const IntakePoint& point, std::size_t group) const {
    const auto& time_ms = ground_.rows[point.row].time_ms;
    if (!time_ms) return std::nullopt;
    return Residual{std::log(*time_ms * 1e-3 / law_time(point, group).second), 1};
  }

  std::optional<Residual> power_residual(const IntakePoint& point, std::size_t group) const {
    const auto& power_w = ground_.rows[point.row].power_w;
    // Another meter's readings tell of the law; the process is of the model's own.
    if (!power_w || point.power_kind != intake_.power_kind) return std::nullopt;
    const auto [gpu, hybrid] = hybrid_time(point);
    const auto board = power_.board_logs();
    const auto logs = power_.group_logs(group);
    const Setting setting = setting_of(ground_.spec, intake_.groups[group], point.point);
    const auto domains =
        law::domain_power_w(board.data(), logs.data(), hybrid, use_of(point, gpu, hybrid), setting);
    const double law_w = std::accumulate(domains.begin(), domains.end(), 0.0);
    return Residual{std::log(*power_w / law_w), 1 - static_power_w(board, setting) / law_w};
  }

  // Time on the GPU, and in all.
  std::pair<double, double> law_time(const IntakePoint& point, std::size_t group) const {
    const Setting at = setting_of(ground_.spec, intake_.groups[group], point.point);
    const auto board = time_.board_logs();
    const auto logs = time_.group_logs(group);
    const double gpu = law::gpu_s(board.data(), logs.data(), at);
    return {gpu, law::time_s(logs.data(), gpu, at)};
  }

  // The same with the residual process.
  std::pair<double, double> hybrid_time(const IntakePoint& point) const {
    const auto [gpu, law] = law_time(point, point.group);
    const GroupModel& group = model_.groups[point.group];
    return {gpu,
            law * std::exp(group.time.residual.mean(residual_point(ground_.spec, group.group, point.point)))};
  }

  law::Use use_of(const IntakePoint& point, double gpu, double time) const {
    const Setting at = setting_of(ground_.spec, intake_.groups[point.group], point.point);
    return law::use_of(time_.group_logs(point.group).data(), gpu, time, at);
  }

  const Ground& ground_;
  const Intake& intake_;
  const std::vector<std::size_t>& points_;
  const FitOptions& options_;
  std::vector<std::size_t> sample_;  // of the points, for the law
  std::vector<Observation> observations_;
  FitResult time_;
  FitResult power_;
  CalibratedModel model_;
};

std::vector<std::vector<Point>> by_group(const Intake& intake, const std::vector<std::size_t>& points) {
  std::vector<std::vector<Point>> lists(intake.groups.size());
  for (const std::size_t i : points) lists[intake.points[i].group].push_back(intake.points[i].point);
  return lists;
}

}  // namespace

CalibratedModel fit_model(const Ground& ground, const std::vector<std::size_t>& points,
                          const FitOptions& fit_options, CalibrationReport* report) {
  // A part of the points is fitted within a step of its own.
  const std::function<void(const char*)> begins = report ? ground.options.on_step : [](const char*) {};
  ModelFit fit(ground, points, fit_options);
  CalibratedModel model = fit.run(begins);
  begins("checking that predictions rise and fall as they must");
  auto notes = keep_monotone(ground.options.monotone_steps, by_group(ground.intake, points), model);
  if (!report) return model;
  report->notes.insert(report->notes.end(), notes.begin(), notes.end());
  report->time_fit = fit.time().termination;
  report->power_fit = fit.power().termination;
  report->time_steps = fit.time().steps;
  report->power_steps = fit.power().steps;
  return model;
}

}  // namespace wattline::devices::calibration
