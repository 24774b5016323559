#include "devices/calibration/calibrate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "devices/calibration/intake.hpp"
#include "devices/calibration/monotone.hpp"
#include "sim/base/text.hpp"
#include "sim/random.hpp"

namespace wattline::devices::calibration {

namespace {

// Everything that the fitting of one set of points needs and that no point changes.
struct Ground {
  const DeviceSpec& spec;
  const std::vector<ProfileRow>& rows;
  const Intake& intake;
  const CalibrationOptions& options;
  ParameterSet time_priors;
  ParameterSet power_priors;
};

std::size_t meter_of(const Intake& intake, PowerKind kind) {
  const auto found = std::find(intake.other_kinds.begin(), intake.other_kinds.end(), kind);
  return kind == intake.power_kind ? 0 : 1 + static_cast<std::size_t>(found - intake.other_kinds.begin());
}

// Estimates of a base model become medians; what it knew well stays narrow, but never below a tenth,
// because another board or workload is asked for. `without`: the priors where the base was made, so that
// only how far its data moved them is taken, and what the spec knows of each network stays.
void take_from_base(const ParameterEstimates& base, double least_spread,
                    const std::vector<Parameter>& without, std::vector<Parameter>& priors) {
  for (std::size_t i = 0; i < priors.size() && i < base.estimates.size(); ++i) {
    // A nominal network's bounds are multiples of its own times; the base's are as good.
    priors[i].low = std::min(priors[i].low, base.parameters[i].low);
    priors[i].high = std::max(priors[i].high, base.parameters[i].high);
    const double moved = base.estimates[i].value * (priors[i].prior / without[i].prior);
    priors[i].prior = std::clamp(moved, priors[i].low * 1.0001, priors[i].high * 0.9999);
    priors[i].spread = std::min(std::hypot(base.estimates[i].deviation, least_spread), priors[i].spread);
  }
}

// The group of the base model that is nearest in kind: the same name, the same stack and source, or none.
const GroupModel* nearest_group(const CalibratedModel& base, const Group& group) {
  const GroupModel* nearest = nullptr;
  for (const GroupModel& other : base.groups) {
    if (other.group.role != group.role) continue;
    if (other.group.name == group.name) return &other;
    const bool alike = other.group.source == group.source && other.group.stack.name == group.stack.name;
    if (alike && (!nearest || other.time.points > nearest->time.points)) nearest = &other;
  }
  return nearest;
}

ParameterSet time_priors_of(const DeviceSpec& spec, const Intake& intake, const CalibrationOptions& options) {
  ParameterSet set{board_time_priors(spec), {}};
  const CalibratedModel* base = options.base;
  const bool same_board = base && base->spec.name == spec.name;
  if (same_board) take_from_base(base->board_time, 0.03, set.board, set.board);
  for (std::size_t g = 0; g < intake.groups.size(); ++g) {
    set.groups.push_back(time_priors(spec, intake.groups[g], intake.typical_time_s[g]));
    const GroupModel* near = base ? nearest_group(*base, intake.groups[g]) : nullptr;
    if (!near) continue;
    const bool same = near->group.name == intake.groups[g].name;
    if (!same && intake.groups[g].source == WorkSource::fitted) {
      // A fitted group's nominal work is its own, so only its shape transfers.
      for (const auto shape : {saturation, overlap, core_sharing, host_overlap}) {
        set.groups.back()[shape].prior = near->time.group.estimates[shape].value;
        set.groups.back()[shape].spread = std::min(
            std::hypot(near->time.group.estimates[shape].deviation, 0.4), set.groups.back()[shape].spread);
      }
      continue;
    }
    const auto without =
        same ? set.groups.back() : time_priors(base->spec, near->group, intake.typical_time_s[g]);
    take_from_base(near->time.group, same ? 0.15 : 0.4, without, set.groups.back());
  }
  return set;
}

ParameterSet power_priors_of(const DeviceSpec& spec, const Intake& intake,
                             const CalibrationOptions& options) {
  ParameterSet set{board_power_priors(spec, intake.power_kind), {}};
  const CalibratedModel* base = options.base;
  if (base && base->spec.name == spec.name && base->power_kind == intake.power_kind)
    take_from_base(base->board_power, 0.05, set.board, set.board);
  for (const Group& group : intake.groups) {
    set.groups.push_back(power_priors(spec, group));
    const GroupModel* near = base ? nearest_group(*base, group) : nullptr;
    const bool same = near && near->group.name == group.name;
    if (!near || (!same && group.source == WorkSource::fitted)) continue;
    const auto without = same ? set.groups.back() : power_priors(base->spec, near->group);
    take_from_base(near->power.group, same ? 0.15 : 0.4, without, set.groups.back());
  }
  return set;
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

ParameterEstimates paired(const std::vector<Parameter>& parameters, const std::vector<Estimate>& estimates) {
  return {parameters, estimates};
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

// Hyperparameters of an earlier, larger fit, to begin from.
using StartingPoints = std::vector<std::pair<Hyperparameters, Hyperparameters>>;

// ln(measured / law), and the work's share of the law (residual_process.hpp).
struct Residual {
  double value = 0;
  double share = 1;
};

// Residual processes of one target, group by group. `residual_of` gives ln(measured / law) or nothing.
template <class ResidualOf>
void fit_residuals(const Ground& ground, const std::vector<std::size_t>& points,
                   const ResidualOptions& options, ResidualOf residual_of, GroupLaw GroupModel::*target,
                   std::vector<GroupModel>& groups) {
  for (std::size_t g = 0; g < groups.size(); ++g) {
    std::vector<ResidualPoint> at;
    std::vector<double> residuals;
    for (const std::size_t i : points) {
      const IntakePoint& point = ground.intake.points[i];
      if (point.group != g) continue;
      const std::optional<Residual> residual = residual_of(point, groups[g]);
      if (!residual) continue;
      at.push_back(residual_point(ground.spec, groups[g].group, point.point));
      at.back().share = residual->share;
      residuals.push_back(residual->value);
    }
    GroupLaw& law = groups[g].*target;
    law.points = static_cast<std::int64_t>(at.size());
    constexpr std::size_t fewest = 3;
    if (!ground.options.hybrid || at.size() < fewest) continue;
    // What the law left over says how large the process may be.
    ResidualOptions own = options;
    own.prior_amplitude = std::clamp(law.noise, 0.02, 0.5);
    own.prior_noise = std::clamp(law.noise / 3, 0.005, 0.1);
    law.residual = ResidualProcess::fit(at, residuals, own);
    law.noise = law.residual.noise();
  }
}

// The whole model from some of the points.
CalibratedModel fit_model(const Ground& ground, const std::vector<std::size_t>& points,
                          const FitOptions& fit_options, CalibrationReport* report) {
  CalibratedModel model;
  model.spec = ground.spec;
  model.power_kind = ground.intake.power_kind;
  std::vector<Observation> observations;
  const auto sample =
      sampled(ground.intake, points, static_cast<std::size_t>(ground.options.law_points), fit_options.seed);
  for (const std::size_t i : sample) observations.push_back(observation_of(ground, ground.intake.points[i]));

  ParameterSet priors = ground.time_priors;
  FitResult time = fit_time(priors, observations, fit_options);
  if (ground.intake.groups.size() > 1) {
    share_between_groups(ground.intake, time, priors.groups);
    time = fit_time(priors, observations, fit_options);
  }
  model.board_time = paired(priors.board, time.board);
  for (std::size_t g = 0; g < ground.intake.groups.size(); ++g) {
    GroupModel group;
    group.group = ground.intake.groups[g];
    group.time.group = paired(priors.groups[g], time.groups[g]);
    group.time.covariance = time.covariance[g];
    group.time.noise = time.noise[g];
    group.power.noise = fit_options.first_noise;
    model.groups.push_back(std::move(group));
  }
  // Power needs the estimates of some law to predict with, until it has its own.
  model.board_power = paired(ground.power_priors.board, {});
  const auto law_time = [&](const IntakePoint& point, const GroupModel& group) {
    const Setting at = setting_of(ground.spec, group.group, point.point);
    const auto logs_of = time.group_logs(static_cast<std::size_t>(&group - model.groups.data()));
    const auto board = time.board_logs();
    const double gpu = law::gpu_s(board.data(), logs_of.data(), at);
    return std::pair{gpu, law::time_s(logs_of.data(), gpu, at)};
  };
  fit_residuals(
      ground, points, ground.options.time_residual,
      [&](const IntakePoint& point, const GroupModel& group) -> std::optional<Residual> {
        const auto& time_ms = ground.rows[point.row].time_ms;
        if (!time_ms) return std::nullopt;
        return Residual{std::log(*time_ms * 1e-3 / law_time(point, group).second), 1};
      },
      &GroupModel::time, model.groups);

  const auto hybrid_time = [&](const IntakePoint& point, const GroupModel& group) {
    const auto [gpu, law] = law_time(point, group);
    const double hybrid =
        law * std::exp(group.time.residual.mean(residual_point(ground.spec, group.group, point.point)));
    return std::pair{gpu, hybrid};
  };
  std::vector<double> gpu_busy;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    const IntakePoint& point = ground.intake.points[sample[i]];
    const auto [gpu, hybrid] = hybrid_time(point, model.groups[point.group]);
    observations[i].time_s = hybrid;
    gpu_busy.push_back(std::min(1.0, gpu / hybrid));
  }
  ParameterSet power_priors = ground.power_priors;
  const std::vector<std::vector<Parameter>> meters(ground.intake.other_kinds.size(), meter_priors());
  FitResult power = fit_power(power_priors, meters, observations, gpu_busy, fit_options);
  if (ground.intake.groups.size() > 1) {
    share_between_groups(ground.intake, power, power_priors.groups);
    power = fit_power(power_priors, meters, observations, gpu_busy, fit_options);
  }
  model.board_power = paired(power_priors.board, power.board);
  for (std::size_t m = 0; m < meters.size(); ++m)
    model.meters[ground.intake.other_kinds[m]] = paired(meters[m], power.meters[m]);
  for (std::size_t g = 0; g < model.groups.size(); ++g) {
    model.groups[g].power.group = paired(power_priors.groups[g], power.groups[g]);
    model.groups[g].power.covariance = power.covariance[g];
    model.groups[g].power.noise = power.noise[g];
  }
  const auto power_board = power.board_logs();
  fit_residuals(
      ground, points, ground.options.power_residual,
      [&](const IntakePoint& point, const GroupModel& group) -> std::optional<Residual> {
        const auto& power_w = ground.rows[point.row].power_w;
        // Another meter's readings tell of the law; the process is of the model's own.
        if (!power_w || point.power_kind != ground.intake.power_kind) return std::nullopt;
        const auto [gpu, hybrid] = hybrid_time(point, group);
        const auto logs_of = power.group_logs(static_cast<std::size_t>(&group - model.groups.data()));
        const Setting setting = setting_of(ground.spec, group.group, point.point);
        const auto domains = law::domain_power_w(power_board.data(), logs_of.data(), hybrid,
                                                 std::min(1.0, gpu / hybrid), setting);
        const double law_w = std::accumulate(domains.begin(), domains.end(), 0.0);
        return Residual{std::log(*power_w / law_w), 1 - static_power_w(power_board, setting) / law_w};
      },
      &GroupModel::power, model.groups);
  if (report) {
    report->time_fit = time.termination;
    report->power_fit = power.termination;
    report->time_steps = time.steps;
    report->power_steps = power.steps;
  }
  return model;
}

// Sums up errors of one group and target.
struct ErrorSum {
  std::vector<double> relative;
  std::vector<double> law_relative;
  std::int64_t inside = 0;

  void add(const Band& predicted, double law_alone, double measured) {
    relative.push_back(predicted.value / measured - 1);
    law_relative.push_back(law_alone / measured - 1);
    if (std::abs(std::log(predicted.value / measured)) <= predicted.sigma) ++inside;
  }
  HeldOutError summary() const {
    HeldOutError error;
    error.points = static_cast<std::int64_t>(relative.size());
    if (relative.empty()) return error;
    std::vector<double> magnitude;
    for (std::size_t i = 0; i < relative.size(); ++i) {
      magnitude.push_back(std::abs(relative[i]));
      error.bias += relative[i];
      error.law_alone += std::abs(law_relative[i]);
      if (magnitude.back() > std::abs(error.worst)) error.worst = relative[i];
    }
    const auto count = static_cast<double>(relative.size());
    error.mean_absolute = std::accumulate(magnitude.begin(), magnitude.end(), 0.0) / count;
    error.bias /= count;
    error.law_alone /= count;
    error.within_one_sigma = static_cast<double>(inside) / count;
    std::sort(magnitude.begin(), magnitude.end());
    const std::size_t half = magnitude.size() / 2;
    error.median_absolute =
        magnitude.size() % 2 == 1 ? magnitude[half] : (magnitude[half - 1] + magnitude[half]) / 2;
    return error;
  }
};

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
    std::sort(times.begin(), times.end());
    seen.typical_time_s[g] = times.empty() ? 0 : times[times.size() / 2];
    const bool of_base =
        ground.options.base && ground.options.base->find(seen.groups[g].name, seen.groups[g].role);
    if (seen.groups[g].source == WorkSource::fitted && !times.empty() && !of_base)
      seen.groups[g] = fitted_group(ground.spec, seen.groups[g].name, seen.groups[g].role, rows[g]);
  }
  return seen;
}

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
      if (row.time_ms) time[points[i].group].add(hybrid.time_s, law.time_s.value, *row.time_ms * 1e-3);
      if (row.power_w && points[i].power_kind == ground.intake.power_kind)
        power[points[i].group].add(hybrid.power_w, law.power_w.value, *row.power_w);
    }
  }
  for (std::size_t g = 0; g < model.groups.size(); ++g) {
    model.groups[g].time.held_out = time[g].summary();
    model.groups[g].power.held_out = power[g].summary();
  }
}

