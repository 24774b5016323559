// A table of results, printed as aligned text, CSV or JSON from the same cells.
//
// Text rounds to each column's decimals, from 1e9 on to two digits ("1.2e+09"); CSV and JSON print the
// shortest text that reads back as the same number. Column keys carry their unit ("power_w"). Value type.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "sim/base/result.hpp"

namespace wattline::experiments {

enum class Format { table, csv, json };
const std::vector<std::string>& format_names();  // "table", "csv", "json"
Format format_of(const std::string& name);       // precondition: one of format_names()

// monostate: there is no value (an empty CSV field, null, "-").
using Cell = std::variant<std::monostate, std::string, std::int64_t, double>;

struct Column {
  std::string key;         // of CSV and JSON
  int decimals = 0;        // of doubles, in text only
  std::string title = {};  // heads the column in text; empty: the key

  const std::string& heading() const { return title.empty() ? key : title; }
};

struct ResultTable {
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;  // each as long as columns

  std::string print(Format format) const;
  std::string to_text() const;
  std::string to_vertical_text() const;  // "key  value" a line; for a table of one row
  std::string to_csv() const;
  std::string to_json() const;  // an array of objects
};

// `text` as one field of a CSV line: quoted where it must be.
std::string csv_field(const std::string& text);

}  // namespace wattline::experiments
