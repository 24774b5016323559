#include "traces/import/azure_llm.hpp"

#include <fmt/format.h>

#include "traces/csv.hpp"
#include "traces/timestamp.hpp"

namespace wattline::traces {

namespace {

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

}  // namespace wattline::traces
