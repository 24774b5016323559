// Fills a table row by row, in the order of its columns.
#pragma once

#include <string>
#include <utility>

#include "experiments/report/result_table.hpp"

namespace wattline::experiments {

// Adds cells to a new last row of a table, and its columns with the first row. Every row must add the same
// keys in the same order. Borrows the table.
class RowWriter {
 public:
  explicit RowWriter(ResultTable& table) : table_(table) { table_.rows.emplace_back(); }
  void add(const std::string& key, Cell cell, int decimals = 0) {
    if (table_.rows.size() == 1) table_.columns.push_back({key, decimals});
    table_.rows.back().push_back(std::move(cell));
  }

 private:
  ResultTable& table_;
};

inline Cell count_cell(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}

}  // namespace wattline::experiments
