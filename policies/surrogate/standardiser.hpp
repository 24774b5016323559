// Columns to zero mean and unit variance, and back. Value types; thread-safe.
#pragma once

#include <Eigen/Core>

#include "sim/base/result.hpp"

namespace wattline::policies::surrogate {

struct Standardiser {
  Eigen::VectorXd mean;   // by column
  Eigen::VectorXd scale;  // above 0; standard deviation over the rows (their number, not one less)

  double standard(Eigen::Index column, double value) const { return (value - mean[column]) / scale[column]; }
  double original(Eigen::Index column, double standard) const {
    return standard * scale[column] + mean[column];
  }
};

// Of samples by row. A column whose values are all the same gets scale 1: it tells nothing, and must not
// become a division by zero or by what rounding left. Error: numbers so large that their variance is none.
// Preconditions: at least one row; all values finite.
Result<Standardiser> standardiser_of(const Eigen::MatrixXd& samples);

}  // namespace wattline::policies::surrogate
