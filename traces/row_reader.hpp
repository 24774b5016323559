// Reads the fields of one row of a CSV table by the names of their columns. The first error is kept and
// the rest of the reading becomes harmless, so that a reader is written as straight-line code:
//
//   RowReader in(table, row);
//   record.device = in.text("device");
//   record.mean_ms = in.optional_number("mean_ms", above(0, 1e9));
//   if (in.error()) return *in.error();
//
// Errors name the file, the line, the column, the value and what is accepted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/base/result.hpp"
#include "sim/base/strict_json.hpp"
#include "traces/csv.hpp"

namespace wattline::traces {

// No clock of a Jetson is outside these; a number that is was given in another unit.
inline constexpr std::int32_t lowest_clock_khz = 10'000;
inline constexpr std::int32_t highest_clock_khz = 5'000'000;

class RowReader {
 public:
  enum class Unit { hz, khz, mhz };
  // What a foreign file calls something, and what we call it.
  using Names = std::vector<std::pair<std::string, std::string>>;

  // Both are borrowed.
  RowReader(const CsvTable& table, const CsvTable::Row& row) : table_(table), row_(row) {}

  bool has(std::string_view column) const { return table_.column(column).has_value(); }

  // Precondition of these: the table has the column. After an error they return something harmless.
  std::string text(std::string_view column);  // not empty
  // What a foreign file calls a network: any name that ours can be made of.
  std::string network(std::string_view column);
  double number(std::string_view column, Range accepted);
  std::int64_t integer(std::string_view column, std::int64_t low, std::int64_t high);
  // A clock in `unit` as whole kHz from lowest_clock_khz to highest_clock_khz.
  std::int32_t clock_khz(std::string_view column, Unit unit);
  // The second of the pair whose first the field is; an unknown one is an error that names the nearest.
  std::string renamed(std::string_view column, const Names& names);

  // Nothing where the field is empty or the table does not have the column.
  std::optional<double> optional_number(std::string_view column, Range accepted);
  std::optional<std::int64_t> optional_integer(std::string_view column, std::int64_t low, std::int64_t high);
  std::string optional_text(std::string_view column) const;  // empty for nothing

  // Records an error about this field; the first one wins.
  void fail(std::string_view column, const std::string& message);
  const MaybeError& error() const { return error_; }

 private:
  template <class T>
  T value_or(const Result<T>& value, T fallback);
  const std::string& field(std::string_view column) const { return row_.fields[*table_.column(column)]; }

  const CsvTable& table_;
  const CsvTable::Row& row_;
  MaybeError error_;
};

}  // namespace wattline::traces
