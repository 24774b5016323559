// The arithmetic of TI's INA3221, the power monitor on Jetson boards. Pure functions and a value type.
//
// The chip digitises two voltages a channel, of the bus and over the shunt, in 13 bits: 8 mV and 40 uV a step
// (data sheet; NVIDIA DRIVE OS documentation [docs]). A step of current is therefore 20 mA at 2 mOhm and 8 mA
// at 5 mOhm, and the driver computes power = mV x mA / 1000. Its averaging is a recursive filter, new = old +
// (x - old) / N at each scan [docs, DRIVE OS].
//
// Our reading: values are rounded to the nearest step; the filter works on unrounded values, and what is read
// is rounded (noise of the conversions dithers the steps before they are averaged). The ends of the range
// (163.8 mV: 32 A at 5 mOhm) are beyond any board's power and not modelled.
#pragma once

#include <cmath>
#include <cstdint>

namespace wattline::devices {

inline constexpr double ina3221_bus_lsb_mv = 8;
inline constexpr double ina3221_shunt_lsb_uv = 40;

// To the nearest multiple of `step`, halves away from zero. Precondition: step > 0.
inline double quantised(double value, double step) {
  return std::round(value / step) * step;
}

// keep^scans by squaring: O(log scans). Precondition: scans >= 0.
inline double share_left(double keep, std::int64_t scans) {
  double left = 1;
  for (; scans > 0; scans /= 2, keep *= keep)
    if (scans % 2 == 1) left *= keep;
  return left;
}

// One averaged value. A constant input over n scans leaves (1 - 1/N)^n of the distance to it, so that n scans
// take O(log n) and agree with one scan after the other to within 1e-12 of the largest value seen.
class AveragedRegister {
 public:
  // Settled at `value`. Precondition: samples >= 1.
  AveragedRegister(double value, std::int32_t samples) : keep_(1 - 1.0 / samples), value_(value) {}

  void scan(double input, std::int64_t scans) {
    value_ = input + (value_ - input) * (scans == 1 ? keep_ : share_left(keep_, scans));
  }
  double value() const { return value_; }

 private:
  double keep_;
  double value_;
};

}  // namespace wattline::devices
