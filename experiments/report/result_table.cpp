#include "experiments/report/result_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/base/strict_json.hpp"
#include "sim/base/text.hpp"

namespace wattline::experiments {

namespace {

constexpr double most_written_out = 1e9;

std::string text_of(const Cell& cell, int decimals) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) return fmt::format("{}", *whole);
  if (const auto* number = std::get_if<double>(&cell)) {
    // A statistic that ran away would make its column hundreds of digits wide.
    if (std::abs(*number) >= most_written_out) return fmt::format("{:.1e}", *number);
    const std::string rounded = fmt::format("{:.{}f}", *number, decimals);
    // "-0.0" says nothing that "0.0" does not.
    return rounded.find_first_of("123456789") == std::string::npos && rounded.front() == '-'
               ? rounded.substr(1)
               : rounded;
  }
  return "-";
}

std::string csv_of(const Cell& cell) {
  if (const auto* number = std::get_if<double>(&cell)) return shortest(*number);
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) return fmt::format("{}", *whole);
  const auto* text = std::get_if<std::string>(&cell);
  if (!text) return {};
  return csv_field(*text);
}

bool is_text(const Cell& cell) {
  return std::holds_alternative<std::string>(cell);
}

}  // namespace

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

const std::vector<std::string>& format_names() {
  static const std::vector<std::string> names = {"table", "csv", "json"};
  return names;
}

Format format_of(const std::string& name) {
  if (name == "csv") return Format::csv;
  return name == "json" ? Format::json : Format::table;
}

std::string ResultTable::print(Format format) const {
  switch (format) {
    case Format::table:
      return to_text();
    case Format::csv:
      return to_csv();
    case Format::json:
      return to_json();
  }
  return {};
}

std::string ResultTable::to_text() const {
  std::vector<std::size_t> widths;
  std::vector<bool> left;  // text columns are aligned left, numbers right
  for (std::size_t i = 0; i < columns.size(); ++i) {
    std::size_t width = columns[i].heading().size();
    for (const auto& row : rows) width = std::max(width, text_of(row[i], columns[i].decimals).size());
    widths.push_back(width);
    left.push_back(std::any_of(rows.begin(), rows.end(), [&](const auto& row) { return is_text(row[i]); }));
  }
  std::string text;
  const auto append_line = [&](const auto& cell_text) {
    std::string line;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const std::string cell = cell_text(i);
      line += left[i] ? fmt::format("{:<{}}", cell, widths[i]) : fmt::format("{:>{}}", cell, widths[i]);
      line += "  ";
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  };
  append_line([&](std::size_t i) { return columns[i].heading(); });
  append_line([&](std::size_t i) { return std::string(widths[i], '-'); });
  for (const auto& row : rows)
    append_line([&](std::size_t i) { return text_of(row[i], columns[i].decimals); });
  return text;
}

std::string ResultTable::to_vertical_text() const {
  std::size_t width = 0;
  for (const Column& column : columns) width = std::max(width, column.key.size());
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      text += fmt::format("{:<{}}  {}\n", columns[i].key, width, text_of(row[i], columns[i].decimals));
    }
  }
  return text;
}

std::string ResultTable::to_csv() const {
  std::string csv;
  for (std::size_t i = 0; i < columns.size(); ++i) csv += (i ? "," : "") + columns[i].key;
  csv += "\n";
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < columns.size(); ++i) csv += (i ? "," : "") + csv_of(row[i]);
    csv += "\n";
  }
  return csv;
}

std::string ResultTable::to_json() const {
  OrderedJson list = OrderedJson::array();
  for (const auto& row : rows) {
    OrderedJson object = OrderedJson::object();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (const auto* text = std::get_if<std::string>(&row[i]))
        object[columns[i].key] = *text;
      else if (const auto* whole = std::get_if<std::int64_t>(&row[i]))
        object[columns[i].key] = *whole;
      else if (const auto* number = std::get_if<double>(&row[i]))
        object[columns[i].key] = *number;
      else
        object[columns[i].key] = nullptr;
    }
    list.push_back(std::move(object));
  }
  return list.dump(2) + "\n";
}

}  // namespace wattline::experiments
