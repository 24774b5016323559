// The loop that every importer of a CSV shares: check the columns, read each row, stop at the first error.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sim/base/result.hpp"
#include "sim/base/text.hpp"
#include "traces/csv.hpp"
#include "traces/row_reader.hpp"

namespace wattline::traces {

// `read_row(RowReader&)` gives one record, or reports through the reader. A record has a `line`, which is
// set here. At least one row is expected.
template <class Record, class ReadRow>
Result<std::vector<Record>> records_of(const CsvTable& table, const std::vector<std::string>& columns,
                                       ReadRow read_row) {
  if (auto error = table.check_columns(columns, {})) return *error;
  std::vector<Record> records;
  records.reserve(table.rows().size());
  for (const CsvTable::Row& row : table.rows()) {
    RowReader in(table, row);
    records.push_back(read_row(in));
    records.back().line = row.line;
    if (in.error()) return *in.error();
  }
  if (records.empty()) return bad_input(table.name() + ": no rows; at least one is expected");
  return records;
}

template <class Record, class ReadRow>
Result<std::vector<Record>> records_of(const std::string& text, const std::string& name,
                                       const std::vector<std::string>& columns, ReadRow read_row) {
  const auto table = CsvTable::parse(text, name);
  if (!table) return table.error();
  return records_of<Record>(*table, columns, std::move(read_row));
}

// `given`, or the first of `known` where it is empty; an unknown one is an error that names the nearest.
inline Result<std::string> chosen_time(const std::string& given, const std::vector<std::string>& known) {
  if (given.empty()) return known.front();
  for (const std::string& name : known) {
    if (name == given) return given;
  }
  return bad_input(unknown_name_message("time of this format", given, known));
}

}  // namespace wattline::traces
