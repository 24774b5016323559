#include "experiments/validate/minimum.hpp"

#include <algorithm>
#include <vector>

namespace wattline::experiments {

namespace {

constexpr double golden = 0.6180339887498949;  // (sqrt(5) - 1) / 2
constexpr int golden_steps = 6;

}  // namespace

SampledMinimum sampled_minimum(std::span<const double> xs, std::span<const double> values) {
  const auto best = static_cast<std::size_t>(std::min_element(values.begin(), values.end()) - values.begin());
  SampledMinimum minimum{xs[best], values[best]};
  if (best == 0 || best + 1 == xs.size()) return minimum;
  // The parabola's slope at the lowest sample and half its curvature, from divided differences.
  const double left = (values[best] - values[best - 1]) / (xs[best] - xs[best - 1]);
  const double right = (values[best + 1] - values[best]) / (xs[best + 1] - xs[best]);
  const double curvature = (right - left) / (xs[best + 1] - xs[best - 1]);
  if (curvature <= 0) return minimum;
  const double slope = left + curvature * (xs[best] - xs[best - 1]);
  minimum.at = std::clamp(xs[best] - slope / (2 * curvature), xs[best - 1], xs[best + 1]);
  minimum.value = values[best] - slope * slope / (4 * curvature);
  return minimum;
}

double minimum_between(double low, double high, std::size_t trials, const std::function<double(double)>& f) {
  const double step = (high - low) / static_cast<double>(trials);
  std::vector<double> values;
  for (std::size_t i = 0; i <= trials; ++i) values.push_back(f(low + static_cast<double>(i) * step));
  const auto best = static_cast<double>(std::min_element(values.begin(), values.end()) - values.begin());
  double from = std::max(low, low + (best - 1) * step);
  double to = std::min(high, low + (best + 1) * step);
  double lower = to - golden * (to - from), upper = from + golden * (to - from);
  double at_lower = f(lower), at_upper = f(upper);
  for (int i = 0; i < golden_steps; ++i) {
    if (at_lower <= at_upper) {
      to = upper;
      upper = lower, at_upper = at_lower;
      lower = to - golden * (to - from), at_lower = f(lower);
    } else {
      from = lower;
      lower = upper, at_lower = at_upper;
      upper = from + golden * (to - from), at_upper = f(upper);
    }
  }
  return at_lower <= at_upper ? lower : upper;
}

}  // namespace wattline::experiments
