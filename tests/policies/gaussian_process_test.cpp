// Gaussian processes against the textbook's formulas with dense inverses.
#include "policies/gaussian_process.hpp"

#include <Eigen/LU>
#include <cmath>

#include "sim/random.hpp"
#include "tests/catch.hpp"

namespace wattline::policies {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

MatrixXd random_points(Index axes, Index count, std::uint64_t seed) {
  sim::RandomStream stream(seed, "points");
  MatrixXd points(axes, count);
  for (Index i = 0; i < count; ++i) {
    for (Index k = 0; k < axes; ++k) points(k, i) = stream.uniform();
  }
  return points;
}

double correlation(const VectorXd& a, const VectorXd& b, const VectorXd& lengths) {
  const double r = std::sqrt(5.0) * ((a - b).array() / lengths.array()).matrix().norm();
  return (1 + r + r * r / 3) * std::exp(-r);
}

struct Dense {
  VectorXd mean, deviation;
  double log_likelihood = 0;
};

// Rasmussen and Williams, equations 2.25, 2.26 and 5.8, with the mean of maximum likelihood and the scale
// that two observations of deviation 0.5 add to.
Dense dense(const MatrixXd& points, const std::vector<Index>& seen, const VectorXd& y,
            const VectorXd& lengths, double noise) {
  const auto n = static_cast<Index>(seen.size());
  MatrixXd k(n, n);
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < n; ++j)
      k(i, j) = correlation(points.col(seen[static_cast<std::size_t>(i)]),
                            points.col(seen[static_cast<std::size_t>(j)]), lengths) +
                (i == j ? noise * noise : 0);
  }
  const MatrixXd inverse = k.inverse();
  const VectorXd ones = VectorXd::Ones(n);
  const double m = ones.dot(inverse * y) / ones.dot(inverse * ones);
  const VectorXd rest = y - m * ones;
  const double variance = (rest.dot(inverse * rest) + 2 * 0.25) / static_cast<double>(n + 2);
  Dense result{VectorXd(points.cols()), VectorXd(points.cols()), 0};
  for (Index c = 0; c < points.cols(); ++c) {
    VectorXd cross(n);
    for (Index i = 0; i < n; ++i)
      cross[i] = correlation(points.col(seen[static_cast<std::size_t>(i)]), points.col(c), lengths);
    result.mean[c] = m + cross.dot(inverse * rest);
    result.deviation[c] = std::sqrt(std::max(0.0, variance * (1 - cross.dot(inverse * cross))));
  }
  result.log_likelihood =
      -0.5 * static_cast<double>(n + 2) * std::log(variance) - 0.5 * std::log(k.determinant());
  return result;
}

TEST_CASE("One observation at a time, the posterior is that of the dense formulas") {
  const MatrixXd points = random_points(3, 60, 1);
  sim::RandomStream stream(2, "values");
  GaussianProcess process(points, 0.05);
  std::vector<Index> seen;
  VectorXd y(0);
  for (Index n = 1; n <= 40; ++n) {
    const Index at = (7 * n) % 60;
    const double value = std::sin(6 * points(0, at)) + points(1, at) + 0.01 * stream.normal();
    process.observe(at, value);
    seen.push_back(at);
    y.conservativeResize(n);
    y[n - 1] = value;
    if (n == 5 || n == 12 || n == 39) process.fit();
    if (n < 2) continue;
    CAPTURE(n);
    const Dense expected = dense(points, seen, y, process.length_scales(), 0.05);
    CHECK((process.mean() - expected.mean).cwiseAbs().maxCoeff() < 1e-6);
    CHECK((process.deviation() - expected.deviation).cwiseAbs().maxCoeff() < 1e-5);
    CHECK(process.log_likelihood() == Approx(expected.log_likelihood).margin(1e-6));
  }
}

TEST_CASE("Of two observations at a distance the mean between them is their mean, by symmetry") {
  MatrixXd line(1, 3);
  line << 0, 0.5, 1;
  GaussianProcess process(line, 1e-3);
  process.observe(0, 2);
  process.observe(2, 4);
  CHECK(process.mean()[1] == Approx(3));
  CHECK(process.mean()[0] == Approx(2).margin(1e-4));
  CHECK(process.deviation()[1] > 10 * process.deviation()[0]);
}

TEST_CASE("A fit gives an axis that does not matter a longer length scale, and never a less likely one") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    const MatrixXd points = random_points(2, 50, seed);
    GaussianProcess process(points, 0.02);
    for (Index i = 0; i < 25; ++i) process.observe(i, std::sin(8 * points(0, i)));
    const double before = process.log_likelihood();
    process.fit();
    CHECK(process.log_likelihood() >= before);
    CHECK(process.length_scales()[1] > 3 * process.length_scales()[0]);
    double error = 0;
    for (Index i = 25; i < 50; ++i) error += std::abs(process.mean()[i] - std::sin(8 * points(0, i))) / 25;
    CHECK(error < 0.1);
  }
}

TEST_CASE("Observations that are all alike, or twice of the same point, leave finite numbers") {
  const MatrixXd points = random_points(4, 10, 3);
  GaussianProcess process(points, 0.02);
  for (Index i = 0; i < 10; ++i) process.observe(i % 3, 1.5);
  process.fit();
  CHECK(process.mean().allFinite());
  CHECK(process.deviation().allFinite());
  CHECK(process.mean()[5] == Approx(1.5));
}

}  // namespace
}  // namespace wattline::policies
