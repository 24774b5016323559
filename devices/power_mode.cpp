#include "devices/power_mode.hpp"

#include <fmt/format.h>

namespace wattline::devices {

std::string to_text(const PowerMode& mode, std::int32_t all_sms) {
  std::string text = fmt::format("{}c/{}/{}/{}", mode.cores, mode.cpu_khz, mode.gpu_khz, mode.emc_khz);
  if (all_sms != 0 && mode.active_sms != all_sms) text += fmt::format("/{}sm", mode.active_sms);
  return text;
}

}  // namespace wattline::devices
