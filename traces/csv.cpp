#include "traces/csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/base/printable.hpp"
#include "sim/base/text.hpp"
#include "traces/unit_slip.hpp"

namespace wattline::traces {

namespace {

// The fields of one line; an error message on unbalanced quotes.
Result<std::vector<std::string>> fields_of(std::string_view line) {
  std::vector<std::string> fields;
  std::size_t at = 0;
  for (;;) {
    std::string field;
    if (at < line.size() && line[at] == '"') {
      for (++at;; ++at) {
        if (at >= line.size()) return bad_input("a quoted field does not end on its line");
        if (line[at] != '"')
          field += line[at];
        else if (at + 1 < line.size() && line[at + 1] == '"')
          field += line[++at];
        else
          break;
      }
      ++at;
      if (at < line.size() && line[at] != ',') return bad_input("text after a closing quote");
    } else {
      const auto end = std::min(line.find(',', at), line.size());
      field = std::string(trimmed(line.substr(at, end - at)));
      at = end;
    }
    fields.push_back(std::move(field));
    if (at >= line.size()) return fields;
    ++at;  // the comma
  }
}

std::string shown(const std::string& value) {
  return value.empty() ? "nothing" : fmt::format("'{}'", value.substr(0, 80));
}

// A faulty last line that no line break ends is most likely half of a line.
const char* cut_off_hint(bool last_line, bool ended) {
  return last_line && !ended ? "; the file ends here without a line break and looks cut off" : "";
}

// Why a column is not known: another unit of one that is, or the nearest name.
std::string unknown_column_message(const std::string& column, const std::vector<std::string>& known) {
  const auto slip = unit_slip_message(column, known);
  return slip ? *slip : unknown_name_message("column", column, known);
}

// Half of the bytes of such a text are 0, or it begins with a mark.
bool looks_like_utf16(std::string_view text) {
  return text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF") ||
         text.substr(0, 2).find('\0') != std::string_view::npos;
}

// A text has hardly a control character; of anything else, every tenth byte or so is one.
bool looks_binary(std::string_view text) {
  const std::string_view head = text.substr(0, 4096);
  const auto controls = std::count_if(head.begin(), head.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F;
  });
  return static_cast<std::size_t>(controls) * 32 > head.size();
}

// Why a line is no text, if it is none, with the field that is to blame.
std::optional<std::string> no_text_message(std::string_view line) {
  const std::size_t at = std::min(line.find('\0'), first_not_utf8(line));
  if (at == std::string_view::npos) return std::nullopt;
  const std::size_t begin = line.rfind(',', at) + 1;  // 0 where there is no comma
  const std::size_t end = std::min(line.find(',', at), line.size());
  const std::string_view field = trimmed(line.substr(begin, end - begin)).substr(0, 80);
  if (line[at] == '\0') return fmt::format("'{}' holds a NUL; is the file binary, and no CSV?", field);
  return fmt::format("'{}' is not accepted; text in UTF-8 is expected", printable(field));
}

// What other separator a header of one long column seems to have.
const char* separator_hint(const std::vector<std::string>& header) {
  if (header.size() > 1) return "";
  if (header.front().find(';') != std::string::npos)
    return "; columns are separated by commas, not semicolons";
  if (header.front().find('\t') != std::string::npos) return "; columns are separated by commas, not tabs";
  return "";
}

}  // namespace

std::optional<std::string> cut_off_note(const std::string& text, const std::string& name) {
  const std::size_t last_line = text.rfind('\n') + 1;  // 0 where there is no line break
  if (trimmed(std::string_view(text).substr(last_line)).empty()) return std::nullopt;
  return fmt::format("{}: line {}, the last one, has no line break at its end and may be cut off",
                     printable(name), std::count(text.begin(), text.end(), '\n') + 1);
}

