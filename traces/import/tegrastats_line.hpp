// One line of a tegrastats log, taken apart (tegrastats.hpp says what it may hold).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "sim/base/result.hpp"
#include "traces/import/power_rails.hpp"

namespace wattline::traces {

struct TegrastatsLine {
  std::optional<std::int64_t> stamp_ns;  // from 1970-01-01 of the clock that printed it
  std::optional<std::int32_t> cores;     // online
  std::optional<double> cpu_khz;         // of the fastest core
  std::optional<double> gpu_khz;         // of the fastest GPC
  std::optional<double> emc_khz;
  std::vector<RailReading> rails;
};

// An error says which part is not what tegrastats prints, without file and line.
Result<TegrastatsLine> parse_tegrastats_line(std::string_view line);

}  // namespace wattline::traces
