// Least squares against closed forms, the conditions of optimality, and a search over a grid.
#include "policies/least_squares.hpp"

#include "sim/random.hpp"
#include "tests/catch.hpp"

namespace wattline::policies {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

MatrixXd random_matrix(sim::RandomStream& stream, Index rows, Index columns) {
  MatrixXd matrix(rows, columns);
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < columns; ++j) matrix(i, j) = stream.normal();
  }
  return matrix;
}

TEST_CASE("A line through three points is the textbook's") {
  // y = 1, 2, 4 at x = 0, 1, 2: slope 1.5, intercept 5/6.
  MatrixXd a(3, 2);
  a << 1, 0, 1, 1, 1, 2;
  const VectorXd x = least_squares(a, VectorXd{{1, 2, 4}});
  CHECK(x[0] == Approx(5.0 / 6));
  CHECK(x[1] == Approx(1.5));
}

TEST_CASE("Of many solutions least squares takes the shortest") {
  // x0 + x1 = 2: (1, 1). No row: 0.
  const VectorXd x = least_squares(MatrixXd::Ones(1, 2), VectorXd{{2}});
  CHECK(x[0] == Approx(1));
  CHECK(x[1] == Approx(1));
  CHECK(least_squares(MatrixXd(0, 3), VectorXd(0)) == VectorXd::Zero(3));
}

TEST_CASE("Where the plain solution has no negative entry, it is the non-negative one") {
  sim::RandomStream stream(1, "exact");
  for (int round = 0; round < 50; ++round) {
    const MatrixXd a = random_matrix(stream, 12, 5);
    VectorXd truth(5);
    for (Index i = 0; i < 5; ++i) truth[i] = stream.uniform();
    CHECK((non_negative_least_squares(a, a * truth) - truth).norm() < 1e-9);
  }
}

TEST_CASE("A non-negative solution meets the conditions of Karush, Kuhn and Tucker") {
  sim::RandomStream stream(2, "conditions");
  for (int round = 0; round < 300; ++round) {
    const auto rows = static_cast<Index>(1 + stream.below(15)),
               columns = static_cast<Index>(1 + stream.below(8));
    MatrixXd a = random_matrix(stream, rows, columns);
    if (round % 3 == 0 && columns > 1) a.col(1) = a.col(0);  // depend on each other
    if (round % 4 == 0) a.col(0) *= 1e6;                     // of another scale
    if (round % 5 == 0) a.col(columns - 1).setZero();        // of no use
    const VectorXd b = random_matrix(stream, rows, 1);
    const VectorXd x = non_negative_least_squares(a, b);
    CAPTURE(round);
    const VectorXd gradient = a.transpose() * (b - a * x);
    for (Index i = 0; i < columns; ++i) {
      const double scale = 1e-8 * (1 + a.col(i).norm() * b.norm());
      CHECK(x[i] >= 0);
      CHECK(gradient[i] <= scale);
      if (x[i] > 0) CHECK(gradient[i] >= -scale);
    }
  }
}

TEST_CASE("No point of a grid beats the non-negative solution") {
  sim::RandomStream stream(3, "grid");
  for (int round = 0; round < 20; ++round) {
    const MatrixXd a = random_matrix(stream, 6, 2);
    const VectorXd b = random_matrix(stream, 6, 1);
    const double least = (a * non_negative_least_squares(a, b) - b).norm();
    for (int i = 0; i <= 60; ++i) {
      for (int j = 0; j <= 60; ++j) CHECK((a * VectorXd{{i / 20.0, j / 20.0}} - b).norm() >= least - 1e-12);
    }
  }
}

}  // namespace
}  // namespace wattline::policies
