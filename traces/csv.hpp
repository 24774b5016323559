// CSV, strictly (RFC 4180): a header line, then rows of as many fields. Quoted fields may hold commas
// and doubled quotes, but no line break. Blank lines are skipped; a byte-order mark and CRLF are
// accepted. The text is UTF-8 without NULs. Errors name the file, the line, the value and what is accepted,
// and say where a file looks cut off (a faulty last line without its line break) or binary.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/result.hpp"
#include "sim/base/strict_json.hpp"

namespace wattline::traces {

// The longest CSV file or log that is read.
inline constexpr std::size_t longest_csv = std::size_t{1} << 30;

// What is to be said of a text that no line break ends, if it is one: the last value may be cut off, which
// no check of it can tell. `name` is what the note calls the text (a path).
std::optional<std::string> cut_off_note(const std::string& text, const std::string& name);

class CsvTable {
 public:
  struct Row {
    std::size_t line;  // of the file, from 1
    std::vector<std::string> fields;
  };

  // `name` is what messages call the text (a path).
  static Result<CsvTable> parse(const std::string& text, const std::string& name);

  const std::string& name() const { return name_; }
  const std::vector<std::string>& header() const { return header_; }
  const std::vector<Row>& rows() const { return rows_; }

  // The header must hold all of `required`, may hold `optional`, and nothing else. An unknown column
  // is named with the nearest one that is known, or with the factor between the two where it is a known
  // one in another unit.
  MaybeError check_columns(const std::vector<std::string>& required,
                           const std::vector<std::string>& optional) const;

  // Position of a column, if there is one.
  std::optional<std::size_t> column(std::string_view column_name) const;

  // A field as a number in `accepted`; `column` is a position from column().
  Result<double> number(const Row& row, std::size_t column, Range accepted) const;
  Result<std::int64_t> integer(const Row& row, std::size_t column, std::int64_t low, std::int64_t high) const;

  // "file.csv: line 7: time_s: <message>"
  Error error_at(const Row& row, std::size_t column, const std::string& message) const;

 private:
  std::string name_;
  std::size_t header_line_ = 1;
  std::vector<std::string> header_;
  std::vector<Row> rows_;
};

}  // namespace wattline::traces
