// PowerTrain's rule for when a series of power readings has left idling behind (arXiv 2407.13944; the rule as
// in the authors' scripts). Pure function.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace wattline::devices {

struct StabilisationOptions {
  std::size_t first = 4;  // index of the first reading that is looked at. Range 1 .. 1,000,000
  std::size_t window =
      10;              // readings before it that it is compared with; fewer at first. Range 1 .. 1,000,000
  double rise = 1.25;  // over their mean. Range 1 .. 1000
};

// Index of the first reading that is at least `rise` times the mean of the readings before it, or nothing.
// That the reading itself is not in the window, and that zeros after zeros are no rise, is our reading.
std::optional<std::size_t> stabilised_from(std::span<const std::int64_t> readings_mw,
                                           const StabilisationOptions& options = {});

}  // namespace wattline::devices
