#include "sim/elementary.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace wattline::sim {

namespace {

// ln 2 split so that k * ln2_high is exact for every exponent k of a double: the low 21 bits of
// ln2_high are zero.
constexpr double ln2_high = 0x1.62e42fee00000p-1;
constexpr double ln2_low = 0x1.a39ef35793c76p-33;
constexpr double inverse_ln2 = 0x1.71547652b82fep+0;

double power_of_two(int k) {
  return std::bit_cast<double>(static_cast<std::uint64_t>(k + 1023) << 52);
}

// 2/3 z + 2/5 z^2 + ... + 2/21 z^10: with z = s^2 <= 0.0295 the next term is below 2^-60 of the sum.
inline double atanh_tail(double z) {
  double sum = 2.0 / 21;
  sum = 2.0 / 19 + z * sum;
  sum = 2.0 / 17 + z * sum;
  sum = 2.0 / 15 + z * sum;
  sum = 2.0 / 13 + z * sum;
  sum = 2.0 / 11 + z * sum;
  sum = 2.0 / 9 + z * sum;
  sum = 2.0 / 7 + z * sum;
  sum = 2.0 / 5 + z * sum;
  sum = 2.0 / 3 + z * sum;
  return z * sum;
}

// log(x 2^-k) of a positive normal x, without a branch: a loop over it can be vectorised.
inline double log_of_normal(double x, double k) {
  // x = 2^e * m with m in [sqrt(1/2), sqrt(2)). An exponent below 2^52 is the low half of a double near 2^52.
  const auto bits = std::bit_cast<std::uint64_t>(x);
  const double mantissa = std::bit_cast<double>((bits & 0x000f'ffff'ffff'ffffu) | 0x3ff0'0000'0000'0000u);
  const double exponent = std::bit_cast<double>((bits >> 52) | 0x4330'0000'0000'0000u) - (0x1p52 + 1023);
  const bool upper = mantissa >= 0x1.6a09e667f3bcdp+0;
  const double m = upper ? 0.5 * mantissa : mantissa;
  const double e = (upper ? exponent + 1 : exponent) - k;
  // log(1 + f) = 2 atanh(s) with s = f / (2 + f), written as f - (f^2/2 - s (f^2/2 + R)) so that the
  // leading term is exact.
  const double f = m - 1;
  const double s = f / (2 + f);
  const double half_square = 0.5 * f * f;
  const double remainder = s * (half_square + atanh_tail(s * s));
  return e * ln2_high + (f - (half_square - (remainder + e * ln2_low)));
}

}  // namespace

double log(double x) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (x != x || x == infinity) return x;
  if (x == 0) return -infinity;
  if (x < 0) return std::numeric_limits<double>::quiet_NaN();

  const bool subnormal = x < std::numeric_limits<double>::min();
  return subnormal ? log_of_normal(x * 0x1p54, 54) : log_of_normal(x, 0);
}

void log_of_normals(std::span<double> values) {
  for (double& value : values) value = log_of_normal(value, 0);
}

double exp(double x) {
  if (x != x) return x;
  if (x > 709.79) return std::numeric_limits<double>::infinity();
  if (x < -745.14) return 0;

  // x = k ln 2 + (r + c), |r| <= ln(2)/2; c is what rounding took from r.
  const double k = std::floor(x * inverse_ln2 + 0.5);
  const double high = x - k * ln2_high;
  const double low = k * ln2_low;
  const double r = high - low;
  const double c = (high - r) - low;
  // Taylor series up to r^13; the next term is below 2^-57.
  double sum = 1.0 / 13;
  for (int n = 12; n >= 3; --n) sum = (1.0 + r * sum) / n;
  const double tail = r * r * 0.5 * (1.0 + r * sum);
  const double y = 1 + (r + (c + tail));
  // In two steps, for results that overflow or are subnormal.
  const int half = static_cast<int>(k) / 2;
  return y * power_of_two(half) * power_of_two(static_cast<int>(k) - half);
}

}  // namespace wattline::sim
