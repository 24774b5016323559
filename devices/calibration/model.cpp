#include "devices/calibration/model.hpp"

#include <ceres/jet.h>

#include <algorithm>
#include <cmath>

namespace wattline::devices::calibration {

namespace {

// Values of (board, group) as numbers that carry their derivatives.
template <int count>
std::array<ceres::Jet<double, count>, count> jets(const ParameterEstimates& board,
                                                  const ParameterEstimates& group) {
  std::array<ceres::Jet<double, count>, count> list;
  std::size_t at = 0;
  for (const auto* part : {&board, &group})
    for (const Estimate& estimate : part->estimates) {
      list[at] = ceres::Jet<double, count>(std::log(estimate.value), static_cast<int>(at));
      ++at;
    }
  return list;
}

// Variance of a logarithm through the covariance of the parameters.
template <int count>
double spread(const ceres::Jet<double, count>& log_value, const std::vector<double>& covariance) {
  double sum = 0;
  if (covariance.size() != static_cast<std::size_t>(count * count)) return 0;
  for (int i = 0; i < count; ++i)
    for (int j = 0; j < count; ++j)
      sum += log_value.v[i] * log_value.v[j] * covariance[static_cast<std::size_t>(i * count + j)];
  return std::max(0.0, sum);
}

// What the law errs by for every factor of e that a knob is outside the profiles, as a deviation: knobs that
// the profiles vary, and knobs that they have at one value, of which only priors tell a slope. Values of the
// highest likelihood over extrapolations of public profiles (docs/calibration.md), time and power alike.
constexpr double astray_per_log = 0.04;
constexpr double astray_per_log_unvaried = 0.15;

double astray_variance(const CheckedRange& range, const Point& point) {
  const SquaredDistance distance = range.squared_distance(point);
  return astray_per_log * astray_per_log * distance.varied +
         astray_per_log_unvaried * astray_per_log_unvaried * distance.unvaried;
}

// `astray`: variance, of being outside the profiles. What the residual process has learnt at a point, the
// law's parameters cannot unlearn: their variance counts in the share that the process leaves open. Of knobs
// that did not vary the process knows nothing, and takes all of their values for one.
double total_sigma(double law_variance, double astray, const GroupLaw& law, const ResidualPoint& at,
                   bool law_only) {
  if (law_only || law.residual.empty()) return std::sqrt(law_variance + astray + law.noise * law.noise);
  double prior = 0;
  for (const Component c : {smooth_component, tile_component, same_component})
    prior += covariance(law.residual.hyperparameters(), c, at, at);
  const double left = law.residual.variance(at);
  const double open = prior > 0 ? left / prior : 1;
  return std::sqrt(law_variance * open + astray + left + law.residual.noise() * law.residual.noise());
}

}  // namespace

std::vector<double> logs(const ParameterEstimates& of) {
  std::vector<double> values;
  values.reserve(of.estimates.size());
  for (const Estimate& estimate : of.estimates) values.push_back(std::log(estimate.value));
  return values;
}

double static_power_w(const std::vector<double>& board, const Setting& at) {
  const double v2 = law::gpu_voltage_squared(board.data(), at.gpu_clock);
  return std::exp(board[board_w]) + std::exp(board[memory_w]) * at.emc_clock +
         at.sm_share * v2 * std::exp(board[gpu_leakage_w]) +
         at.cpu_voltage_squared * std::exp(board[cpu_leakage_w]) * at.cores;
}

const GroupModel* CalibratedModel::find(const std::string& workload, workloads::Role role) const {
  const std::string name = full_name(spec, workload);
  for (const GroupModel& group : groups)
    if (group.group.role == role && group.group.name == name) return &group;
  return nullptr;
}

namespace {

// The bands around given values; `law_only`: of the law without its residual processes.
void add_bands(const CalibratedModel& model, const GroupModel& group, const Point& point, bool law_only,
               CostPrediction& values) {
  constexpr int time_count =
      static_cast<int>(time_board_parameters) + static_cast<int>(time_group_parameters);
  constexpr int power_count =
      static_cast<int>(power_board_parameters) + static_cast<int>(power_group_parameters);
  const Setting at = setting_of(model.spec, group.group, point);
  ResidualPoint residual = residual_point(model.spec, group.group, point);

  const auto time_jets = jets<time_count>(model.board_time, group.time.group);
  const auto* time_group = time_jets.data() + time_board_parameters;
  const auto gpu = law::gpu_s(time_jets.data(), time_group, at);
  const auto time = law::time_s(time_group, gpu, at);
  const double astray = astray_variance(group.range, point);
  values.time_s.sigma = total_sigma(spread<time_count>(log(time), group.time.covariance), astray, group.time,
                                    residual, law_only);

  const auto power_jets = jets<power_count>(model.board_power, group.power.group);
  const std::vector<double> group_time = logs(group.time.group);
  const law::Use use = law::use_of(group_time.data(), gpu.a, values.time_s.value, at);
  const auto domains = law::domain_power_w(power_jets.data(), power_jets.data() + power_board_parameters,
                                           values.time_s.value, use, at);
  const auto total = domains[0] + domains[1] + domains[2] + domains[3];
  residual.share = 1 - static_power_w(logs(model.board_power), at) / total.a;
  values.power_w.sigma = total_sigma(spread<power_count>(log(total), group.power.covariance), astray,
                                     group.power, residual, law_only);
}

CostPrediction values_at(const CalibratedModel& model, const GroupModel& group, const Point& point,
                         bool law_only) {
  const Setting at = setting_of(model.spec, group.group, point);
  ResidualPoint residual = residual_point(model.spec, group.group, point);
  const std::vector<double> board_time = logs(model.board_time);
  const std::vector<double> group_time = logs(group.time.group);
  CostPrediction result;
  const double gpu = law::gpu_s(board_time.data(), group_time.data(), at);
  result.time_s.value =
      law::time_s(group_time.data(), gpu, at) * (law_only ? 1 : std::exp(group.time.residual.mean(residual)));
  const std::vector<double> board_power = logs(model.board_power);
  const std::vector<double> group_power = logs(group.power.group);
  result.domain_w = law::domain_power_w(board_power.data(), group_power.data(), result.time_s.value,
                                        law::use_of(group_time.data(), gpu, result.time_s.value, at), at);
  const double law_w = result.domain_w[0] + result.domain_w[1] + result.domain_w[2] + result.domain_w[3];
  residual.share = 1 - static_power_w(board_power, at) / law_w;
  const double factor = law_only ? 1 : std::exp(group.power.residual.mean(residual));
  for (double& domain : result.domain_w) {
    domain *= factor;
    result.power_w.value += domain;
  }
  return result;
}

}  // namespace

void add_bands(const CalibratedModel& model, const GroupModel& group, const Point& point,
               CostPrediction& values) {
  add_bands(model, group, point, false, values);
}

CostPrediction predict(const CalibratedModel& model, const GroupModel& group, const Point& point,
                       bool law_only) {
  CostPrediction values = values_at(model, group, point, law_only);
  add_bands(model, group, point, law_only, values);
  return values;
}

CostPrediction predict_values(const CalibratedModel& model, const GroupModel& group, const Point& point) {
  return values_at(model, group, point, false);
}

}  // namespace wattline::devices::calibration
