#include "policies/gaussian_process.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <array>
#include <cmath>

#include "sim/elementary.hpp"

namespace wattline::policies {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

// From a fifth of an axis, below which a few dozen observations tell nothing of what lies between them, to
// where the axis hardly matters.
constexpr std::array<double, 6> length_grid = {0.2, 0.4, 0.8, 1.6, 3.2, 9.6};

constexpr double prior_count = 2, prior_variance = 0.25;

double matern(double squared_distance) {
  const double r = std::sqrt(5 * squared_distance);
  return (1 + r + r * r / 3) * sim::exp(-r);
}

}  // namespace

GaussianProcess::GaussianProcess(MatrixXd candidates, double noise)
    : candidates_(std::move(candidates)),
      noise_(noise),
      lengths_(VectorXd::Constant(candidates_.rows(), 1.6)),
      scaled_(candidates_ / 1.6),
      explained_(VectorXd::Zero(candidates_.cols())) {}

VectorXd GaussianProcess::correlations(Index candidate) const {
  const VectorXd here = scaled_.col(candidate);
  return (scaled_.colwise() - here).colwise().squaredNorm().transpose().unaryExpr(&matern);
}

MatrixXd GaussianProcess::observed_correlations(const VectorXd& lengths) const {
  const Index n = observations();
  const VectorXd inverse = lengths.cwiseInverse();
  MatrixXd points(candidates_.rows(), n);
  for (Index i = 0; i < n; ++i)
    points.col(i) = candidates_.col(observed_[static_cast<std::size_t>(i)]).cwiseProduct(inverse);
  MatrixXd correlations(n, n);
  for (Index i = 0; i < n; ++i) {
    correlations(i, i) = 1 + noise_ * noise_;
    for (Index j = 0; j < i; ++j) {
      correlations(i, j) = matern((points.col(i) - points.col(j)).squaredNorm());
      correlations(j, i) = correlations(i, j);
    }
  }
  return correlations;
}

GaussianProcess::Estimate GaussianProcess::estimate(const MatrixXd& factor) const {
  const Index n = observations();
  const auto lower = factor.topLeftCorner(n, n).triangularView<Eigen::Lower>();
  const VectorXd y = Eigen::Map<const VectorXd>(values_.data(), n);
  const VectorXd white_y = lower.solve(y);
  const VectorXd white_one = lower.solve(VectorXd::Ones(n));
  Estimate estimate;
  estimate.mean = white_one.dot(white_y) / white_one.squaredNorm();
  estimate.whitened = white_y - estimate.mean * white_one;
  estimate.variance = (estimate.whitened.squaredNorm() + prior_count * prior_variance) /
                      (static_cast<double>(n) + prior_count);
  return estimate;
}

namespace {

double likelihood_of(const MatrixXd& factor, Index n, double variance) {
  double sum = -0.5 * (static_cast<double>(n) + prior_count) * sim::log(variance);
  for (Index i = 0; i < n; ++i) sum -= sim::log(factor(i, i));
  return sum;
}

}  // namespace

double GaussianProcess::log_likelihood_with(const VectorXd& lengths) const {
  const MatrixXd factor = observed_correlations(lengths).llt().matrixL();
  return likelihood_of(factor, observations(), estimate(factor).variance);
}

double GaussianProcess::log_likelihood() const {
  return likelihood_of(factor_, observations(), estimate(factor_).variance);
}

void GaussianProcess::append(Index observation) {
  const Index n = observation, point = observed_[static_cast<std::size_t>(observation)];
  if (n >= factor_.rows()) {
    const Index room = std::max<Index>(16, 2 * n);  // so that most observations copy nothing
    factor_.conservativeResize(room, room);
    cross_.conservativeResize(room, candidates_.cols());
  }
  const VectorXd row = cross_.col(point).head(n);  // L^-1 of this point's correlations, already known
  const double pivot = std::sqrt(std::max(1e-12, 1 + noise_ * noise_ - row.squaredNorm()));
  factor_.row(n).head(n) = row.transpose();
  factor_(n, n) = pivot;
  VectorXd next = correlations(point);
  next.noalias() -= cross_.topRows(n).transpose() * row;
  cross_.row(n) = next.transpose() / pivot;
  explained_ += cross_.row(n).transpose().cwiseAbs2();
}

void GaussianProcess::observe(Index candidate, double y) {
  observed_.push_back(candidate);
  values_.push_back(y);
  append(observations() - 1);
}

void GaussianProcess::fit() {
  VectorXd best = lengths_;
  double best_likelihood = log_likelihood_with(best);
  const auto consider = [&](const VectorXd& lengths) {
    const double likelihood = log_likelihood_with(lengths);
    // By more than rounding: of equals the one that was there.
    if (likelihood <= best_likelihood + 1e-9) return;
    best_likelihood = likelihood;
    best = lengths;
  };
  for (const double length : length_grid) consider(VectorXd::Constant(lengths_.size(), length));
  for (Index axis = 0; axis < lengths_.size(); ++axis) {
    VectorXd lengths = best;
    for (const double length : length_grid) {
      if (length == best[axis]) continue;
      lengths[axis] = length;
      consider(lengths);
    }
  }
  if (best == lengths_) return;
  lengths_ = best;
  scaled_ = lengths_.cwiseInverse().asDiagonal() * candidates_;
  explained_.setZero();
  for (Index i = 0; i < observations(); ++i) append(i);
}

VectorXd GaussianProcess::mean() const {
  const Estimate fitted = estimate(factor_);
  return (cross_.topRows(observations()).transpose() * fitted.whitened).array() + fitted.mean;
}

VectorXd GaussianProcess::deviation() const {
  const double variance = estimate(factor_).variance;
  return (variance * (1 - explained_.array()).max(1e-12)).sqrt();
}

}  // namespace wattline::policies
