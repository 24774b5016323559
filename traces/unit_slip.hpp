// Columns carry their unit as a suffix; this tells when an unknown one is a known one in another unit.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace wattline::traces {

// "column 'gpu_hz' is in Hz; 'gpu_khz' is expected (divide by 1,000)", or nothing where `column` is no
// member of `known` in another unit of frequency (hz to ghz), time (s to ns), power (w, mw, uw, kw) or
// energy (j, mj).
std::optional<std::string> unit_slip_message(std::string_view column, std::span<const std::string> known);

}  // namespace wattline::traces
