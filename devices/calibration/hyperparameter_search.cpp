#include "devices/calibration/hyperparameter_search.hpp"

#include <ceres/gradient_problem.h>
#include <ceres/gradient_problem_solver.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace wattline::devices::calibration {

namespace {

constexpr std::array<std::array<bool, feature_count>, component_count> takes_part = {{
    // work intensity alignment gpu emc cpu cores sms
    {true, true, false, true, true, true, true, true},
    {true, true, true, false, false, false, false, false},
    {false, false, false, true, true, true, true, true},
}};

// Where one searched value lives.
struct Slot {
  enum Kind { amplitude, length, noise } kind;
  std::size_t component = 0;
  std::size_t feature = 0;
};

std::vector<Slot> slots_of(const Hyperparameters& parameters) {
  std::vector<Slot> slots;
  for (std::size_t c = 0; c < component_count; ++c) {
    if (parameters.amplitude[c] <= 0) continue;
    slots.push_back({Slot::amplitude, c, 0});
    for (std::size_t f = 0; f < feature_count; ++f)
      if (parameters.length[c][f] > 0) slots.push_back({Slot::length, c, f});
  }
  slots.push_back({Slot::noise, 0, 0});
  return slots;
}

double& value_of(Hyperparameters& parameters, const Slot& slot) {
  if (slot.kind == Slot::amplitude) return parameters.amplitude[slot.component];
  if (slot.kind == Slot::length) return parameters.length[slot.component][slot.feature];
  return parameters.noise;
}

// Medians and spreads of the log-normal priors.
struct SlotPrior {
  double median_log;
  double spread;
};

SlotPrior prior_of(const Slot& slot, const ResidualPrior& prior) {
  if (slot.kind == Slot::amplitude) return {std::log(prior.amplitude), 1.0};
  if (slot.kind == Slot::noise) return {std::log(prior.noise), 0.7};
  return {0.0, 1.0};  // a factor e in work, clock or cores; one factor of two in alignment
}

Hyperparameters prior_start(const std::vector<ResidualPoint>& points, const ResidualPrior& prior) {
  Hyperparameters start;
  start.noise = prior.noise;
  std::array<bool, feature_count> varies{};
  for (const ResidualPoint& point : points)
    for (std::size_t f = 0; f < feature_count; ++f)
      if (point.at[f] != points.front().at[f]) varies[f] = true;
  std::set<std::int64_t> works;
  for (const ResidualPoint& point : points) works.insert(point.work);
  for (std::size_t c = 0; c < component_count; ++c) {
    bool any = false;
    for (std::size_t f = 0; f < feature_count; ++f) {
      if (!takes_part[c][f] || !varies[f]) continue;
      start.length[c][f] = 1;
      any = true;
    }
    start.amplitude[c] = any ? prior.amplitude : 0;
  }
  // Tiles show only where alignment varies; a work's own deviation only where works are met again.
  if (!varies[alignment_feature]) start.amplitude[tile_component] = 0;
  if (works.size() < 2 || works.size() == points.size()) start.amplitude[same_component] = 0;
  return start;
}

// d ln M / d ln length.
double log_slope(double away, double length) {
  constexpr double root5 = 2.2360679774997896;
  const double d = root5 * std::abs(away) / length;
  return d * d * (1 + d) / (3 + 3 * d + d * d);
}

class Posterior final : public ceres::FirstOrderFunction {
 public:
  Posterior(const std::vector<ResidualPoint>& points, const std::vector<double>& residuals,
            const ResidualPrior& prior, Hyperparameters pattern)
      : points_(points), residuals_(residuals), prior_(prior), pattern_(pattern), slots_(slots_of(pattern)) {}

  int NumParameters() const override { return static_cast<int>(slots_.size()); }

  bool Evaluate(const double* logs, double* cost, double* gradient) const override {
    Hyperparameters at = pattern_;
    double prior_cost = 0;
    for (std::size_t s = 0; s < slots_.size(); ++s) {
      if (!(std::abs(logs[s]) < 30)) return false;
      value_of(at, slots_[s]) = std::exp(logs[s]);
      const SlotPrior prior = prior_of(slots_[s], prior_);
      const double away = (logs[s] - prior.median_log) / prior.spread;
      prior_cost += 0.5 * away * away;
      if (gradient) gradient[s] = away / prior.spread;
    }
    return likelihood(at, prior_cost, cost, gradient);
  }

  const std::vector<Slot>& slots() const { return slots_; }

