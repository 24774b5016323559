// Gaussian-process regression over a fixed set of candidates, updated one observation at a time (Rasmussen
// and Williams, Gaussian Processes for Machine Learning, 2006, chapters 2 and 5).
//
//   kernel    k(x, x') = s^2 (1 + r + r^2 / 3) e^-r,  r = sqrt(5 sum_i (x_i - x'_i)^2 / l_i^2)   Matern-5/2
//   mean      m, the same everywhere
//   observed  y = f(x) + noise of standard deviation q s
// m is that of maximum likelihood, s^2 = (z^2 + v u^2) / (n + v) with z^2 the squared length of the whitened
// residuals of n observations: its mode, where v observations of deviation u were seen before any other (an
// inverse gamma prior). Without the prior, three observations that happen to agree would rule everything else
// out. v = 2; u = 0.5, for logarithms: a factor of 1.6. Each l_i is taken from a fixed grid, for maximum
// marginal likelihood: first one for all axes, then axis by axis. So the same observations in the same order
// give the same posterior, bit for bit, and no search can fail to converge.
// Of n observations and m candidates an observation costs O(n m), fit() O(n^3 + n^2 m). Not thread-safe.
#pragma once

#include <Eigen/Core>
#include <vector>

namespace wattline::policies {

class GaussianProcess {
 public:
  // Candidates by column, each axis scaled to about 0 .. 1. `noise` is q. Range of it: above 0, to 1.
  GaussianProcess(Eigen::MatrixXd candidates, double noise);

  // Adds an observation; the length scales stay. Precondition: `candidate` is a column.
  void observe(Eigen::Index candidate, double y);

  // Chooses the length scales anew.
  void fit();

  // Posterior of f at every candidate. Preconditions: at least one observation, and a fit() since the first.
  Eigen::VectorXd mean() const;
  Eigen::VectorXd deviation() const;

  Eigen::Index observations() const { return static_cast<Eigen::Index>(values_.size()); }
  const Eigen::VectorXd& length_scales() const { return lengths_; }
  // Logarithm of the marginal likelihood (as of s^2 at its mode), without a constant.
  double log_likelihood() const;

 private:
  // Of y under the Cholesky factor of the correlations: m, s^2, and L^-1 (y - m).
  struct Estimate {
    double mean = 0;
    double variance = 0;
    Eigen::VectorXd whitened;
  };

  Eigen::VectorXd correlations(Eigen::Index candidate) const;  // with all candidates
  Eigen::MatrixXd observed_correlations(const Eigen::VectorXd& lengths) const;
  Estimate estimate(const Eigen::MatrixXd& factor) const;
  double log_likelihood_with(const Eigen::VectorXd& lengths) const;
  void append(Eigen::Index observation);

  Eigen::MatrixXd candidates_;
  double noise_;
  Eigen::VectorXd lengths_;
  Eigen::MatrixXd scaled_;  // candidates over the length scales
  std::vector<Eigen::Index> observed_;
  std::vector<double> values_;
  // Grown in steps; the first observations() rows (and columns of factor_) are in use.
  Eigen::MatrixXd factor_;     // L of the observed correlations, noise included
  Eigen::MatrixXd cross_;      // L^-1 of the correlations between observations and candidates, by row
  Eigen::VectorXd explained_;  // by candidate: sum of squares of its column of cross_
};

}  // namespace wattline::policies
