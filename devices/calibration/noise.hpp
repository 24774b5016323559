// How far measurements are from a fitted law, told from the residuals of the fit.
#pragma once

#include <cstddef>
#include <vector>

namespace wattline::devices::calibration {

using Noise = std::vector<double>;  // relative standard deviation, per group

// What is held of each group's noise before its residuals are seen.
struct AssumedNoise {
  Noise noise;
  double points = 5;                 // that it counts for
  std::vector<double> used_freedom;  // degrees of freedom that parameters took from the residuals
  double least = 0.01;
  double most = 0.30;
};

// From residuals of the logarithm, robust against a minority of any size. Precondition: `group_of_residual`
// is as long as `residuals`, and the lists of `assumed` are as long as there are groups.
Noise noise_of(const std::vector<double>& residuals, const std::vector<std::size_t>& group_of_residual,
               const AssumedNoise& assumed);

}  // namespace wattline::devices::calibration