 private:
  bool likelihood(const Hyperparameters& at, double prior_cost, double* cost, double* gradient) const {
    const auto size = static_cast<Eigen::Index>(points_.size());
    std::array<Eigen::MatrixXd, component_count> parts;
    Eigen::MatrixXd k = Eigen::MatrixXd::Zero(size, size);
    for (std::size_t c = 0; c < component_count; ++c) {
      if (at.amplitude[c] <= 0) continue;
      parts[c].resize(size, size);
      for (Eigen::Index i = 0; i < size; ++i)
        for (Eigen::Index j = 0; j <= i; ++j)
          parts[c](i, j) = parts[c](j, i) = covariance(at, static_cast<Component>(c), point(i), point(j));
      k += parts[c];
    }
    k.diagonal().array() += at.noise * at.noise + 1e-10;
    const Eigen::LLT<Eigen::MatrixXd> factor(k);
    if (factor.info() != Eigen::Success) return false;
    const Eigen::Map<const Eigen::VectorXd> r(residuals_.data(), size);
    const Eigen::VectorXd alpha = factor.solve(r);
    const Eigen::MatrixXd lower = factor.matrixL();
    *cost = prior_cost + 0.5 * r.dot(alpha) + lower.diagonal().array().log().sum();
    if (gradient) add_gradient(at, parts, factor, alpha, gradient);
    return std::isfinite(*cost);
  }

  // d/ds of the likelihood part: 1/2 sum_ij (K^-1 - alpha alpha^T)_ij (dK/ds)_ij.
  void add_gradient(const Hyperparameters& at, const std::array<Eigen::MatrixXd, component_count>& parts,
                    const Eigen::LLT<Eigen::MatrixXd>& factor, const Eigen::VectorXd& alpha,
                    double* gradient) const {
    const Eigen::Index size = alpha.size();
    Eigen::MatrixXd weight = factor.solve(Eigen::MatrixXd::Identity(size, size));
    weight.noalias() -= alpha * alpha.transpose();
    for (std::size_t s = 0; s < slots_.size(); ++s) {
      const Slot& slot = slots_[s];
      double sum = 0;
      if (slot.kind == Slot::noise) {
        sum = 2 * at.noise * at.noise * weight.trace();
      } else if (slot.kind == Slot::amplitude) {
        sum = 2 * weight.cwiseProduct(parts[slot.component]).sum();
      } else {
        const double length = at.length[slot.component][slot.feature];
        for (Eigen::Index i = 0; i < size; ++i)
          for (Eigen::Index j = 0; j < i; ++j) {
            const double away = point(i).at[slot.feature] - point(j).at[slot.feature];
            if (away != 0) sum += 2 * weight(i, j) * parts[slot.component](i, j) * log_slope(away, length);
          }
      }
      gradient[s] += 0.5 * sum;
    }
  }

  const ResidualPoint& point(Eigen::Index i) const { return points_[static_cast<std::size_t>(i)]; }

  const std::vector<ResidualPoint>& points_;
  const std::vector<double>& residuals_;
  ResidualPrior prior_;
  Hyperparameters pattern_;
  std::vector<Slot> slots_;
};

}  // namespace

Hyperparameters search_hyperparameters(const std::vector<ResidualPoint>& points,
                                       const std::vector<double>& residuals, const ResidualPrior& prior,
                                       int iterations) {
  Hyperparameters best = prior_start(points, prior);
  auto* posterior = new Posterior(points, residuals, prior, best);
  const std::vector<Slot> slots = posterior->slots();
  const ceres::GradientProblem problem(posterior);
  std::vector<double> logs;
  ceres::GradientProblemSolver::Options solver;
  solver.max_num_iterations = iterations;
  solver.logging_type = ceres::SILENT;
  solver.function_tolerance = 1e-4;
  double lowest = 0;
  for (const double scale : {1.0, 0.4, 2.5}) {
    std::vector<double> at;
    for (const Slot& slot : slots)
      at.push_back(std::log(value_of(best, slot) * (slot.kind == Slot::length ? scale : 1)));
    const std::vector<double> first = at;
    ceres::GradientProblemSolver::Summary summary;
    ceres::Solve(solver, problem, at.data(), &summary);
    if (logs.empty()) logs = first;
    if (!summary.IsSolutionUsable()) continue;
    if (scale == 1.0 || summary.final_cost < lowest) {
      lowest = summary.final_cost;
      logs = at;
    }
  }
  for (std::size_t s = 0; s < slots.size(); ++s) value_of(best, slots[s]) = std::exp(logs[s]);
  return best;
}

double negative_log_posterior(const std::vector<ResidualPoint>& points, const std::vector<double>& residuals,
                              const ResidualPrior& prior, const Hyperparameters& at,
                              std::vector<double>* gradient) {
  const Posterior posterior(points, residuals, prior, at);
  std::vector<double> logs;
  for (const Slot& slot : posterior.slots()) {
    Hyperparameters copy = at;
    logs.push_back(std::log(value_of(copy, slot)));
  }
  if (gradient) gradient->resize(logs.size());
  double cost = 0;
  posterior.Evaluate(logs.data(), &cost, gradient ? gradient->data() : nullptr);
  return cost;
}

}  // namespace wattline::devices::calibration
