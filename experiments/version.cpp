#include "experiments/version.hpp"

#include <fmt/format.h>

#include "wattline_version.hpp"

namespace wattline::experiments {

std::string version() {
  return WATTLINE_VERSION;
}
std::string commit() {
  return WATTLINE_COMMIT;
}

std::string compiler() {
#if defined(__clang__)
  return fmt::format("Clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
  return fmt::format("GCC {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
}

}  // namespace wattline::experiments
