#include "devices/thermal/supervisor.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "devices/thermal/fan_control.hpp"
#include "sim/base/text.hpp"

namespace wattline::devices {

namespace {

constexpr const char* full_speed = "max";

Error refused(const std::string& field, double value, const std::string& accepted) {
  return bad_input(
      fmt::format("thermal: {}: {} is not accepted; {} is expected", field, shortest(value), accepted));
}

MaybeError check_temperatures(const ThermalParameters& parameters, const ThermalOptions& options) {
  if (!(options.ambient_c >= -40 && options.ambient_c <= 150))
    return refused("ambient_c", options.ambient_c, "a temperature from -40 to 150");
  const double rise_k = parameters.heat.air_rise_k;
  const double trip_c = parameters.software.trip_c;
  if (!(options.ambient_c + rise_k < trip_c)) {
    return refused(
        "ambient_c", options.ambient_c,
        fmt::format("less than {} (the air at the heat sink is {} K warmer, and throttling starts at {})",
                    shortest(trip_c - rise_k), shortest(rise_k), shortest(trip_c)));
  }
  if (options.initial_c && !(*options.initial_c >= -40 && *options.initial_c < parameters.shutdown_c)) {
    return refused(
        "initial_c", *options.initial_c,
        fmt::format("a temperature from -40 to below shutdown_c {}", shortest(parameters.shutdown_c)));
  }
  return {};
}

MaybeError check_fan(const ThermalParameters& parameters, const ThermalOptions& options) {
  if (options.fan_profile.empty() && !options.fan_pwm) return {};
  if (!parameters.fan) {
    return bad_input(fmt::format("thermal: {} is given, but the board has no fan",
                                 options.fan_pwm ? "fan_pwm" : "fan_profile"));
  }
  if (!options.fan_profile.empty() && options.fan_pwm) {
    return bad_input(fmt::format("thermal: fan_profile '{}' and fan_pwm {} are both given; one is expected",
                                 options.fan_profile, shortest(*options.fan_pwm)));
  }
  if (options.fan_pwm) {
    if (*options.fan_pwm >= 0 && *options.fan_pwm <= 1) return {};
    return refused("fan_pwm", *options.fan_pwm, "a share from 0 to 1");
  }
  std::vector<std::string> known;
  for (const FanProfile& profile : parameters.fan->profiles) known.push_back(profile.name);
  known.emplace_back(full_speed);
  if (std::find(known.begin(), known.end(), options.fan_profile) != known.end()) return {};
  return bad_input("thermal: fan_profile: " + unknown_name_message("profile", options.fan_profile, known));
}

MaybeError check_period(const ThermalParameters& parameters, const ThermalOptions& options) {
  const std::int32_t period_ms = options.period_ms;
  if (period_ms < 1 || period_ms > 1000)
    return refused("period_ms", period_ms, "a whole number from 1 to 1000");
  const auto fills = [&](std::int32_t interval_ms) { return interval_ms % period_ms == 0; };
  if (!fills(parameters.software.poll_ms)) {
    return refused("period_ms", period_ms,
                   fmt::format("a divisor of software_throttle.poll_ms {}", parameters.software.poll_ms));
  }
  if (parameters.fan && !fills(parameters.fan->poll_ms))
    return refused("period_ms", period_ms,
                   fmt::format("a divisor of fan.poll_ms {}", parameters.fan->poll_ms));
  return {};
}

// None where PWM does not follow the temperature.
std::optional<FanProfile> profile_of(const ThermalParameters& parameters, const ThermalOptions& options) {
  if (!parameters.fan || options.fan_pwm || options.fan_profile == full_speed) return {};
  const std::vector<FanProfile>& profiles = parameters.fan->profiles;
  const auto named = std::find_if(profiles.begin(), profiles.end(), [&](const FanProfile& profile) {
    return profile.name == options.fan_profile;
  });
  return named == profiles.end() ? profiles.front() : *named;
}

}  // namespace

Result<ThermalSupervisor> ThermalSupervisor::make(const ThermalParameters& parameters,
                                                  const ThermalOptions& options) {
  if (const MaybeError error = check(parameters)) return bad_input("thermal: " + error->message);
  if (MaybeError error = check_temperatures(parameters, options)) return *std::move(error);
  if (MaybeError error = check_fan(parameters, options)) return *std::move(error);
  if (MaybeError error = check_period(parameters, options)) return *std::move(error);
  return ThermalSupervisor(parameters, options);
}

ThermalSupervisor::ThermalSupervisor(const ThermalParameters& parameters, const ThermalOptions& options)
    : parameters_(parameters),
      period_ns_(options.period_ms * sim::ns_per_ms),
      air_c_(options.ambient_c + parameters.heat.air_rise_k),
      throttles_(options.throttles),
      profile_(profile_of(parameters, options)) {
  const double initial_c = options.initial_c.value_or(air_c_);
  rise_.sink_k = initial_c - air_c_;  // a die that has drawn nothing lately is as warm as its heat sink
  governor_.last_c = initial_c;
  verdict_.temperature_c = initial_c;
  totals_.max_temperature_c = initial_c;
  const double pinned_pwm = options.fan_pwm.value_or(options.fan_profile == full_speed ? 1 : 0);
  set_fan(profile_ ? pwm_at(*profile_, initial_c) : pinned_pwm);
}

ThermalVerdict ThermalSupervisor::look(double mean_power_w) {
  pass(period_ns_, decay_, mean_power_w);
  if (!verdict_.shut_down) totals_.over_current_pulses += pulses_.begun;
  if (profile_ && due(parameters_.fan->poll_ms)) {
    const double pwm = next_pwm(*profile_, verdict_.fan_pwm, verdict_.temperature_c);
    if (pwm != verdict_.fan_pwm) set_fan(pwm);
  }
  if (throttles_) throttle(mean_power_w);
  if (!verdict_.shut_down && verdict_.temperature_c >= parameters_.shutdown_c) {
    verdict_.shut_down = true;
    totals_.shut_down_ns = totals_.time_ns;
  }
  return verdict_;
}

void ThermalSupervisor::finish(sim::TimeNs elapsed_ns, double mean_power_w) {
  pass(elapsed_ns, decay_over(poles_, sim::ns_to_seconds(elapsed_ns)), mean_power_w);
}

void ThermalSupervisor::pass(sim::TimeNs elapsed_ns, const ThermalDecay& decay, double mean_power_w) {
  account(elapsed_ns);
  rise_ = after_step(rise_, poles_, decay, mean_power_w);
  verdict_.temperature_c = air_c_ + rise_.total_k();
  totals_.max_temperature_c = std::max(totals_.max_temperature_c, verdict_.temperature_c);
}

// The last verdict held over the time that ends now.
void ThermalSupervisor::account(sim::TimeNs elapsed_ns) {
  totals_.time_ns += elapsed_ns;
  if (verdict_.shut_down) return;
  if (verdict_.throttled()) totals_.throttled_ns += elapsed_ns;
  if (verdict_.software_level > 0) totals_.software_throttled_ns += elapsed_ns;
  if (verdict_.hardware_throttled) totals_.hardware_throttled_ns += elapsed_ns;
  totals_.over_current_ns +=
      static_cast<sim::TimeNs>(verdict_.over_current_share * static_cast<double>(elapsed_ns));
}

void ThermalSupervisor::set_fan(double pwm) {
  verdict_.fan_pwm = pwm;
  poles_ = poles_at(parameters_, pwm);
  decay_ = decay_over(poles_, sim::ns_to_seconds(period_ns_));
}

void ThermalSupervisor::throttle(double mean_power_w) {
  if (due(parameters_.software.poll_ms)) {
    governor_ = after_poll(parameters_.software, governor_, verdict_.temperature_c);
    verdict_.software_level = governor_.level;
    verdict_.software_clock_share = clock_share(parameters_.software, governor_.level);
  }
  if (parameters_.hardware) {
    verdict_.hardware_throttled =
        hardware_throttles(*parameters_.hardware, verdict_.hardware_throttled, verdict_.temperature_c);
    verdict_.hardware_clock_share = verdict_.hardware_throttled ? 1 - parameters_.hardware->depth : 1;
  }
  if (parameters_.over_current) {
    const OverCurrent& over = *parameters_.over_current;
    const double period_ms = sim::ns_to_ms(period_ns_);
    pulses_ = next_pulses(over, pulses_, mean_power_w / verdict_.over_current_pace, period_ms);
    verdict_.over_current_share = pulses_.share;
    verdict_.over_current_pace = 1 - over.depth * verdict_.over_current_share;
  }
}

bool ThermalSupervisor::due(std::int32_t interval_ms) const {
  return totals_.time_ns % (interval_ms * sim::ns_per_ms) == 0;
}

}  // namespace wattline::devices
