#include "devices/calibration/fit.hpp"

#include <ceres/ceres.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "devices/calibration/most_probable.hpp"

namespace wattline::devices::calibration {

namespace {

std::vector<double> logs(const std::vector<Estimate>& estimates) {
  std::vector<double> values(estimates.size());
  std::transform(estimates.begin(), estimates.end(), values.begin(),
                 [](const Estimate& estimate) { return std::log(estimate.value); });
  return values;
}

// A network is a dozen classes of kernels, whose time depends on six parameters; to carry the derivatives by
// all of them through every class would be most of a fit's time.
template <int all>
ceres::Jet<double, all> kernels_s(const ceres::Jet<double, all>* board, const ceres::Jet<double, all>* group,
                                  const Setting& at) {
  if (at.counted) return law::kernels_s(board, group, at);  // one class
  using Narrow = ceres::Jet<double, 6>;
  std::array<Narrow, time_board_parameters> narrow_board;
  std::array<Narrow, time_group_parameters> narrow_group;
  std::array<const ceres::Jet<double, all>*, 6> wide{};
  int used = 0;
  for (const auto parameter : {dram_fraction, on_chip_bytes_per_clock}) {
    narrow_board[parameter] = Narrow(board[parameter].a, used);
    wide[static_cast<std::size_t>(used++)] = &board[parameter];
  }
  for (const auto parameter : {compute_efficiency, memory_efficiency, cache_reuse, overlap}) {
    narrow_group[parameter] = Narrow(group[parameter].a, used);
    wide[static_cast<std::size_t>(used++)] = &group[parameter];
  }
  const Narrow kernels = law::kernels_s(narrow_board.data(), narrow_group.data(), at);
  ceres::Jet<double, all> result(kernels.a);
  for (int i = 0; i < used; ++i) result.v += kernels.v[i] * wide[static_cast<std::size_t>(i)]->v;
  return result;
}

double kernels_s(const double* board, const double* group, const Setting& at) {
  return law::kernels_s(board, group, at);
}

struct TimeResidual {
  const Observation* observed;
  double scale;  // weight / noise

  template <class T>
  bool operator()(const T* board, const T* group, T* residual) const {
    const T gpu = law::filled_s(kernels_s(board, group, observed->setting), group, observed->setting);
    const T time = law::time_s(group, gpu, observed->setting);
    residual[0] = scale * (ceres::log(time) - std::log(observed->time_s));
    return true;
  }
};

template <class T>
T total_power_w(const T* board, const T* group, double time_s, const law::Use& use, const Setting& at) {
  const auto domains = law::domain_power_w(board, group, time_s, use, at);
  return domains[0] + domains[1] + domains[2] + domains[3];
}

struct PowerResidual {
  const Observation* observed;
  law::Use use;
  double scale;

  template <class T>
  bool operator()(const T* board, const T* group, T* residual) const {
    const T power = total_power_w(board, group, observed->time_s, use, observed->setting);
    residual[0] = scale * (ceres::log(power) - std::log(observed->power_w));
    return true;
  }
};

struct MeteredPowerResidual {
  const Observation* observed;
  law::Use use;
  double scale;

  template <class T>
  bool operator()(const T* board, const T* group, const T* meter, T* residual) const {
    const T power = total_power_w(board, group, observed->time_s, use, observed->setting);
    const T read = ceres::exp(meter[meter_gain]) * power + ceres::exp(meter[meter_offset_w]);
    residual[0] = scale * (ceres::log(read) - std::log(observed->power_w));
    return true;
  }
};

std::vector<double> misfit_of(const ParameterSet& parameters) {
  std::vector<double> misfit = parameters.misfit;
  misfit.resize(parameters.groups.size(), 0.1);
  return misfit;
}

ceres::LossFunction* loss(double huber) {
  return huber > 0 ? new ceres::HuberLoss(huber) : nullptr;
}

}  // namespace

double Estimate::low95() const {
  return value * std::exp(-1.96 * deviation);
}
double Estimate::high95() const {
  return value * std::exp(1.96 * deviation);
}

const char* name_of(Termination termination) {
  switch (termination) {
    case Termination::converged:
      return "converged";
    case Termination::iterations_exhausted:
      return "iterations exhausted";
    case Termination::no_data:
      return "no data";
    case Termination::failed:
      break;
  }
  return "failed";
}

std::vector<double> FitResult::board_logs() const {
  return logs(board);
}
std::vector<double> FitResult::group_logs(std::size_t group) const {
  return logs(groups[group]);
}

FitResult fit_time(const ParameterSet& parameters, const std::vector<Observation>& observations,
                   const FitOptions& options, const FitResult* from) {
  std::vector<const std::vector<Parameter>*> list = {&parameters.board};
  for (const auto& group : parameters.groups) list.push_back(&group);
  Blocks blocks(list);
  const AddData add_data = [&](ceres::Problem& problem, Blocks& at, const Noise& noise, double huber) {
    for (const Observation& observed : observations) {
      if (observed.time_s <= 0) continue;
      problem.AddResidualBlock(
          new ceres::AutoDiffCostFunction<TimeResidual, 1, time_board_parameters, time_group_parameters>(
              new TimeResidual{&observed, observed.weight / noise[observed.group]}),
          loss(huber), at.block(0), at.block(1 + observed.group));
    }
  };
  std::vector<std::size_t> group_of_residual;
  for (const Observation& observed : observations)
    if (observed.time_s > 0) group_of_residual.push_back(observed.group);
  return most_probable(blocks, add_data, group_of_residual, misfit_of(parameters), options, from);
}

FitResult fit_power(const ParameterSet& parameters, const std::vector<std::vector<Parameter>>& meters,
                    const std::vector<Observation>& observations, const std::vector<law::Use>& use,
                    const FitOptions& options, const FitResult* from) {
  std::vector<const std::vector<Parameter>*> list = {&parameters.board};
  for (const auto& group : parameters.groups) list.push_back(&group);
  for (const auto& meter : meters) list.push_back(&meter);
  Blocks blocks(list);
  const std::size_t first_meter = 1 + parameters.groups.size();
  const AddData add_data = [&](ceres::Problem& problem, Blocks& at, const Noise& noise, double huber) {
    for (std::size_t i = 0; i < observations.size(); ++i) {
      const Observation& observed = observations[i];
      if (observed.power_w <= 0) continue;
      const double scale = observed.weight / noise[observed.group];
      if (observed.meter == 0) {
        problem.AddResidualBlock(
            new ceres::AutoDiffCostFunction<PowerResidual, 1, power_board_parameters, power_group_parameters>(
                new PowerResidual{&observed, use[i], scale}),
            loss(huber), at.block(0), at.block(1 + observed.group));
      } else {
        problem.AddResidualBlock(
            new ceres::AutoDiffCostFunction<MeteredPowerResidual, 1, power_board_parameters,
                                            power_group_parameters, meter_parameters>(
                new MeteredPowerResidual{&observed, use[i], scale}),
            loss(huber), at.block(0), at.block(1 + observed.group),
            at.block(first_meter + observed.meter - 1));
      }
    }
  };
  std::vector<std::size_t> group_of_residual;
  for (const Observation& observed : observations)
    if (observed.power_w > 0) group_of_residual.push_back(observed.group);
  return most_probable(blocks, add_data, group_of_residual, misfit_of(parameters), options, from);
}

}  // namespace wattline::devices::calibration
