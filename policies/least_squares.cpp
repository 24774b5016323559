#include "policies/least_squares.hpp"

#include <Eigen/QR>
#include <algorithm>
#include <vector>

namespace wattline::policies {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

VectorXd least_squares(const MatrixXd& a, const VectorXd& b) {
  if (a.rows() == 0) return VectorXd::Zero(a.cols());
  return a.completeOrthogonalDecomposition().solve(b);
}

namespace {

// The columns that may be above 0, and the solution on them.
class ActiveSet {
 public:
  ActiveSet(const MatrixXd& a, const VectorXd& b)
      : a_(a), b_(b), x_(VectorXd::Zero(a.cols())), free_(static_cast<std::size_t>(a.cols()), false) {}

  VectorXd solve() {
    // The method ends by itself; rounding could make it go round, which the bound ends.
    for (Index round = 0; round < 3 * a_.cols(); ++round) {
      const Index entering = steepest();
      if (entering < 0) break;
      free_[static_cast<std::size_t>(entering)] = true;
      while (!step()) continue;
    }
    return x_;
  }

 private:
  // The column at 0 that reduces the error most when raised; -1 when none does.
  Index steepest() const {
    const VectorXd gradient = a_.transpose() * (b_ - a_ * x_);
    const double noise = 1e-12 * (1 + b_.norm());
    Index best = -1;
    for (Index i = 0; i < a_.cols(); ++i) {
      if (free_[static_cast<std::size_t>(i)] || gradient[i] <= noise) continue;
      if (best < 0 || gradient[i] > gradient[best]) best = i;
    }
    return best;
  }

  // Goes towards the free columns' solution as far as none falls below 0, and fixes those that arrive there.
  // True when the solution was reached. Each call that returns false fixes at least one column.
  bool step() {
    std::vector<Index> columns;
    for (Index i = 0; i < a_.cols(); ++i) {
      if (free_[static_cast<std::size_t>(i)]) columns.push_back(i);
    }
    if (columns.empty()) return true;
    MatrixXd part(a_.rows(), static_cast<Index>(columns.size()));
    for (std::size_t k = 0; k < columns.size(); ++k) part.col(static_cast<Index>(k)) = a_.col(columns[k]);
    const VectorXd target = least_squares(part, b_);
    double share = 1;
    Index blocking = -1;
    for (std::size_t k = 0; k < columns.size(); ++k) {
      const double from = x_[columns[k]], to = target[static_cast<Index>(k)];
      if (to > 0) continue;
      const double reach = from > to ? from / (from - to) : 0;
      if (blocking < 0 || reach < share) {
        share = reach;
        blocking = columns[k];
      }
    }
    for (std::size_t k = 0; k < columns.size(); ++k) {
      double& x = x_[columns[k]];
      x = std::max(0.0, x + share * (target[static_cast<Index>(k)] - x));
    }
    if (blocking < 0) return true;
    x_[blocking] = 0;
    free_[static_cast<std::size_t>(blocking)] = false;
    return false;
  }

  const MatrixXd& a_;
  const VectorXd& b_;
  VectorXd x_;
  std::vector<bool> free_;
};

}  // namespace

VectorXd non_negative_least_squares(const MatrixXd& a, const VectorXd& b) {
  if (a.rows() == 0) return VectorXd::Zero(a.cols());
  // To columns of length 1, so that "steepest" does not depend on units.
  const VectorXd lengths = a.colwise().norm().transpose();
  const VectorXd inverse = lengths.unaryExpr([](double length) { return length > 0 ? 1 / length : 0.0; });
  const MatrixXd scaled = a * inverse.asDiagonal();
  return ActiveSet(scaled, b).solve().cwiseProduct(inverse);
}

}  // namespace wattline::policies
