// What the calibrated law leaves unexplained, as a Gaussian process over work and mode.
//
// Residuals r = ln(measured / law) get the covariance
//   a_smooth^2  M(work) M(intensity) M(gpu) M(emc) M(cpu) M(cores) M(sms)     smooth over everything
// + a_tile^2    M(work) M(intensity) M(alignment) share share'                padding of work to tiles
// + a_same^2    [same work] M(gpu) M(emc) M(cpu) M(cores) share share'        a work's own deviation
// + noise^2 [same point]
// with M a Matern-5/2 correlation in one feature (Rasmussen and Williams 2006, eq. 4.17). Features are
// natural logarithms of FLOP (or of the batch, where FLOP are not known), FLOP per byte, clocks, cores
// and SMs; alignment counts factors of two, because GPU kernels pad work to tiles whose sides are powers
// of two. "Same work" is the same workload at the same batch. Far from data the mean goes back to 0: to
// the law.
//
// Amplitudes, lengths and noise maximise the marginal likelihood times log-normal priors, on at most
// `hyper_points` points; the process then holds up to `exact_points` (the rest, if any, is left out, in
// an order drawn from the seed). Points that stand out by more than four deviations are trusted less.
//
// Immutable once made; thread-safe.
#pragma once

#include <Eigen/Dense>
#include <array>
#include <cstdint>
#include <vector>

namespace wattline::devices::calibration {

enum Feature {
  work_feature,
  intensity_feature,
  alignment_feature,
  gpu_feature,
  emc_feature,
  cpu_feature,
  cores_feature,
  sms_feature,
  feature_count
};

struct ResidualPoint {
  std::array<double, feature_count> at{};
  std::int64_t work = 0;  // identity of (workload, role, batch)
  // How much of the whole the work's own part is: a kernel that draws a tenth more raises the board's power
  // by less where much of that is static. Scales the components that belong to the work; 1 for time.
  double share = 1;
};

struct ResidualOptions {
  int exact_points = 1500;
  int hyper_points = 150;
  int hyper_iterations = 40;
  int variance_points = 64;  // that the predictive variance conditions on, so it is never too small
  std::uint64_t seed = 1;
};

// Medians of the priors of amplitudes and noise.
struct ResidualPrior {
  double amplitude = 0.05;
  double noise = 0.01;
};

enum Component { smooth_component, tile_component, same_component, component_count };

struct Hyperparameters {
  std::array<double, component_count> amplitude{};  // 0: the component is off
  // Of each component and feature; 0: the feature plays no part (it does not vary in the data).
  std::array<std::array<double, feature_count>, component_count> length{};
  double noise = 0.01;
};

class ResidualProcess {
 public:
  // An empty process: mean 0, variance 0.
  ResidualProcess() = default;

  static ResidualProcess fit(const std::vector<ResidualPoint>& points, const std::vector<double>& residuals,
                             const ResidualPrior& prior, const ResidualOptions& options);

  // From what a model file holds. Precondition: as many noises and weights as points.
  static ResidualProcess restore(std::vector<ResidualPoint> points, std::vector<double> weights,
                                 std::vector<double> noises, const Hyperparameters& hyperparameters,
                                 int variance_points);

  double mean(const ResidualPoint& at) const;
  // Of the function, without the noise of a measurement.
  double variance(const ResidualPoint& at) const;
  double noise() const { return hyperparameters_.noise; }

  bool empty() const { return points_.empty(); }
  const std::vector<ResidualPoint>& points() const { return points_; }
  const std::vector<double>& weights() const { return weights_; }
  const std::vector<double>& noises() const { return noises_; }  // of each point, at least noise()
  const Hyperparameters& hyperparameters() const { return hyperparameters_; }

  // ln of the density of the residuals under the process; of a restored process 0.
  double log_likelihood() const { return log_likelihood_; }

  // This process with amplitudes scaled down by `factor` (0 .. 1) and fitted to the same residuals; what they
  // lose is taken for noise, as far as the residuals are large enough to hold it.
  // Precondition: not restored.
  ResidualProcess damped(double factor) const;

 private:
  // `inverse_diagonal`: of K^-1, if asked for.
  void solve(Eigen::VectorXd* inverse_diagonal = nullptr);
  void choose_variance_points(int count);

  std::vector<ResidualPoint> points_;
  std::vector<double> residuals_;  // empty in a restored process
  std::vector<double> noises_;
  std::vector<double> weights_;  // K^-1 r
  Hyperparameters hyperparameters_;
  double log_likelihood_ = 0;
  int variance_points_ = 64;
  std::vector<std::size_t> pivots_;
  Eigen::MatrixXd pivot_factor_;  // lower Cholesky factor of K + noise^2 over the pivots
};

// Matern-5/2 correlation at distance `away` in units of `length` (0: none of this feature).
double matern(double away, double length);

// Covariance of the function at two points, without noise; by component.
double covariance(const Hyperparameters& parameters, Component component, const ResidualPoint& a,
                  const ResidualPoint& b);

}  // namespace wattline::devices::calibration
