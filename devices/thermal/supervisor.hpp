// A board's temperature during a run, and what follows from it: fan, throttling, shutdown.
//
// Whoever simulates the board looks at every multiple of period_ns() and says what it drew since the last
// look. The verdict holds until the next one: run at capped() (devices/thermal/clock_caps.hpp) of the mode
// that was asked for, at over_current_pace of its speed and power, and stop where shut_down is set.
//
//   auto supervisor = ThermalSupervisor::make(*spec.thermal, {.ambient_c = 40});
//   ThermalVerdict verdict = supervisor->verdict();      // before the first look
//   verdict = supervisor->look(mean_power_w);            // at period_ns(), 2 period_ns(), ...
//   supervisor->finish(elapsed_ns, mean_power_w);        // where the run ends between two looks
//
// Temperatures are taken at looks; what a sensor would round or delay is not modelled. Software throttle and
// fan are polled at their own, longer intervals, which whole periods must fill; hardware throttle,
// over-current and shutdown are checked at each look. Value type, owned by the run; one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "devices/thermal/parameters.hpp"
#include "devices/thermal/rc_network.hpp"
#include "devices/thermal/throttling.hpp"
#include "sim/time.hpp"

namespace wattline::devices {

struct ThermalOptions {
  double ambient_c = 25;  // the room; -40 to 150, and the air at the heat sink below the trips
  std::optional<double> initial_c =
      {};                        // of the board; none: that of the air at the heat sink. Below shutdown_c
  std::string fan_profile = {};  // of the board; empty: its first; "max": full PWM
  std::optional<double> fan_pwm = {};  // 0 to 1, instead of a profile
  bool throttles = true;               // false: neither software, hardware nor over-current
  std::int32_t period_ms = 100;        // 1 to 1000; divides the intervals of software throttle and fan
};

// The state that holds until the next look.
struct ThermalVerdict {
  double temperature_c = 0;
  double fan_pwm = 0;
  std::int32_t software_level = 0;
  double software_clock_share = 1;  // of the board's highest clocks
  bool hardware_throttled = false;
  double hardware_clock_share = 1;  // of the clocks that are left
  double over_current_share = 0;    // of the time
  double over_current_pace = 1;     // speed and power, as shares of what they would be
  bool shut_down = false;           // stays

  bool throttled() const { return software_level > 0 || hardware_throttled || over_current_share > 0; }
};

// Since the start, until the last look or the end.
struct ThermalTotals {
  sim::TimeNs time_ns = 0;
  sim::TimeNs throttled_ns = 0;  // in any way
  sim::TimeNs software_throttled_ns = 0;
  sim::TimeNs hardware_throttled_ns = 0;
  sim::TimeNs over_current_ns = 0;       // within pulses
  std::int64_t over_current_pulses = 0;  // begun, in whole periods
  double max_temperature_c = 0;          // at the start, at looks and at the end
  std::optional<sim::TimeNs> shut_down_ns;
};

class ThermalSupervisor {
 public:
  // An error names the field of the parameters or options, the value and what is accepted.
  static Result<ThermalSupervisor> make(const ThermalParameters& parameters, const ThermalOptions& options);

  sim::TimeNs period_ns() const { return period_ns_; }

  // `mean_power_w`: what the board drew on average over the period that ends now, at the pace of the last
  // verdict. Precondition: finite and not negative. After a shutdown the board only cools or heats.
  ThermalVerdict look(double mean_power_w);

  // The run ends, `elapsed_ns` after the last look: the temperature then, and the totals until then. What
  // would follow from it is for a look to say. Precondition: 0 to period_ns(), and no look comes after.
  void finish(sim::TimeNs elapsed_ns, double mean_power_w);

  const ThermalVerdict& verdict() const { return verdict_; }
  const ThermalTotals& totals() const { return totals_; }

 private:
  ThermalSupervisor(const ThermalParameters& parameters, const ThermalOptions& options);
  void pass(sim::TimeNs elapsed_ns, const ThermalDecay& decay, double mean_power_w);
  void account(sim::TimeNs elapsed_ns);
  void set_fan(double pwm);
  void throttle(double mean_power_w);
  bool due(std::int32_t interval_ms) const;

  ThermalParameters parameters_;
  sim::TimeNs period_ns_;
  double air_c_;
  bool throttles_;
  std::optional<FanProfile> profile_;  // none: PWM is pinned, or there is no fan
  ThermalPoles poles_;
  ThermalDecay decay_;
  ThermalRise rise_;
  StepWise governor_;
  ThermalVerdict verdict_;
  ThermalTotals totals_;
  Pulses pulses_;  // of the verdict, until the next look
};

}  // namespace wattline::devices
