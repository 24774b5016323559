#include "devices/thermal/spec_section.hpp"

#include <fmt/format.h>

#include "devices/thermal/ranges.hpp"

namespace wattline::devices {

namespace {

namespace ranges = thermal_ranges;

HeatPath read_heat(SourcedReader& in) {
  HeatPath heat;
  heat.die_k_per_w = in.number("die_k_per_w", ranges::k_per_w);
  heat.die_time_constant_s = in.number("die_time_constant_s", ranges::time_constant_s);
  heat.sink_k_per_w = in.number("sink_k_per_w", ranges::k_per_w);
  heat.sink_heat_capacity_j_per_k = in.number("sink_heat_capacity_j_per_k", ranges::heat_capacity_j_per_k);
  heat.air_rise_k = in.number("air_rise_k", ranges::difference_k);
  return heat;
}

FanProfile read_profile(SourcedReader& in) {
  FanProfile profile;
  profile.name = in.name();
  const std::vector<double> temperatures_c = in.numbers("temperature_c", ranges::temperature_c);
  const std::vector<double> hysteresis_k = in.numbers("hysteresis_k", ranges::difference_k);
  const std::vector<double> pwm = in.numbers("pwm", ranges::pwm);
  in.done();
  if (hysteresis_k.size() != temperatures_c.size() || pwm.size() != temperatures_c.size()) {
    in.fail("", fmt::format("{} temperatures, {} hystereses and {} PWM shares; as many of each are expected",
                            temperatures_c.size(), hysteresis_k.size(), pwm.size()));
    return profile;
  }
  for (std::size_t i = 0; i < pwm.size(); ++i)
    profile.rows.push_back({temperatures_c[i], hysteresis_k[i], pwm[i]});
  return profile;
}

Fan read_fan(SourcedReader in) {
  Fan fan;
  fan.sink_k_per_w = in.number("sink_k_per_w", ranges::k_per_w);
  fan.poll_ms = in.integer("poll_ms", 1, ranges::most_poll_ms);
  for (SourcedReader& profile : in.group("profiles")) fan.profiles.push_back(read_profile(profile));
  in.done();
  return fan;
}

SoftwareThrottle read_software(SourcedReader in) {
  SoftwareThrottle software;
  software.trip_c = in.number("trip_c", ranges::temperature_c);
  software.hysteresis_k = in.number("hysteresis_k", ranges::difference_k);
  software.levels = in.integer("levels", 1, ranges::most_levels);
  software.poll_ms = in.integer("poll_ms", 1, ranges::most_poll_ms);
  in.done();
  return software;
}

HardwareThrottle read_hardware(SourcedReader in) {
  HardwareThrottle hardware;
  hardware.start_c = in.number("start_c", ranges::temperature_c);
  hardware.stop_c = in.number("stop_c", ranges::temperature_c);
  hardware.depth = in.number("depth", ranges::depth);
  in.done();
  return hardware;
}

OverCurrent read_over_current(SourcedReader in) {
  OverCurrent over_current;
  over_current.limit_w = in.number("limit_w", ranges::limit_w);
  over_current.depth = in.number("depth", ranges::depth);
  over_current.pulse_ms = in.number("pulse_ms", ranges::pulse_ms);
  in.done();
  return over_current;
}

}  // namespace

ThermalParameters read_thermal(SourcedReader in) {
  ThermalParameters parameters;
  parameters.heat = read_heat(in);
  if (in.has("fan")) parameters.fan = read_fan(in.object("fan"));
  parameters.software = read_software(in.object("software_throttle"));
  if (in.has("hardware_throttle")) parameters.hardware = read_hardware(in.object("hardware_throttle"));
  if (in.has("over_current")) parameters.over_current = read_over_current(in.object("over_current"));
  parameters.shutdown_c = in.number("shutdown_c", ranges::temperature_c);
  in.done();
  if (const MaybeError error = check(parameters)) in.fail("", error->message);
  return parameters;
}

}  // namespace wattline::devices
