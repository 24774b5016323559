#include "devices/thermal/rc_network.hpp"

#include "sim/elementary.hpp"

namespace wattline::devices {

double sink_k_per_w(const ThermalParameters& parameters, double pwm) {
  const double at_rest_k_per_w = parameters.heat.sink_k_per_w;
  if (!parameters.fan || pwm == 0) return at_rest_k_per_w;
  const double at_rest_w_per_k = 1 / at_rest_k_per_w;
  const double full_w_per_k = 1 / parameters.fan->sink_k_per_w;
  return 1 / (at_rest_w_per_k + pwm * (full_w_per_k - at_rest_w_per_k));
}

ThermalPoles poles_at(const ThermalParameters& parameters, double pwm) {
  const HeatPath& heat = parameters.heat;
  const double sink = sink_k_per_w(parameters, pwm);
  return {{heat.die_k_per_w, heat.die_time_constant_s}, {sink, sink * heat.sink_heat_capacity_j_per_k}};
}

ThermalDecay decay_over(const ThermalPoles& poles, double step_s) {
  return {sim::exp(-step_s / poles.die.time_constant_s), sim::exp(-step_s / poles.sink.time_constant_s)};
}

ThermalRise after_step(const ThermalRise& before, const ThermalPoles& poles, const ThermalDecay& decay,
                       double power_w) {
  const auto towards = [](double from_k, double to_k, double kept) { return to_k + (from_k - to_k) * kept; };
  return {towards(before.die_k, power_w * poles.die.k_per_w, decay.die),
          towards(before.sink_k, power_w * poles.sink.k_per_w, decay.sink)};
}

}  // namespace wattline::devices
