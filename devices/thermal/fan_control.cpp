#include "devices/thermal/fan_control.hpp"

#include <algorithm>

namespace wattline::devices {

namespace {

// The first row that is hotter.
std::vector<FanRow>::const_iterator row_above(const FanProfile& profile, double temperature_c) {
  return std::find_if(profile.rows.begin(), profile.rows.end(),
                      [&](const FanRow& row) { return row.temperature_c > temperature_c; });
}

}  // namespace

double pwm_at(const FanProfile& profile, double temperature_c) {
  const auto high = row_above(profile, temperature_c);
  if (high == profile.rows.begin()) return high->pwm;
  const auto low = high - 1;
  if (high == profile.rows.end()) return low->pwm;
  const double way = (temperature_c - low->temperature_c) / (high->temperature_c - low->temperature_c);
  return low->pwm + way * (high->pwm - low->pwm);
}

double next_pwm(const FanProfile& profile, double pwm_before, double temperature_c) {
  const auto high = row_above(profile, temperature_c);
  const FanRow& row = high == profile.rows.begin() ? *high : *(high - 1);
  return std::clamp(pwm_before, pwm_at(profile, temperature_c),
                    pwm_at(profile, temperature_c + row.hysteresis_k));
}

}  // namespace wattline::devices
