#include "traces/row_reader.hpp"

#include <fmt/format.h>

#include <cmath>

#include "sim/base/text.hpp"

namespace wattline::traces {

namespace {

const char* symbol_of(RowReader::Unit unit) {
  switch (unit) {
    case RowReader::Unit::hz:
      return "Hz";
    case RowReader::Unit::khz:
      return "kHz";
    case RowReader::Unit::mhz:
      break;
  }
  return "MHz";
}

double in_khz(double clock, RowReader::Unit unit) {
  switch (unit) {
    case RowReader::Unit::hz:
      return clock / 1000;
    case RowReader::Unit::khz:
      return clock;
    case RowReader::Unit::mhz:
      break;
  }
  return clock * 1000;
}

}  // namespace

template <class T>
T RowReader::value_or(const Result<T>& value, T fallback) {
  if (value) return *value;
  if (!error_) error_ = value.error();
  return fallback;
}

void RowReader::fail(std::string_view column, const std::string& message) {
  if (!error_) error_ = table_.error_at(row_, *table_.column(column), message);
}

std::string RowReader::text(std::string_view column) {
  if (field(column).empty()) fail(column, "empty; a name is expected");
  return field(column);
}

std::string RowReader::network(std::string_view column) {
  constexpr std::string_view accepted = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  const std::string& name = field(column);
  if (name.empty() || name.size() > 80 || name.find_first_not_of(accepted) != std::string::npos) {
    fail(column, fmt::format("'{}' is not accepted; a name of letters, digits, '.', '_' and '-' is expected",
                             name.substr(0, 80)));
    return "none";
  }
  return name;
}

double RowReader::number(std::string_view column, Range accepted) {
  return value_or(table_.number(row_, *table_.column(column), accepted), accepted.high);
}

std::int64_t RowReader::integer(std::string_view column, std::int64_t low, std::int64_t high) {
  return value_or(table_.integer(row_, *table_.column(column), low, high), low);
}

std::int32_t RowReader::clock_khz(std::string_view column, Unit unit) {
  const auto clock = parse_double(field(column));
  const double khz = clock ? in_khz(*clock, unit) : 0;
  // A clock such as 114.75 MHz is not exact in binary, so its kHz are whole only nearly.
  if (khz < lowest_clock_khz || khz > highest_clock_khz || std::abs(khz - std::round(khz)) > 1e-6) {
    const double scale = in_khz(1, unit);
    fail(column,
         fmt::format("{} is not accepted; a clock in {} from {} to {}, whole in kHz, is expected",
                     field(column).empty() ? "nothing" : fmt::format("'{}'", field(column).substr(0, 80)),
                     symbol_of(unit), shortest(lowest_clock_khz / scale),
                     shortest(highest_clock_khz / scale)));
    return lowest_clock_khz;
  }
  return static_cast<std::int32_t>(std::lround(khz));
}

std::string RowReader::renamed(std::string_view column, const Names& names) {
  std::vector<std::string> known;
  for (const auto& [theirs, ours] : names) {
    if (theirs == field(column)) return ours;
    known.push_back(theirs);
  }
  fail(column, unknown_name_message(column, field(column), known));
  return names.front().second;
}

std::optional<double> RowReader::optional_number(std::string_view column, Range accepted) {
  if (!has(column) || field(column).empty()) return std::nullopt;
  return number(column, accepted);
}

std::optional<std::int64_t> RowReader::optional_integer(std::string_view column, std::int64_t low,
                                                        std::int64_t high) {
  if (!has(column) || field(column).empty()) return std::nullopt;
  return integer(column, low, high);
}

std::string RowReader::optional_text(std::string_view column) const {
  return has(column) ? field(column) : std::string();
}

}  // namespace wattline::traces
