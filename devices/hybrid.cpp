#include "devices/hybrid.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "devices/calibration/known_workloads.hpp"
#include "devices/calibration/many_modes.hpp"
#include "workloads/catalog.hpp"
#include "workloads/workload_name.hpp"

namespace wattline::devices {

using calibration::CostPrediction;
using calibration::GroupModel;
using calibration::Point;
using calibration::WorkSource;
using workloads::Role;

namespace {

constexpr std::int64_t largest_batch = 1'000'000;
constexpr double slowest_s = 1e9;  // a minibatch beyond 30 years is a fault of the model

calibration::ParameterEstimates at_prior(std::vector<calibration::Parameter> parameters) {
  calibration::ParameterEstimates set;
  for (const calibration::Parameter& parameter : parameters)
    set.estimates.push_back({parameter.prior, parameter.spread});
  set.parameters = std::move(parameters);
  return set;
}

// A catalogue network of the same stack that was profiled says what the stack's launches cost here.
void learn_from_siblings(const calibration::CalibratedModel& model, GroupModel& group) {
  const GroupModel* sibling = nullptr;
  for (const GroupModel& other : model.groups) {
    const bool alike = other.group.source == WorkSource::catalogue && other.group.role == group.group.role &&
                       other.group.stack.name == group.group.stack.name;
    if (alike && (!sibling || other.time.points > sibling->time.points)) sibling = &other;
  }
  if (!sibling) return;
  // The sibling's priors hold what its stack's networks have in common (calibrate.cpp).
  for (const auto p : {calibration::launch_cycles, calibration::host_overlap, calibration::overlap,
                       calibration::core_sharing})
    group.time.group.estimates[p].value = sibling->time.group.parameters[p].prior;
}

// The covariance of parameters that are known independently of each other.
std::vector<double> independent(const calibration::ParameterEstimates& board,
                                const calibration::ParameterEstimates& group) {
  std::vector<double> deviations;
  for (const auto* part : {&board, &group})
    for (const calibration::Estimate& estimate : part->estimates) deviations.push_back(estimate.deviation);
  std::vector<double> square(deviations.size() * deviations.size());
  for (std::size_t i = 0; i < deviations.size(); ++i)
    square[i * deviations.size() + i] = deviations[i] * deviations[i];
  return square;
}

GroupModel prior_group(const calibration::CalibratedModel& model, calibration::Group group) {
  GroupModel made;
  made.time.group = at_prior(calibration::time_priors(model.spec, group, 0.01));
  made.power.group = at_prior(calibration::power_priors(model.spec, group));
  made.time.noise = made.power.noise = 0.2;
  made.group = std::move(group);
  learn_from_siblings(model, made);
  // What no profile has narrowed is as wide as the priors are.
  made.time.covariance = independent(model.board_time, made.time.group);
  made.power.covariance = independent(model.board_power, made.power.group);
  return made;
}

// Nothing where the model's numbers ran away, which no check of its file can rule out for every point.
std::optional<Cost> cost_of(const CostPrediction& prediction, const RailPowerW& power_w) {
  if (!std::isfinite(prediction.time_s.value) || !std::isfinite(prediction.power_w.value))
    return std::nullopt;
  const auto time_ns =
      static_cast<sim::TimeNs>(std::llround(std::min(prediction.time_s.value, slowest_s) * 1e9));
  return Cost{std::max<sim::TimeNs>(1, time_ns), power_w};
}

}  // namespace

HybridModel::HybridModel(calibration::CalibratedModel model) : model_(std::move(model)) {
  if (model_.power_kind == PowerKind::module_rails)
    for (const Rail& rail : model_.spec.power.rails) rails_.push_back(rail.name);
  else
    rails_ = {"total"};
  for (const workloads::Dnn& dnn : workloads::catalog()) {
    for (const SoftwareStack& stack : model_.spec.stacks) {
      for (const Role role : {Role::train, Role::infer}) {
        if (role == Role::train && !stack.trains) continue;
        const std::string name = dnn.name + "@" + stack.name;
        if (model_.find(name, role)) continue;
        auto group = calibration::known_group(model_.spec, name, role, false);
        if (group) unprofiled_.emplace(std::pair{name, role}, prior_group(model_, *std::move(group)));
      }
    }
  }
}

Result<HybridModel::Found> HybridModel::find(const std::string& workload, Role role,
                                             const Point& point) const {
  if (point.batch < 1 || point.batch > largest_batch) {
    return bad_input(fmt::format("batch {} is not accepted; a whole number from 1 to {} is expected",
                                 point.batch, largest_batch));
  }
  const auto parsed = workloads::parse_workload_name(workload);
  if (!parsed) return parsed.error();
  const std::string name = calibration::full_name(model_.spec, workload);
  if (const GroupModel* group = by_name(name, role)) return Found{group, point};
  const GroupModel* pool = counted_pool(name, role);
  if (point.flop) {
    if (pool) return Found{pool, point};
    return bad_input(fmt::format(
        "'{}' brings flop and bytes, but no profile for {} on '{}' did, so nothing is known of such "
        "work; calibrate with some",
        name, workloads::name_of(role), name.substr(name.find('@') + 1)));
  }
  if (!pool || calibration::counted_batches(model_, name, role).empty())
    return calibration::unknown_workload(model_, workload, role);
  const auto work = calibration::counted_work(model_, name, role, point.batch);
  if (!work) return work.error();
  return Found{pool, {point.batch, point.mode, work->flop, work->bytes}};
}

const GroupModel* HybridModel::by_name(const std::string& name, Role role) const {
  const GroupModel* group = model_.find(name, role);
  if (group && group->group.source != WorkSource::counted) return group;
  const auto found = unprofiled_.find({name, role});
  return found != unprofiled_.end() ? &found->second : nullptr;
}

const GroupModel* HybridModel::counted_pool(const std::string& name, Role role) const {
  const GroupModel* pool = model_.find("counted" + name.substr(name.find('@')), role);
  return pool && pool->group.source == WorkSource::counted ? pool : nullptr;
}

MaybeError HybridModel::check_workload(const std::string& workload, Role role,
                                       std::optional<std::int64_t> batch) const {
  const std::vector<std::int64_t> counted = calibration::counted_batches(model_, workload, role);
  const auto found =
      find(workload, role, {batch.value_or(counted.empty() ? 1 : counted.front()), {}, {}, {}});
  return found ? MaybeError{} : found.error();
}

std::optional<std::pair<std::int64_t, std::int64_t>> HybridModel::profiled_batches(
    const std::string& workload, Role role) const {
  const std::string name = calibration::full_name(model_.spec, workload);
  if (const GroupModel* group = by_name(name, role)) {
    if (group->range.high_batch == 0) return std::nullopt;
    return std::pair{group->range.low_batch, group->range.high_batch};
  }
  const std::vector<std::int64_t> counted = calibration::counted_batches(model_, name, role);
  const GroupModel* pool = counted_pool(name, role);
  if (counted.empty() || !pool || pool->range.high_batch == 0) return std::nullopt;
  return std::pair{counted.front(), counted.back()};
}

RailPowerW HybridModel::on_rails(const std::array<double, 4>& domain_w) const {
  RailPowerW rails_w{};
  if (model_.power_kind != PowerKind::module_rails) {
    for (const double watts : domain_w) rails_w[0] += watts;
    return rails_w;
  }
  for (std::size_t i = 0; i < model_.spec.power.rails.size(); ++i) {
    const Rail& rail = model_.spec.power.rails[i];
    rails_w[i] = rail.gpu_share * domain_w[0] + rail.cpu_share * domain_w[1] +
                 rail.memory_share * domain_w[2] + rail.board_share * domain_w[3];
  }
  return rails_w;
}

Result<Cost> HybridModel::minibatch(const std::string& workload, Role role, std::int64_t batch,
                                    const PowerMode& mode) const {
  if (auto error = check_mode_in_force(model_.spec, mode)) return *error;
  const auto found = find(workload, role, {batch, mode, {}, {}});
  if (!found) return found.error();
  const CostPrediction cost = calibration::predict_values(model_, *found->group, found->point);
  const auto given = cost_of(cost, on_rails(cost.domain_w));
  if (given) return *given;
  return bad_input(fmt::format("the model of {} gives no number for '{}' at {}", model_.spec.name, workload,
                               to_text(mode)));
}

std::vector<std::optional<Cost>> HybridModel::minibatches(const std::string& workload, Role role,
                                                          std::int64_t batch,
                                                          std::span<const PowerMode> modes) const {
  std::vector<std::optional<Cost>> costs(modes.size());
  const auto found = find(workload, role, {batch, {}, {}, {}});
  if (!found) return costs;
  const auto predictions = calibration::predict_values(model_, *found->group, found->point, modes);
  for (std::size_t i = 0; i < modes.size(); ++i) {
    costs[i] = cost_of(predictions[i], on_rails(predictions[i].domain_w));
  }
  return costs;
}

Result<RailPowerW> HybridModel::idle_power_w(const PowerMode& mode) const {
  if (auto error = check_mode_in_force(model_.spec, mode)) return *error;
  std::vector<double> board;
  for (const calibration::Estimate& estimate : model_.board_power.estimates)
    board.push_back(std::log(estimate.value));
  const calibration::Setting at = calibration::setting_of(model_.spec, {}, {1, mode, {}, {}});
  namespace law = calibration::law;
  const double v2 = law::gpu_voltage_squared(board.data(), at.gpu_clock);
  const double idle = model_.spec.power.gpu.clock_idle_fraction;
  const double gpu_w = at.sm_share * v2 *
                       (std::exp(board[calibration::gpu_leakage_w]) +
                        idle * std::exp(board[calibration::gpu_clock_w]) * at.gpu_clock);
  const double cpu_w =
      at.cpu_voltage_squared * at.cores *
      (std::exp(board[calibration::cpu_leakage_w]) +
       model_.spec.power.cpu.clock_idle_fraction * std::exp(board[calibration::cpu_clock_w]) * at.cpu_clock);
  return on_rails({gpu_w, cpu_w, std::exp(board[calibration::memory_w]) * at.emc_clock,
                   std::exp(board[calibration::board_w])});
}

Result<CostPrediction> HybridModel::predict(const std::string& workload, Role role,
                                            const Point& point) const {
  const auto found = find(workload, role, point);
  if (!found) return found.error();
  return calibration::predict(model_, *found->group, found->point);
}

Result<std::vector<CostPrediction>> HybridModel::predict(const std::string& workload, Role role,
                                                         const Point& point,
                                                         std::span<const PowerMode> modes) const {
  const auto found = find(workload, role, point);
  if (!found) return found.error();
  std::vector<CostPrediction> list = calibration::predict_values(model_, *found->group, found->point, modes);
  Point at = found->point;
  for (std::size_t i = 0; i < modes.size(); ++i) {
    at.mode = modes[i];
    calibration::add_bands(model_, *found->group, at, list[i]);
  }
  return list;
}

}  // namespace wattline::devices
