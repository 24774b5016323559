#include "devices/calibration/noise.hpp"

#include <algorithm>
#include <cmath>

namespace wattline::devices::calibration {

namespace {

double robust_deviation(std::vector<double> residuals) {
  if (residuals.empty()) return 0;
  for (double& residual : residuals) residual = std::abs(residual);
  const auto middle = residuals.begin() + static_cast<std::ptrdiff_t>(residuals.size() / 2);
  std::nth_element(residuals.begin(), middle, residuals.end());
  constexpr double normal = 1.4826;  // deviation over median absolute deviation of a normal
  return normal * *middle;
}

}  // namespace

Noise noise_of(const std::vector<double>& residuals, const std::vector<std::size_t>& group_of_residual,
               const AssumedNoise& assumed) {
  std::vector<std::vector<double>> of_group(assumed.noise.size());
  for (std::size_t i = 0; i < residuals.size(); ++i) of_group[group_of_residual[i]].push_back(residuals[i]);
  Noise noise;
  for (std::size_t g = 0; g < of_group.size(); ++g) {
    const double seen = robust_deviation(of_group[g]);
    const auto points = static_cast<double>(of_group[g].size());
    const double squares = seen * seen * points + assumed.noise[g] * assumed.noise[g] * assumed.points;
    const double freedom = std::max(points - assumed.used_freedom[g], 0.0) + assumed.points;
    noise.push_back(std::clamp(std::sqrt(squares / freedom), assumed.least, assumed.most));
  }
  return noise;
}

}  // namespace wattline::devices::calibration
