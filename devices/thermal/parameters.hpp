// What the thermal model knows of a board: how heat leaves it, its fan, and what it does when it is too hot
// or draws too much. Temperatures in degrees Celsius, differences in kelvin, shares from 0 to 1.
//
// Heat: two first-order poles in series, the die on its heat sink and the heat sink in the air (a Foster
// network; IEC 60747-15 and JESD51-14 describe packages so). Power is the board's own, of the kind that its
// spec predicts. The sink's heat capacity stays when the fan turns faster, so that its time constant falls
// with its resistance.
//
// Where the numbers of a board come from is said in its spec (section "thermal", each value with its source).
// Value types, owned by whoever holds the spec; thread-safe as such.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/result.hpp"

namespace wattline::devices {

struct HeatPath {
  double die_k_per_w = 0;          // die to heat sink; above 0, at most 100
  double die_time_constant_s = 0;  // above 0, at most 3600
  double sink_k_per_w = 0;         // heat sink to air with the fan at rest; above 0, at most 100
  // Above 0, at most 1e6. The sink's time constant is this times its resistance.
  double sink_heat_capacity_j_per_k = 0;
  // How much warmer the air at the heat sink is than the room, from what the metered rails do not hold
  // (carrier board, regulators, a closed case); 0 to 100.
  double air_rise_k = 0;
};

// One row of a fan profile, as in nvfancontrol.conf (TEMP HYST PWM). There a row may hold the margin below
// the highest temperature; here it is the temperature.
struct FanRow {
  double temperature_c = 0;  // -40 to 150
  double hysteresis_k = 0;   // 0 to 100: how far it must cool before the fan slows down
  double pwm = 0;            // share of full PWM, 0 to 1
};

struct FanProfile {
  std::string name;          // "quiet"; unique in the fan
  std::vector<FanRow> rows;  // at least one; temperatures strictly ascending, PWM not falling
};

struct Fan {
  double sink_k_per_w = 0;           // heat sink to air at full PWM; above 0, at most that at rest
  std::int32_t poll_ms = 0;          // between two readings of the temperature; 1 to 60,000
  std::vector<FanProfile> profiles;  // at least one; the first is the default
};

// Linux' passive trip with the step_wise governor: one level more at each poll while it is too hot. A level
// is one step of the clocks, from the top one down.
struct SoftwareThrottle {
  double trip_c = 0;         // -40 to 150, below shutdown_c
  double hysteresis_k = 0;   // 0 to 100: the trip is left when it is this much cooler
  std::int32_t levels = 0;   // 1 to 1000
  std::int32_t poll_ms = 0;  // 1 to 60,000
};

// The chip's own throttling: clock pulses are left out from start_c on, until it is cooler than stop_c.
struct HardwareThrottle {
  double start_c = 0;  // -40 to 150, below shutdown_c
  double stop_c = 0;   // at most start_c
  double depth = 0;    // share of the clock pulses that is left out; above 0, below 1
};

// Each time the board draws more than it may, a pulse of throttling.
struct OverCurrent {
  double limit_w = 0;   // above 0, at most 10,000
  double depth = 0;     // as above
  double pulse_ms = 0;  // 0.001 to 1000
};

struct ThermalParameters {
  HeatPath heat;
  std::optional<Fan> fan;  // none: the heat sink is passive
  SoftwareThrottle software;
  std::optional<HardwareThrottle> hardware;
  std::optional<OverCurrent> over_current;
  double shutdown_c = 0;  // -40 to 150
};

// An error names the field ("fan.profiles.quiet.pwm"), the value and what is accepted.
MaybeError check(const ThermalParameters& parameters);

}  // namespace wattline::devices
