// Instants as foreign logs print them. No time zone is printed, so none is applied: the result counts
// from 1970-01-01 00:00:00 of the clock that printed them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace wattline::traces {

// "YYYY-MM-DD hh:mm:ss" with 0 to 9 decimals of a second, 1970 to 2200, as nanoseconds; nothing where
// the text is anything else.
std::optional<std::int64_t> parse_timestamp(std::string_view text);

// "MM-DD-YYYY hh:mm:ss" as tegrastats prints it, without decimals.
std::optional<std::int64_t> parse_month_first_timestamp(std::string_view text);

}  // namespace wattline::traces
