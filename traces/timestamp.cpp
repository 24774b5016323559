#include "traces/timestamp.hpp"

#include <chrono>
#include <string>

#include "sim/base/text.hpp"
#include "sim/time.hpp"

namespace wattline::traces {

namespace {

// Whole number of exactly `digits` digits at `at`.
std::optional<std::int64_t> digits_at(std::string_view text, std::size_t at, std::size_t digits) {
  if (at + digits > text.size()) return std::nullopt;
  const std::string_view part = text.substr(at, digits);
  if (part.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  return parse_int(part);
}

}  // namespace

std::optional<std::int64_t> parse_timestamp(std::string_view text) {
  const auto year = digits_at(text, 0, 4), month = digits_at(text, 5, 2), day = digits_at(text, 8, 2);
  const auto hour = digits_at(text, 11, 2), minute = digits_at(text, 14, 2), second = digits_at(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  if (text[4] != '-' || text[7] != '-' || text[10] != ' ' || text[13] != ':' || text[16] != ':')
    return std::nullopt;
  if (*year < 1970 || *year > 2200 || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(*year)},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  std::int64_t fraction_ns = 0;
  if (text.size() > 19) {
    const std::size_t decimals = text.size() - 20;
    if (text[19] != '.' || decimals < 1 || decimals > 9) return std::nullopt;
    const auto fraction = digits_at(text, 20, decimals);
    if (!fraction) return std::nullopt;
    fraction_ns = *fraction;
    for (std::size_t i = decimals; i < 9; ++i) fraction_ns *= 10;
  }
  const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  return (((days * 24 + *hour) * 60 + *minute) * 60 + *second) * sim::ns_per_s + fraction_ns;
}

std::optional<std::int64_t> parse_month_first_timestamp(std::string_view text) {
  if (text.size() != 19 || text[2] != '-' || text[5] != '-') return std::nullopt;
  return parse_timestamp(std::string(text.substr(6, 4)) + '-' + std::string(text.substr(0, 5)) +
                         std::string(text.substr(10)));
}

}  // namespace wattline::traces
