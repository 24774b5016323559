#include "devices/calibration/checked_range.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace wattline::devices::calibration {

namespace {

struct Interval {
  double low;
  double value;
  double high;
};

// Knobs and work of a point beside their range. What the range does not know, or takes any value of, is
// inside.
std::array<Interval, 8> intervals(const CheckedRange& range, const Point& point) {
  const auto known = [](auto low, auto value, auto high) {
    if (high <= 0) return Interval{0, 0, 0};
    return Interval{static_cast<double>(low), static_cast<double>(value), static_cast<double>(high)};
  };
  const PowerMode& mode = point.mode;
  return {
      known(range.low_batch, point.batch, range.high_batch),
      known(range.low.cores, mode.cores, range.high.cores),
      known(range.low.cpu_khz, mode.cpu_khz, range.high.cpu_khz),
      known(range.low.gpu_khz, mode.gpu_khz, range.high.gpu_khz),
      known(range.low.emc_khz, mode.emc_khz, range.high.emc_khz),
      mode.active_sms > 0 ? known(range.low.active_sms, mode.active_sms, range.high.active_sms) : Interval{},
      known(range.low_flop, point.flop.value_or(range.low_flop), range.high_flop),
      known(range.low_bytes, point.bytes.value_or(range.low_bytes), range.high_bytes)};
}

}  // namespace

bool CheckedRange::holds(const Point& point) const {
  // Before the first profile there is no range.
  if (high_batch == 0) return false;
  const auto all = intervals(*this, point);
  return std::all_of(all.begin(), all.end(),
                     [](const Interval& knob) { return knob.low <= knob.value && knob.value <= knob.high; });
}

SquaredDistance CheckedRange::squared_distance(const Point& point) const {
  SquaredDistance distance;
  for (const Interval& knob : intervals(*this, point)) {
    if (knob.low <= knob.value && knob.value <= knob.high) continue;
    // Work may be next to nothing, from which a logarithm is without end.
    constexpr double farthest = 30;
    const double away = knob.value < knob.low ? std::log(knob.low / std::max(knob.value, 1e-300))
                                              : std::log(knob.value / std::max(knob.high, 1e-300));
    const double squared = std::min(away, farthest) * std::min(away, farthest);
    (knob.low < knob.high ? distance.varied : distance.unvaried) += squared;
  }
  return distance;
}

void CheckedRange::take_in(const Point& point) {
  const bool first = high_batch == 0;
  const auto widen = [first](auto& least, auto& most, auto value) {
    least = first ? value : std::min(least, value);
    most = first ? value : std::max(most, value);
  };
  for (const auto knob : {&PowerMode::cores, &PowerMode::cpu_khz, &PowerMode::gpu_khz, &PowerMode::emc_khz,
                          &PowerMode::active_sms})
    widen(low.*knob, high.*knob, point.mode.*knob);
  if (point.flop) widen(low_flop, high_flop, *point.flop);
  if (point.bytes) widen(low_bytes, high_bytes, *point.bytes);
  widen(low_batch, high_batch, point.batch);
}

}  // namespace wattline::devices::calibration
