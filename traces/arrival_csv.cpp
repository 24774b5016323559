#include "traces/arrival_csv.hpp"

#include <fmt/format.h>

#include <cmath>

#include "sim/base/text.hpp"
#include "traces/csv.hpp"

namespace wattline::traces {

namespace {

Result<std::vector<sim::TimeNs>> instants_of(const CsvTable& table) {
  if (auto error = table.check_columns({"time_s"}, {})) return *error;
  std::vector<sim::TimeNs> instants_ns;
  instants_ns.reserve(table.rows().size());
  for (const CsvTable::Row& row : table.rows()) {
    const auto time_s = table.number(row, 0, between(0, sim::ns_to_seconds(sim::longest_time_ns)));
    if (!time_s) return time_s.error();
    const auto time_ns = static_cast<sim::TimeNs>(std::llround(*time_s * 1e9));
    if (!instants_ns.empty() && time_ns < instants_ns.back()) {
      return table.error_at(row, 0,
                            fmt::format("{} comes after {}; arrivals must be in ascending order",
                                        row.fields[0], shortest(sim::ns_to_seconds(instants_ns.back()))));
    }
    instants_ns.push_back(time_ns);
  }
  if (instants_ns.empty())
    return bad_input(fmt::format("{}: no arrivals; at least one row is expected", table.name()));
  return instants_ns;
}

}  // namespace

Result<std::vector<sim::TimeNs>> parse_arrival_csv(const std::string& text, const std::string& name) {
  const auto table = CsvTable::parse(text, name);
  if (!table) return table.error();
  return instants_of(*table);
}

}  // namespace wattline::traces
