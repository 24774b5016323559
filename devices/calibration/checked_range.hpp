// Where a model was checked: lowest and highest value of each knob, and of the work, among a workload's
// profiles; and how far outside of that a point is. Value type.
#pragma once

#include "devices/calibration/group.hpp"

namespace wattline::devices::calibration {

// Sums over knobs of the squared logarithm of knob over nearest end.
struct SquaredDistance {
  double varied = 0;    // knobs that the profiles vary, so that they tell a slope
  double unvaried = 0;  // knobs that all profiles have at one value
};

// active_sms 0 in both: any number of SMs. high_flop 0: work is not counted, or nobody wrote down its range.
struct CheckedRange {
  PowerMode low;
  PowerMode high;
  std::int64_t low_batch = 0;
  std::int64_t high_batch = 0;
  double low_flop = 0;
  double high_flop = 0;
  double low_bytes = 0;
  double high_bytes = 0;

  // active_sms 0 of a point is inside of any range.
  bool holds(const Point& point) const;
  SquaredDistance squared_distance(const Point& point) const;
  // Widens the range so that it holds the point.
  void take_in(const Point& point);
};

}  // namespace wattline::devices::calibration
