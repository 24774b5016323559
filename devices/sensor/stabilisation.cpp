#include "devices/sensor/stabilisation.hpp"

#include <algorithm>
#include <numeric>

namespace wattline::devices {

std::optional<std::size_t> stabilised_from(std::span<const std::int64_t> readings_mw,
                                           const StabilisationOptions& options) {
  for (std::size_t i = options.first; i < readings_mw.size(); ++i) {
    const auto before = readings_mw.subspan(0, i).last(std::min(i, options.window));
    const auto sum_mw = static_cast<double>(std::accumulate(before.begin(), before.end(), std::int64_t{0}));
    const double scaled_mw = static_cast<double>(readings_mw[i]) * static_cast<double>(before.size());
    if (scaled_mw > sum_mw && scaled_mw >= options.rise * sum_mw) return i;
  }
  return std::nullopt;
}

}  // namespace wattline::devices
