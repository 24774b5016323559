#include "devices/calibration/fit_model.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

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

}  // namespace

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
  // Counted work is of many kinds of kernels, which FLOP and bytes do not tell apart.
  for (const Group& group : ground.intake.groups)
    priors.misfit.push_back(group.source == WorkSource::counted ? 0.3 : 0.1);
  FitResult time = fit_time(priors, observations, fit_options);
  if (ground.intake.groups.size() > 1) {
    share_between_groups(ground.intake, time, priors.groups);
    time = fit_time(priors, observations, fit_options);
  }
  model.board_time = {priors.board, time.board};
  for (std::size_t g = 0; g < ground.intake.groups.size(); ++g) {
    GroupModel group;
    group.group = ground.intake.groups[g];
    group.time.group = {priors.groups[g], time.groups[g]};
    group.time.covariance = time.covariance[g];
    group.time.noise = ground.options.hybrid ? time.noise[g] : time.stated_noise[g];
    group.power.noise = fit_options.first_noise;
    model.groups.push_back(std::move(group));
  }
  // Power needs the estimates of some law to predict with, until it has its own.
  model.board_power = {ground.power_priors.board, {}};
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
  std::vector<law::Use> use;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    const IntakePoint& point = ground.intake.points[sample[i]];
    const auto [gpu, hybrid] = hybrid_time(point, model.groups[point.group]);
    observations[i].time_s = hybrid;
    use.push_back(law::use_of(time.group_logs(point.group).data(), gpu, hybrid, observations[i].setting));
  }
  ParameterSet power_priors = ground.power_priors;
  const std::vector<std::vector<Parameter>> meters(ground.intake.other_kinds.size(), meter_priors());
  FitResult power = fit_power(power_priors, meters, observations, use, fit_options);
  if (ground.intake.groups.size() > 1) {
    share_between_groups(ground.intake, power, power_priors.groups);
    power = fit_power(power_priors, meters, observations, use, fit_options);
  }
  model.board_power = {power_priors.board, power.board};
  for (std::size_t m = 0; m < meters.size(); ++m)
    model.meters[ground.intake.other_kinds[m]] = {meters[m], power.meters[m]};
  for (std::size_t g = 0; g < model.groups.size(); ++g) {
    model.groups[g].power.group = {power_priors.groups[g], power.groups[g]};
    model.groups[g].power.covariance = power.covariance[g];
    model.groups[g].power.noise = ground.options.hybrid ? power.noise[g] : power.stated_noise[g];
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
        const auto domains = law::domain_power_w(
            power_board.data(), logs_of.data(), hybrid,
            law::use_of(time.group_logs(point.group).data(), gpu, hybrid, setting), setting);
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

}  // namespace wattline::devices::calibration
