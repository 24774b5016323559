// What a fan's controller does at each reading of the temperature, after NVIDIA's nvfancontrol.
//
// Between two rows PWM is interpolated, below the first and above the last it is theirs (nvfancontrol's
// governor "cont"; a fan read at 1756 rpm where the rows give 1795). Hysteresis in our reading: the fan
// follows at once when it gets hotter, and slows down only to what the profile gives at the temperature plus
// the hysteresis of the row below it, so that small changes leave it alone. Pure functions.
#pragma once

#include "devices/thermal/parameters.hpp"

namespace wattline::devices {

// Without hysteresis. Precondition, here and below: the profile passed check().
double pwm_at(const FanProfile& profile, double temperature_c);

double next_pwm(const FanProfile& profile, double pwm_before, double temperature_c);

}  // namespace wattline::devices
