// Logarithm and exponential against the C library's long double functions.
//
// The reference has at least 11 bits more than a double, so its own error does not show.
#include "sim/elementary.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <random>
#include <vector>

#include "tests/catch.hpp"

namespace wattline::sim {
namespace {

static_assert(std::numeric_limits<long double>::digits >= 64, "these tests need a wider reference");

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kLeast = std::numeric_limits<double>::denorm_min();
constexpr double kLeastNormal = std::numeric_limits<double>::min();
constexpr double kGreatest = std::numeric_limits<double>::max();

// How far `value` is from `exact`, in units of the last place of a double of that size.
double error_ulp(double value, long double exact) {
  if (exact == 0) return value == 0 ? 0 : kInfinity;
  const int exponent = std::max(std::ilogb(exact), -1022);
  return static_cast<double>(std::fabs(std::ldexp(static_cast<long double>(value) - exact, 52 - exponent)));
}

// A double's place among all doubles.
std::int64_t place(double value) {
  const auto bits = std::bit_cast<std::int64_t>(value);
  return bits < 0 ? std::numeric_limits<std::int64_t>::min() - bits : bits;
}

// The worst of a list of arguments.
struct Worst {
  double ulp = 0;
  double ulp_at = 0;
  std::int64_t steps_from_library = 0;
  double steps_at = 0;

