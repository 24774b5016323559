// How long a board takes from one power mode to another.
#pragma once

#include "devices/power_mode.hpp"
#include "sim/time.hpp"

namespace wattline::devices {

struct SwitchingTimes {
  sim::TimeNs mode_switch_ns = 0;
  sim::TimeNs reboot_ns = 0;  // added where the number of active SMs changes

  sim::TimeNs between(const PowerMode& from, const PowerMode& to) const {
    if (from == to) return 0;
    return mode_switch_ns + (from.active_sms == to.active_sms ? 0 : reboot_ns);
  }
};

}  // namespace wattline::devices
