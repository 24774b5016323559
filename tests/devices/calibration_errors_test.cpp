// Summed errors against sums by hand.
#include "devices/calibration/errors.hpp"

#include <cmath>

#include "tests/catch.hpp"

namespace wattline::devices::calibration {
namespace {

TEST_CASE("Errors are relative to what was measured, and summed up by magnitude, sign and band") {
  ErrorSum sum;
  CHECK(sum.empty());
  CHECK(sum.summary().points == 0);
  // 10 % above, 20 % below, 30 % above, 40 % below; the law alone is off by half each time.
  sum.add(10, {11, 0.2}, 15);
  sum.add(20, {16, 0.2}, 10);
  sum.add(30, {39, 0.3}, 45);
  sum.add(40, {24, 0.3}, 60);
  const ErrorSummary summary = sum.summary();
  CHECK(summary.points == 4);
  CHECK(summary.mean_absolute == Approx(0.25));
  CHECK(summary.median_absolute == Approx(0.25));
  CHECK(summary.worst == Approx(-0.4));
  CHECK(summary.bias == Approx(-0.05));
  CHECK(summary.law_alone == Approx(0.5));
  // ln 1.1 = 0.095 and ln 1.3 = 0.262 are inside; ln 0.8 = -0.223 and ln 0.6 = -0.511 are not.
  CHECK(summary.within_one_sigma == Approx(0.5));
}

TEST_CASE("A measurement is inside one sigma of its prediction by the logarithm of their ratio") {
  const Band band{10, std::log(2)};
  CHECK(inside(band, 19.9));
  CHECK(inside(band, 5.1));
  CHECK_FALSE(inside(band, 20.1));
  CHECK_FALSE(inside(band, 4.9));
}

}  // namespace
}  // namespace wattline::devices::calibration
