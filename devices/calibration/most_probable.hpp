// The most probable parameters under priors and a robust loss, by Ceres from several starts; for fit.cpp.
//
// The noise that weighs data against priors is estimated from the residuals and the fit repeated with it. Not
// part of what calibration offers: fit.hpp is.
#pragma once

#include <ceres/problem.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "devices/calibration/fit.hpp"
#include "devices/calibration/noise.hpp"
#include "sim/random.hpp"

namespace wattline::devices::calibration {

// The parameters of a fit as one vector of logarithms, block after block.
struct Blocks {
  std::vector<const std::vector<Parameter>*> parameters;
  std::vector<std::size_t> offset;
  std::vector<double> values;

  explicit Blocks(const std::vector<const std::vector<Parameter>*>& list) : parameters(list) {
    for (const auto* block : list) {
      offset.push_back(values.size());
      for (const Parameter& parameter : *block) values.push_back(std::log(parameter.prior));
    }
  }
  double* block(std::size_t index) { return values.data() + offset[index]; }

  void start_at(const FitResult& fit) {
    auto at = values.begin();
    const auto append = [&](const std::vector<Estimate>& estimates) {
      for (const Estimate& estimate : estimates) *at++ = std::log(estimate.value);
    };
    append(fit.board);
    for (const auto& group : fit.groups) append(group);
    for (const auto& meter : fit.meters) append(meter);
  }

  void start_at_prior() {
    std::size_t at = 0;
    for (const auto* block : parameters)
      for (const Parameter& parameter : *block) values[at++] = std::log(parameter.prior);
  }
  void start_near_prior(sim::RandomStream& random) {
    std::size_t at = 0;
    for (const auto* block : parameters) {
      for (const Parameter& parameter : *block) {
        const double away = std::min(parameter.spread, 1.0) * (2 * random.uniform() - 1);
        values[at++] =
            std::clamp(std::log(parameter.prior) + away, std::log(parameter.low), std::log(parameter.high));
      }
    }
  }
};

// Adds the data's residuals to a problem.
using AddData = std::function<void(ceres::Problem&, Blocks&, const Noise& noise, double huber)>;

// Solves for the values of `blocks`: the board's, then each group's, then the meters'. `group_of_residual`:
// of the residuals that `add_data` adds, in its order. `misfit`: of each group (ParameterSet). `from`: see
// fit_time().
FitResult most_probable(Blocks& blocks, const AddData& add_data,
                        const std::vector<std::size_t>& group_of_residual, const std::vector<double>& misfit,
                        const FitOptions& options, const FitResult* from);

}  // namespace wattline::devices::calibration
