#include "devices/thermal/parameters.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "devices/thermal/ranges.hpp"
#include "sim/base/text.hpp"

namespace wattline::devices {

namespace {

namespace ranges = thermal_ranges;

// Keeps the first error; what follows is harmless.
class Check {
 public:
  void number(const std::string& field, double value, Range range) {
    const bool above_low = range.open_low ? value > range.low : value >= range.low;
    if (!(above_low && value <= range.high)) refuse(field, value, described(range));
  }
  void whole(const std::string& field, std::int32_t value, std::int32_t high) {
    if (value < 1 || value > high)
      fail(field, fmt::format("{} is not accepted; a whole number from 1 to {} is expected", value, high));
  }
  void below(const std::string& field, double value, double bound, const char* what) {
    if (!(value < bound)) refuse(field, value, fmt::format("less than {} {}", what, shortest(bound)));
  }
  void at_most(const std::string& field, double value, double bound, const char* what) {
    if (!(value <= bound)) refuse(field, value, fmt::format("at most {} {}", what, shortest(bound)));
  }
  void fail(const std::string& field, const std::string& message) {
    if (!error_) error_ = bad_input(fmt::format("{}: {}", field, message));
  }
  const MaybeError& error() const { return error_; }

 private:
  void refuse(const std::string& field, double value, const std::string& accepted) {
    fail(field, fmt::format("{} is not accepted; {} is expected", shortest(value), accepted));
  }
  MaybeError error_;
};

void check_heat(Check& check, const HeatPath& heat) {
  check.number("die_k_per_w", heat.die_k_per_w, ranges::k_per_w);
  check.number("die_time_constant_s", heat.die_time_constant_s, ranges::time_constant_s);
  check.number("sink_k_per_w", heat.sink_k_per_w, ranges::k_per_w);
  check.number("sink_heat_capacity_j_per_k", heat.sink_heat_capacity_j_per_k, ranges::heat_capacity_j_per_k);
  check.number("air_rise_k", heat.air_rise_k, ranges::difference_k);
}

void check_profile(Check& check, const FanProfile& profile) {
  const std::string field = "fan.profiles." + profile.name;
  if (profile.name.empty() || profile.name == "max")
    check.fail(field, "a name is expected that is not empty and not 'max', which means full PWM");
  if (profile.rows.empty()) check.fail(field, "no rows; at least one is expected");
  for (const FanRow& row : profile.rows) {
    check.number(field + ".temperature_c", row.temperature_c, ranges::temperature_c);
    check.number(field + ".hysteresis_k", row.hysteresis_k, ranges::difference_k);
    check.number(field + ".pwm", row.pwm, ranges::pwm);
  }
  for (std::size_t i = 1; i < profile.rows.size(); ++i) {
    const FanRow& row = profile.rows[i];
    const FanRow& before = profile.rows[i - 1];
    if (!(row.temperature_c > before.temperature_c))
      check.fail(field + ".temperature_c",
                 fmt::format("{} follows {}; strictly ascending temperatures are expected",
                             shortest(row.temperature_c), shortest(before.temperature_c)));
    if (!(row.pwm >= before.pwm))
      check.fail(field + ".pwm",
                 fmt::format("{} follows {}; a fan that does not slow down as it gets hotter is expected",
                             shortest(row.pwm), shortest(before.pwm)));
  }
}

void check_fan(Check& check, const Fan& fan, const HeatPath& heat) {
  check.number("fan.sink_k_per_w", fan.sink_k_per_w, ranges::k_per_w);
  check.at_most("fan.sink_k_per_w", fan.sink_k_per_w, heat.sink_k_per_w, "that at rest,");
  check.whole("fan.poll_ms", fan.poll_ms, ranges::most_poll_ms);
  if (fan.profiles.empty()) check.fail("fan.profiles", "none; at least one is expected");
  for (std::size_t i = 0; i < fan.profiles.size(); ++i) {
    check_profile(check, fan.profiles[i]);
    const auto end = fan.profiles.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::any_of(fan.profiles.begin(), end,
                    [&](const FanProfile& other) { return other.name == fan.profiles[i].name; }))
      check.fail("fan.profiles", fmt::format("'{}' appears twice", fan.profiles[i].name));
  }
}

void check_depth(Check& check, const std::string& field, double depth) {
  check.number(field, depth, ranges::depth);
  check.below(field, depth, 1, "the whole clock,");
}

void check_throttling(Check& check, const ThermalParameters& parameters) {
  const SoftwareThrottle& software = parameters.software;
  check.number("software_throttle.trip_c", software.trip_c, ranges::temperature_c);
  check.below("software_throttle.trip_c", software.trip_c, parameters.shutdown_c, "shutdown_c");
  check.number("software_throttle.hysteresis_k", software.hysteresis_k, ranges::difference_k);
  check.whole("software_throttle.levels", software.levels, ranges::most_levels);
  check.whole("software_throttle.poll_ms", software.poll_ms, ranges::most_poll_ms);
  if (parameters.hardware) {
    const HardwareThrottle& hardware = *parameters.hardware;
    check.number("hardware_throttle.start_c", hardware.start_c, ranges::temperature_c);
    check.below("hardware_throttle.start_c", hardware.start_c, parameters.shutdown_c, "shutdown_c");
    check.number("hardware_throttle.stop_c", hardware.stop_c, ranges::temperature_c);
    check.at_most("hardware_throttle.stop_c", hardware.stop_c, hardware.start_c, "start_c");
    check_depth(check, "hardware_throttle.depth", hardware.depth);
  }
  if (parameters.over_current) {
    check.number("over_current.limit_w", parameters.over_current->limit_w, ranges::limit_w);
    check_depth(check, "over_current.depth", parameters.over_current->depth);
    check.number("over_current.pulse_ms", parameters.over_current->pulse_ms, ranges::pulse_ms);
  }
}

}  // namespace

MaybeError check(const ThermalParameters& parameters) {
  Check check;
  check_heat(check, parameters.heat);
  if (parameters.fan) check_fan(check, *parameters.fan, parameters.heat);
  check.number("shutdown_c", parameters.shutdown_c, ranges::temperature_c);
  check_throttling(check, parameters);
  return check.error();
}

}  // namespace wattline::devices
