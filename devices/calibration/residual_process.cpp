#include "devices/calibration/residual_process.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "devices/calibration/hyperparameter_search.hpp"
#include "sim/random.hpp"

namespace wattline::devices::calibration {

namespace {

double covariance(const Hyperparameters& parameters, const ResidualPoint& a, const ResidualPoint& b) {
  double sum = 0;
  for (const Component component : {smooth_component, tile_component, same_component})
    sum += covariance(parameters, component, a, b);
  return sum;
}

// The first `count` of a random order: the same for the same seed and size.
std::vector<std::size_t> drawn(std::size_t size, std::size_t count, std::uint64_t seed) {
  std::vector<std::size_t> order(size);
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (count >= size) return order;
  sim::RandomStream random(seed, "calibration subset");
  for (std::size_t i = 0; i < count; ++i) std::swap(order[i], order[i + random.below(size - i)]);
  order.resize(count);
  std::sort(order.begin(), order.end());
  return order;
}

// Residuals without their gross outliers, which would pass for noise everywhere: cut at ten deviations
// (from the median magnitude, so robust), and never below five prior amplitudes.
std::vector<double> clipped(std::vector<double> residuals, double prior_amplitude) {
  std::vector<double> magnitude;
  for (const double residual : residuals) magnitude.push_back(std::abs(residual));
  const auto middle = magnitude.begin() + static_cast<std::ptrdiff_t>(magnitude.size() / 2);
  std::nth_element(magnitude.begin(), middle, magnitude.end());
  const double most = std::max(10 * 1.4826 * *middle, 5 * prior_amplitude);
  for (double& residual : residuals) residual = std::clamp(residual, -most, most);
  return residuals;
}

template <class T>
std::vector<T> picked(const std::vector<T>& list, const std::vector<std::size_t>& order) {
  std::vector<T> result;
  result.reserve(order.size());
  for (const std::size_t i : order) result.push_back(list[i]);
  return result;
}

}  // namespace

double matern(double away, double length) {
  if (length <= 0) return 1;
  constexpr double root5 = 2.2360679774997896;
  const double d = root5 * std::abs(away) / length;
  return (1 + d + d * d / 3) * std::exp(-d);
}

double covariance(const Hyperparameters& parameters, Component component, const ResidualPoint& a,
                  const ResidualPoint& b) {
  const double amplitude = parameters.amplitude[component];
  if (amplitude <= 0 || (component == same_component && a.work != b.work)) return 0;
  double product = amplitude * amplitude;
  if (component != smooth_component) product *= a.share * b.share;
  const auto& lengths = parameters.length[component];
  for (std::size_t f = 0; f < feature_count; ++f) {
    if (lengths[f] > 0 && a.at[f] != b.at[f]) product *= matern(a.at[f] - b.at[f], lengths[f]);
  }
  return product;
}

ResidualProcess ResidualProcess::fit(const std::vector<ResidualPoint>& points,
                                     const std::vector<double>& residuals, const ResidualPrior& prior,
                                     const ResidualOptions& options) {
  ResidualProcess process;
  if (points.empty()) return process;
  const auto hyper = drawn(points.size(), static_cast<std::size_t>(options.hyper_points), options.seed);
  process.hyperparameters_ =
      search_hyperparameters(picked(points, hyper), clipped(picked(residuals, hyper), prior.amplitude), prior,
                             options.hyper_iterations);
  const auto kept = drawn(points.size(), static_cast<std::size_t>(options.exact_points), options.seed);
  process.points_ = picked(points, kept);
  process.residuals_ = picked(residuals, kept);
  process.noises_.assign(kept.size(), process.hyperparameters_.noise);
  process.variance_points_ = options.variance_points;
  Eigen::VectorXd inverse_diagonal;
  process.solve(&inverse_diagonal);

  // A point that its neighbours contradict by more than four deviations gets noise to match. Left out, point
  // i is missed by weight_i / (K^-1)_ii with a variance of 1 / (K^-1)_ii (Rasmussen and Williams, eq. 5.12).
  constexpr double stands_out = 4;
  constexpr int passes = 2;
  for (int pass = 0; pass < passes; ++pass) {
    bool changed = false;
    for (std::size_t i = 0; i < process.points_.size(); ++i) {
      const double variance = 1 / inverse_diagonal[static_cast<Eigen::Index>(i)];
      const double left = std::abs(process.weights_[i]) * std::sqrt(variance);
      if (left <= stands_out) continue;
      const double more = variance * (std::pow(left / stands_out * 2, 2) - 1);
      process.noises_[i] = std::sqrt(process.noises_[i] * process.noises_[i] + more);
      changed = true;
    }
    if (!changed) break;
    process.solve(pass + 1 < passes ? &inverse_diagonal : nullptr);
  }
  process.choose_variance_points(options.variance_points);
  return process;
}

ResidualProcess ResidualProcess::restore(std::vector<ResidualPoint> points, std::vector<double> weights,
                                         std::vector<double> noises, const Hyperparameters& hyperparameters,
                                         int variance_points) {
  ResidualProcess process;
  process.points_ = std::move(points);
  process.weights_ = std::move(weights);
  process.noises_ = std::move(noises);
  process.hyperparameters_ = hyperparameters;
  process.variance_points_ = variance_points;
  process.choose_variance_points(variance_points);
  return process;
}

ResidualProcess ResidualProcess::damped(double factor) const {
  ResidualProcess process = *this;
  double amplitudes = 0;  // squared
  for (double& amplitude : process.hyperparameters_.amplitude) {
    amplitudes += amplitude * amplitude;
    amplitude *= factor;
  }
  const auto size = static_cast<double>(residuals_.size());
  const double residuals = std::inner_product(residuals_.begin(), residuals_.end(), residuals_.begin(), 0.0);
  const double to_noise = std::sqrt((1 - factor * factor) * std::min(amplitudes, residuals / size));
  process.hyperparameters_.noise = std::hypot(noise(), to_noise);
  for (double& noise : process.noises_) noise = std::hypot(noise, to_noise);
  process.solve();
  process.choose_variance_points(variance_points_);
  return process;
}

void ResidualProcess::solve(Eigen::VectorXd* inverse_diagonal) {
  const auto size = static_cast<Eigen::Index>(points_.size());
  Eigen::MatrixXd k(size, size);
  for (Eigen::Index i = 0; i < size; ++i) {
    const auto a = static_cast<std::size_t>(i);
    for (Eigen::Index j = 0; j < i; ++j)
      k(i, j) = covariance(hyperparameters_, points_[a], points_[static_cast<std::size_t>(j)]);
    k(i, i) = covariance(hyperparameters_, points_[a], points_[a]) + noises_[a] * noises_[a];
  }
  const Eigen::Map<const Eigen::VectorXd> r(residuals_.data(), size);
  const Eigen::LLT<Eigen::MatrixXd> factor(k);
  const Eigen::VectorXd solved = factor.solve(r);
  weights_.assign(solved.data(), solved.data() + size);
  // Rasmussen and Williams 2006, eq. 5.8, but for the constant.
  log_likelihood_ = -0.5 * r.dot(solved) - factor.matrixLLT().diagonal().array().log().sum();
  if (!inverse_diagonal) return;
  const Eigen::MatrixXd inverse = factor.matrixL().solve(Eigen::MatrixXd::Identity(size, size));
  *inverse_diagonal = inverse.colwise().squaredNorm();
}

// Greedy: the point with the most variance left comes next (a pivoted Cholesky factorisation).
void ResidualProcess::choose_variance_points(int count) {
  const std::size_t size = points_.size();
  const std::size_t most = std::min(size, static_cast<std::size_t>(count));
  std::vector<double> left(size);
  for (std::size_t i = 0; i < size; ++i) left[i] = covariance(hyperparameters_, points_[i], points_[i]);
  Eigen::MatrixXd factor =
      Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(size), static_cast<Eigen::Index>(most));
  pivots_.clear();
  for (std::size_t step = 0; step < most; ++step) {
    const auto best = static_cast<std::size_t>(std::max_element(left.begin(), left.end()) - left.begin());
    const double pivot = left[best] + noises_[best] * noises_[best];
    if (left[best] <= 1e-12) break;
    pivots_.push_back(best);
    const auto column = static_cast<Eigen::Index>(step);
    const auto row = factor.row(static_cast<Eigen::Index>(best)).head(column).eval();
    for (std::size_t i = 0; i < size; ++i) {
      const auto at = static_cast<Eigen::Index>(i);
      const double value =
          (covariance(hyperparameters_, points_[i], points_[best]) - factor.row(at).head(column).dot(row)) /
          std::sqrt(pivot);
      factor(at, column) = value;
      left[i] -= value * value;
    }
    left[best] = 0;
  }
  const auto used = static_cast<Eigen::Index>(pivots_.size());
  Eigen::MatrixXd k(used, used);
  for (Eigen::Index i = 0; i < used; ++i) {
    const std::size_t a = pivots_[static_cast<std::size_t>(i)];
    for (Eigen::Index j = 0; j <= i; ++j)
      k(i, j) = covariance(hyperparameters_, points_[a], points_[pivots_[static_cast<std::size_t>(j)]]);
    k(i, i) += noises_[a] * noises_[a];
  }
  pivot_factor_ = k.selfadjointView<Eigen::Lower>().llt().matrixL();
}

double ResidualProcess::mean(const ResidualPoint& at) const {
  double sum = 0;
  for (std::size_t i = 0; i < points_.size(); ++i)
    sum += weights_[i] * covariance(hyperparameters_, at, points_[i]);
  return sum;
}

double ResidualProcess::variance(const ResidualPoint& at) const {
  if (points_.empty()) return 0;
  Eigen::VectorXd k(static_cast<Eigen::Index>(pivots_.size()));
  for (std::size_t i = 0; i < pivots_.size(); ++i)
    k[static_cast<Eigen::Index>(i)] = covariance(hyperparameters_, at, points_[pivots_[i]]);
  pivot_factor_.triangularView<Eigen::Lower>().solveInPlace(k);
  return std::max(0.0, covariance(hyperparameters_, at, at) - k.squaredNorm());
}

}  // namespace wattline::devices::calibration