  void add(double x, double value, double library, long double exact) {
    const double error = error_ulp(value, exact);
    if (!(error <= ulp)) {
      ulp = error;
      ulp_at = x;
    }
    const std::int64_t steps = std::abs(place(value) - place(library));
    if (steps > steps_from_library) {
      steps_from_library = steps;
      steps_at = x;
    }
  }
};

void check_log(const std::vector<double>& arguments) {
  Worst worst;
  for (const double x : arguments)
    worst.add(x, sim::log(x), std::log(x), std::log(static_cast<long double>(x)));
  CAPTURE(worst.ulp, worst.ulp_at, worst.steps_from_library, worst.steps_at);
  CHECK(worst.ulp < 1);
  CHECK(worst.steps_from_library <= 1);
}

void check_exp(const std::vector<double>& arguments) {
  Worst worst;
  for (const double x : arguments)
    worst.add(x, sim::exp(x), std::exp(x), std::exp(static_cast<long double>(x)));
  CAPTURE(worst.ulp, worst.ulp_at, worst.steps_from_library, worst.steps_at);
  CHECK(worst.ulp < 1);
  CHECK(worst.steps_from_library <= 1);
}

// `x` and the doubles next to it.
void add_with_neighbours(std::vector<double>& arguments, double x) {
  for (const double y : {std::nextafter(x, -kInfinity), x, std::nextafter(x, kInfinity)})
    arguments.push_back(y);
}

// From [-1, 1], with all bits of the fraction random.
double signed_fraction(std::mt19937_64& generator) {
  return static_cast<double>(static_cast<std::int64_t>(generator())) * 0x1p-63;
}

}  // namespace

// The largest errors found over 20 million arguments each when this was written: log 0.83 ulp, exp 0.88 ulp.

TEST_CASE("The logarithm of any positive double is within 1 ulp") {
  std::mt19937_64 generator(1);
  std::vector<double> arguments;
  while (arguments.size() < 1'500'000) {
    const auto x = std::bit_cast<double>(generator() >> 1);  // any exponent, subnormals too
    if (std::isfinite(x) && x > 0) arguments.push_back(x);
  }
  check_log(arguments);
}

TEST_CASE("The logarithm near 1 is within 1 ulp") {
  std::mt19937_64 generator(2);
  std::vector<double> arguments;
  for (int i = 0; i < 1'500'000; ++i) {
    arguments.push_back(1 + std::ldexp(signed_fraction(generator), -1 - i % 53));
  }
  check_log(arguments);
}

TEST_CASE("The logarithm of powers of two, of subnormals and of their neighbours is within 1 ulp") {
  std::vector<double> arguments = {kLeast, 2 * kLeast, 3 * kLeast, kGreatest, std::nextafter(kGreatest, 0.0)};
  for (int k = -1073; k <= 1023; ++k) {
    add_with_neighbours(arguments, std::ldexp(1.0, k));
    if (k < 1023) add_with_neighbours(arguments, std::ldexp(std::sqrt(2.0), k));  // where the halves meet
  }
  std::mt19937_64 generator(3);
  for (int i = 0; i < 200'000; ++i)
    arguments.push_back(std::bit_cast<double>((generator() >> (12 + i % 50)) | 1));
  check_log(arguments);
}

TEST_CASE("The exponential is within 1 ulp wherever it neither overflows nor vanishes") {
  std::mt19937_64 generator(4);
  std::vector<double> arguments;
  for (int i = 0; i < 1'000'000; ++i) {
    arguments.push_back(-17.7 + 727.4 * signed_fraction(generator));  // -745.1 .. 709.7
  }
  check_exp(arguments);
}

TEST_CASE("The exponential of small arguments is within 1 ulp") {
  std::mt19937_64 generator(5);
  std::vector<double> arguments;
  for (int i = 0; i < 1'500'000; ++i) arguments.push_back(std::ldexp(signed_fraction(generator), 5 - i % 70));
  for (int k = -1074; k <= 9; ++k) {
    add_with_neighbours(arguments, std::ldexp(1.0, k));
    add_with_neighbours(arguments, -std::ldexp(1.0, k));
  }
  check_exp(arguments);
}

TEST_CASE("The exponential is within 1 ulp at multiples of ln 2 / 2, where its reduction changes") {
  std::vector<double> arguments;
  for (int k = -2149; k <= 2047; ++k) add_with_neighbours(arguments, 0.5 * k * std::log(2.0));
  check_exp(arguments);
}

TEST_CASE("The exponential is within 1 ulp at its ends: the greatest double and the subnormals") {
  std::vector<double> arguments;
  std::mt19937_64 generator(6);
  for (int i = 0; i < 200'000; ++i) {
    arguments.push_back(-727.0 + 18.1 * signed_fraction(generator));  // results below 2^-1022
    arguments.push_back(709.5 + 0.28 * signed_fraction(generator));
  }
  arguments.push_back(0x1.62e42fefa39efp+9);   // the last whose power is finite
  arguments.push_back(-0x1.74910d52d3051p+9);  // the last whose power rounds to a subnormal
  check_exp(arguments);
}

TEST_CASE("Logarithms of special values are as specified") {
  CHECK(sim::log(0.0) == -kInfinity);
  CHECK(sim::log(-0.0) == -kInfinity);
  CHECK(sim::log(kInfinity) == kInfinity);
  CHECK(std::isnan(sim::log(kNan)));
  for (const double negative : {-1.0, -kLeast, -kLeastNormal, -kGreatest, -kInfinity}) {
    CHECK(std::isnan(sim::log(negative)));
  }
  CHECK(std::bit_cast<std::uint64_t>(sim::log(1.0)) == 0);  // +0
}

TEST_CASE("Exponentials of special values are as specified") {
  CHECK(sim::exp(0.0) == 1);
  CHECK(sim::exp(-0.0) == 1);
  CHECK(sim::exp(kInfinity) == kInfinity);
  CHECK(sim::exp(-kInfinity) == 0);
  CHECK(std::isnan(sim::exp(kNan)));
  CHECK(std::isfinite(sim::exp(709.78)));
  CHECK(sim::exp(std::nextafter(0x1.62e42fefa39efp+9, 710.0)) == kInfinity);
  CHECK(sim::exp(709.79) == kInfinity);
  CHECK(sim::exp(kGreatest) == kInfinity);
  CHECK(sim::exp(-745.13) == kLeast);
  CHECK(sim::exp(-745.14) == 0);
  CHECK(sim::exp(-kGreatest) == 0);
  CHECK(sim::exp(kLeast) == 1);
  CHECK(sim::exp(-kLeast) == 1);
}

}  // namespace wattline::sim