void note_ranges(const Intake& intake, CalibratedModel& model) {
  for (const IntakePoint& point : intake.points) {
    CheckedRange& range = model.groups[point.group].range;
    const PowerMode& mode = point.point.mode;
    const bool first = range.high_batch == 0;
    const auto widen = [first](auto& low, auto& high, auto value) {
      low = first ? value : std::min(low, value);
      high = first ? value : std::max(high, value);
    };
    widen(range.low.cores, range.high.cores, mode.cores);
    widen(range.low.cpu_khz, range.high.cpu_khz, mode.cpu_khz);
    widen(range.low.gpu_khz, range.high.gpu_khz, mode.gpu_khz);
    widen(range.low.emc_khz, range.high.emc_khz, mode.emc_khz);
    widen(range.low_batch, range.high_batch, point.point.batch);
  }
}

}  // namespace

// What looks like a mistake in the profiles rather than a property of the board.
void note_oddities(const CalibratedModel& model, std::vector<std::string>& notes) {
  constexpr double doubtful = 0.30;
  for (const GroupModel& group : model.groups) {
    for (const auto& [target, law] : {std::pair{"time", &group.time}, std::pair{"power", &group.power}}) {
      if (law->held_out.points > 0 && law->held_out.law_alone > doubtful)
        notes.push_back(fmt::format(
            "{}: the physical law alone misses {} by {:.0f} %; check units and clocks of the profiles",
            group.group.name, target, 100 * law->held_out.law_alone));
      std::vector<std::string> at_bound;
      for (std::size_t i = 0; law->points > 0 && i < law->group.parameters.size(); ++i) {
        const Parameter& parameter = law->group.parameters[i];
        const double value = law->group.estimates[i].value;
        if (value <= parameter.low * 1.001 || value >= parameter.high * 0.999)
          at_bound.push_back(parameter.name);
      }
      if (!at_bound.empty())
        notes.push_back(fmt::format("{}: parameters of {} at the end of their range: {}", group.group.name,
                                    target, joined(at_bound)));
    }
  }
}

