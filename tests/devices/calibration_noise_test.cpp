// Noise told from the residuals of a fit, by hand.
#include "devices/calibration/noise.hpp"

#include <cmath>

#include "tests/catch.hpp"

namespace wattline::devices::calibration {
namespace {

constexpr double normal = 1.4826;  // deviation over median absolute deviation

TEST_CASE("Without residuals the noise is what was assumed") {
  const Noise noise = noise_of({}, {}, {.noise = {0.05, 0.2}, .points = 5, .used_freedom = {0, 0}});
  CHECK(noise == Noise{0.05, 0.2});
}

TEST_CASE("Residuals and assumption are pooled as squares, a group by itself") {
  // Magnitudes 0.1: a deviation of 0.14826 in three points, and 0.05 as five more.
  const AssumedNoise assumed{.noise = {0.05, 0.05}, .points = 5, .used_freedom = {0, 0}, .most = 1};
  const Noise noise = noise_of({0.1, -0.1, 0.1, 0.0}, {0, 0, 0, 1}, assumed);
  CHECK(noise[0] == Approx(std::sqrt((3 * std::pow(0.1 * normal, 2) + 5 * 0.0025) / 8)));
  CHECK(noise[1] == Approx(std::sqrt(5 * 0.0025 / 6)));
}

TEST_CASE("Points that parameters have used up say nothing: three points under three parameters") {
  const AssumedNoise assumed{.noise = {0.1}, .points = 2, .used_freedom = {3}};
  CHECK(noise_of({1e-6, -1e-6, 1e-6}, {0, 0, 0}, assumed)[0] == Approx(0.1));
}

TEST_CASE("A gross outlier does not raise the noise, and bounds hold") {
  std::vector<double> residuals(21, 0.02);
  const std::vector<std::size_t> group(21, 0);
  const AssumedNoise assumed{.noise = {0.02 * normal}, .points = 5, .used_freedom = {0}};
  const double without = noise_of(residuals, group, assumed)[0];
  CHECK(without == Approx(0.02 * normal));
  residuals[7] = 40;
  CHECK(noise_of(residuals, group, assumed)[0] == Approx(without));
  CHECK(noise_of(std::vector<double>(21, 9.0), group, assumed)[0] == 0.30);
  CHECK(noise_of(std::vector<double>(21, 0.0), group, {.noise = {0}, .points = 5, .used_freedom = {0}})[0] ==
        0.01);
}

}  // namespace
}  // namespace wattline::devices::calibration