Result<CsvTable> CsvTable::parse(const std::string& text, const std::string& name) {
  CsvTable table;
  table.name_ = printable(name);
  std::string_view rest = text;
  if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
  if (looks_like_utf16(rest))
    return bad_input(
        fmt::format("{}: line 1: this is no UTF-8, but looks like UTF-16 or binary", table.name_));
  if (looks_binary(rest))
    return bad_input(
        fmt::format("{}: line 1: this is binary and no CSV; text in UTF-8 is expected", table.name_));
  for (std::size_t line_number = 1; !rest.empty(); ++line_number) {
    const auto end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    const bool ended = end != std::string_view::npos;
    rest = ended ? rest.substr(end + 1) : std::string_view{};
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (trimmed(line).empty()) continue;
    if (const auto message = no_text_message(line))
      return bad_input(fmt::format("{}: line {}: {}", table.name_, line_number, *message));
    auto fields = fields_of(line);
    if (!fields) {
      return bad_input(fmt::format("{}: line {}: {}{}", table.name_, line_number, fields.error().message,
                                   cut_off_hint(rest.empty(), ended)));
    }
    if (table.header_.empty()) {
      table.header_line_ = line_number;
      table.header_ = *std::move(fields);
      continue;
    }
    if (fields->size() != table.header_.size()) {
      const bool too_few = fields->size() < table.header_.size();
      return bad_input(fmt::format("{}: line {}: {} fields; the header has {}{}", table.name_, line_number,
                                   fields->size(), table.header_.size(),
                                   cut_off_hint(too_few && rest.empty(), ended)));
    }
    table.rows_.push_back({line_number, *std::move(fields)});
  }
  if (table.header_.empty())
    return bad_input(fmt::format("{}: empty; a header line is expected", table.name_));
  return table;
}

MaybeError CsvTable::check_columns(const std::vector<std::string>& required,
                                   const std::vector<std::string>& optional) const {
  std::vector<std::string> known = required;
  known.insert(known.end(), optional.begin(), optional.end());
  for (std::size_t i = 0; i < header_.size(); ++i) {
    if (std::find(known.begin(), known.end(), header_[i]) == known.end()) {
      return bad_input(fmt::format("{}: line {}: {}{}", name_, header_line_,
                                   unknown_column_message(header_[i], known), separator_hint(header_)));
    }
    if (std::find(header_.begin(), header_.begin() + static_cast<std::ptrdiff_t>(i), header_[i]) !=
        header_.begin() + static_cast<std::ptrdiff_t>(i)) {
      return bad_input(
          fmt::format("{}: line {}: column '{}' appears twice", name_, header_line_, header_[i]));
    }
  }
  for (const std::string& name : required) {
    if (!column(name)) {
      return bad_input(fmt::format("{}: line {}: column '{}' is missing; the header has: {}", name_,
                                   header_line_, name, joined(header_)));
    }
  }
  return std::nullopt;
}

std::optional<std::size_t> CsvTable::column(std::string_view column_name) const {
  const auto found = std::find(header_.begin(), header_.end(), column_name);
  if (found == header_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - header_.begin());
}

Error CsvTable::error_at(const Row& row, std::size_t column, const std::string& message) const {
  return bad_input(fmt::format("{}: line {}: {}: {}", name_, row.line, header_[column], message));
}

Result<double> CsvTable::number(const Row& row, std::size_t column, Range accepted) const {
  const auto value = parse_double(row.fields[column]);
  if (value && *value <= accepted.high &&
      (accepted.open_low ? *value > accepted.low : *value >= accepted.low))
    return *value;
  return error_at(row, column,
                  fmt::format("{} is not accepted; a number {} {} and at most {} is expected",
                              shown(row.fields[column]), accepted.open_low ? "above" : "of at least",
                              shortest(accepted.low), shortest(accepted.high)));
}

Result<std::int64_t> CsvTable::integer(const Row& row, std::size_t column, std::int64_t low,
                                       std::int64_t high) const {
  const auto value = parse_int(row.fields[column]);
  if (value && *value >= low && *value <= high) return *value;
  return error_at(row, column,
                  fmt::format("{} is not accepted; a whole number from {} to {} is expected",
                              shown(row.fields[column]), low, high));
}

}  // namespace wattline::traces