Result<Calibration> calibrate(const DeviceSpec& spec, const std::string& spec_text,
                              const std::vector<ProfileRow>& rows, const std::string& name,
                              const CalibrationOptions& options) {
  auto intake = take_in(spec, rows, name, options);
  if (!intake) return intake.error();
  // The base's efficiencies of a nominal network mean something for its nominal work only.
  for (Group& group : intake->groups) {
    const GroupModel* near = options.base ? nearest_group(*options.base, group) : nullptr;
    if (near && near->group.name == group.name && group.source == WorkSource::fitted)
      group.work = near->group.work;
  }
  const Ground ground{spec,
                      rows,
                      *intake,
                      options,
                      time_priors_of(spec, *intake, options),
                      power_priors_of(spec, *intake, options)};
  Calibration result;
  result.report.notes = intake->notes;
  result.report.disagreements = intake->disagreements;
  std::vector<std::size_t> all(intake->points.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  result.model = fit_model(ground, all, options.fit, &result.report);
  result.model.spec_text = spec_text;
  result.model.source = name;
  note_ranges(*intake, result.model);
  for (const IntakePoint& point : intake->points) {
    // The law alone is for work of any size; it keeps no list of the work that it was fitted to.
    if (intake->groups[point.group].source != WorkSource::counted || !options.hybrid) continue;
    result.model.counted[{full_name(spec, rows[point.row].workload), point.point.batch}] = {
        *point.point.flop, *point.point.bytes};
  }
  if (options.held_out) hold_out(ground, result.model);
  note_oddities(result.model, result.report.notes);
  if (options.monotone_steps > 0) keep_monotone(options.monotone_steps, result.model, result.report.notes);
  return result;
}

Result<CalibratedModel> prior_model(const DeviceSpec& spec, const Group& group,
                                    const CalibrationOptions& options) {
  Intake intake;
  intake.groups = {group};
  intake.typical_time_s = {0};
  if (options.power_kind != PowerKind::unstated) intake.power_kind = options.power_kind;
  const Ground ground{spec,
                      {},
                      intake,
                      options,
                      time_priors_of(spec, intake, options),
                      power_priors_of(spec, intake, options)};
  CalibratedModel model = fit_model(ground, {}, options.fit, nullptr);
  return model;
}

Result<CalibratedModel> transferred(const CalibratedModel& base, const DeviceSpec& spec,
                                    const std::string& spec_text) {
  CalibrationOptions options;
  options.base = &base;
  options.power_kind = base.power_kind;
  Intake intake;
  intake.power_kind = base.power_kind;
  for (const GroupModel& group : base.groups) {
    auto own = group.group.source == WorkSource::fitted
                   ? Result<Group>(group.group)
                   : known_group(spec, group.group.name, group.group.role,
                                 group.group.source == WorkSource::counted);
    if (!own) continue;  // a stack or role that this board does not have
    own->name = group.group.name;
    intake.groups.push_back(*std::move(own));
    intake.typical_time_s.push_back(0);
  }
  if (intake.groups.empty())
    return bad_input(fmt::format("no workload of the model of {} can run on {}", base.spec.name, spec.name));
  const Ground ground{spec,
                      {},
                      intake,
                      options,
                      time_priors_of(spec, intake, options),
                      power_priors_of(spec, intake, options)};
  CalibratedModel model = fit_model(ground, {}, options.fit, nullptr);
  model.spec_text = spec_text;
  model.source = "transferred from " + base.spec.name;
  for (const auto& [key, work] : base.counted) model.counted[key] = work;
  return model;
}

}  // namespace wattline::devices::calibration
