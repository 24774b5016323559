#include "policies/surrogate/standardiser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace wattline::policies::surrogate {

namespace {

// In the order of the rows, which Eigen's own sum leaves to the instruction set.
template <class Function>
double mean_of(const Eigen::MatrixXd& samples, Eigen::Index column, Function of) {
  double sum = 0;
  for (Eigen::Index row = 0; row < samples.rows(); ++row) sum += of(samples(row, column));
  return sum / static_cast<double>(samples.rows());
}

}  // namespace

Result<Standardiser> standardiser_of(const Eigen::MatrixXd& samples) {
  Standardiser standardiser{Eigen::VectorXd(samples.cols()), Eigen::VectorXd(samples.cols())};
  for (Eigen::Index column = 0; column < samples.cols(); ++column) {
    const double low = samples.col(column).minCoeff(), high = samples.col(column).maxCoeff();
    double& mean = standardiser.mean[column] = low;
    double& scale = standardiser.scale[column] = 1;
    if (low == high) continue;
    mean = mean_of(samples, column, [](double value) { return value; });
    // Relative to the largest deviation, so that no square underflows or overflows.
    const double largest = std::max(high - mean, mean - low);
    scale = largest * std::sqrt(mean_of(samples, column, [&](double value) {
              return ((value - mean) / largest) * ((value - mean) / largest);
            }));
    if (!std::isfinite(mean) || !std::isfinite(scale) || scale <= 0)
      return bad_input(
          fmt::format("column {}: values from {} to {} cannot be standardised", column + 1, low, high));
  }
  return standardiser;
}

}  // namespace wattline::policies::surrogate
