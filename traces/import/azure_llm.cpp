#include "traces/import/azure_llm.hpp"

#include <fmt/format.h>

#include <chrono>

#include "sim/base/text.hpp"
#include "traces/csv.hpp"

namespace wattline::traces {

namespace {

// Whole number of exactly `digits` digits at `at`.
std::optional<std::int64_t> digits_at(std::string_view text, std::size_t at, std::size_t digits) {
  if (at + digits > text.size()) return std::nullopt;
  const std::string_view part = text.substr(at, digits);
  if (part.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  return parse_int(part);
}

// "YYYY-MM-DD hh:mm:ss[.f]" with 1 to 9 decimals, as nanoseconds since 1970 without time zone.
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

Result<std::vector<sim::TimeNs>> instants_of(const CsvTable& table) {
  if (auto error = table.check_columns({"TIMESTAMP"}, {"ContextTokens", "GeneratedTokens"})) return *error;
  const std::size_t column = *table.column("TIMESTAMP");
  std::vector<sim::TimeNs> instants_ns;
  instants_ns.reserve(table.rows().size());
  std::int64_t first_ns = 0;
  for (const CsvTable::Row& row : table.rows()) {
    const std::string& text = row.fields[column];
    const auto stamp_ns = parse_timestamp(text);
    if (!stamp_ns) {
      return table.error_at(row, column,
                            fmt::format("'{}' is not accepted; a time such as "
                                        "'2023-11-16 18:15:46.6805900' is expected",
                                        text.substr(0, 80)));
    }
    if (instants_ns.empty()) first_ns = *stamp_ns;
    const sim::TimeNs instant_ns = *stamp_ns - first_ns;
    if (instant_ns < (instants_ns.empty() ? 0 : instants_ns.back())) {
      return table.error_at(row, column,
                            fmt::format("'{}' is before the row above; ascending order is expected", text));
    }
    instants_ns.push_back(instant_ns);
  }
  if (instants_ns.empty())
    return bad_input(fmt::format("{}: no requests; at least one row is expected", table.name()));
  return instants_ns;
}

}  // namespace

Result<std::vector<sim::TimeNs>> parse_azure_llm(const std::string& text, const std::string& name) {
  const auto table = CsvTable::parse(text, name);
  if (!table) return table.error();
  return instants_of(*table);
}

Result<std::vector<sim::TimeNs>> read_azure_llm(const std::string& path) {
  const auto table = CsvTable::read(path);
  if (!table) return table.error();
  return instants_of(*table);
}

}  // namespace wattline::traces
