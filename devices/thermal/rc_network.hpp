// A board's temperature over its air as the sum of two first-order responses to its power (Foster form):
//   T = T_air + theta_die + theta_sink,   d theta_i / dt = (P R_i - theta_i) / tau_i.
// For power that is constant over a step the update is exact, whatever the step:
//   theta_i <- P R_i + (theta_i - P R_i) e^(-step / tau_i).
//
// Pure functions on values, the same to the bit on every machine.
#pragma once

#include "devices/thermal/parameters.hpp"

namespace wattline::devices {

struct ThermalPole {
  double k_per_w = 0;          // R
  double time_constant_s = 0;  // tau
};

struct ThermalPoles {
  ThermalPole die;
  ThermalPole sink;
};

// How far each pole is above what it stands on, in kelvin: the state.
struct ThermalRise {
  double die_k = 0;
  double sink_k = 0;

  double total_k() const { return die_k + sink_k; }
};

// e^(-step / tau) of each pole. Worth keeping where steps are alike.
struct ThermalDecay {
  double die = 1;
  double sink = 1;
};

// Heat sink to air: the heat that the fan carries away grows in proportion to its PWM, so that the
// conductance is interpolated, not the resistance (our reading; with it the measured points of Orin NX and
// Orin Nano agree with one heat sink each, docs/thermal.md). Without a fan, `pwm` has no meaning.
double sink_k_per_w(const ThermalParameters& parameters, double pwm);

ThermalPoles poles_at(const ThermalParameters& parameters, double pwm);

// Precondition: step_s >= 0.
ThermalDecay decay_over(const ThermalPoles& poles, double step_s);

// After one step of the length that `decay` was made for, at constant power.
ThermalRise after_step(const ThermalRise& before, const ThermalPoles& poles, const ThermalDecay& decay,
                       double power_w);

}  // namespace wattline::devices
