// A power mode: what is set together on a board. Clocks are integer kHz.
//
// active_sms is part of it because NVIDIA's presets also gate SMs; modes of a mode space always
// have all of them active, and two modes that differ in active_sms need a reboot between them.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace wattline::devices {

struct PowerMode {
  std::int32_t cores = 0;
  std::int32_t cpu_khz = 0;
  std::int32_t gpu_khz = 0;
  std::int32_t emc_khz = 0;
  std::int32_t active_sms = 0;

  auto operator<=>(const PowerMode&) const = default;
};

// "12c/2201600/1300500/3199000", with "/8sm" appended when `all_sms` is given and differs.
std::string to_text(const PowerMode& mode, std::int32_t all_sms = 0);

}  // namespace wattline::devices
