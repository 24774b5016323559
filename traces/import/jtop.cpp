#include "traces/import/jtop.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/text.hpp"
#include "traces/csv.hpp"
#include "traces/import/power_rails.hpp"
#include "traces/row_reader.hpp"
#include "traces/timestamp.hpp"

namespace wattline::traces {

namespace {

const std::string total = "TOT";  // jtop's own, not a rail
const std::vector<std::string> named_columns = {"time",   "uptime", "RAM",           "SWAP",     "IRAM",
                                                "MTS FG", "MTS BG", "jetson_clocks", "nvp model"};

bool is_capitals(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

bool is_core(std::string_view column) {
  return column.starts_with("CPU") && parse_int(column.substr(3)).has_value();
}

MaybeError check_header(const CsvTable& table) {
  std::vector<std::string> known = named_columns;
  for (const std::string& column : table.header()) {
    const bool varies = is_capitals(column) || column.starts_with("Fan ") || column.starts_with("Temp ") ||
                        (column.starts_with("Power ") && is_capitals(column.substr(6)));
    if (varies && std::find(known.begin(), known.end(), column) == known.end()) known.push_back(column);
  }
  std::erase(known, "time");
  return table.check_columns({"time"}, known);
}

std::vector<RailReading> rails_of(const CsvTable& table, RowReader& in) {
  std::vector<RailReading> rails;
  for (const std::string& column : table.header()) {
    if (column.starts_with("Power "))
      rails.push_back({column.substr(6), in.number(column, between(-1e6, 1e6))});
  }
  return rails;
}

std::optional<std::int32_t> cores_of(const CsvTable& table, RowReader& in) {
  std::optional<std::int32_t> online;
  for (const std::string& column : table.header()) {
    if (!is_core(column)) continue;
    if (!online) online = 0;
    if (in.optional_text(column) == "OFF") continue;
    (void)in.number(column, between(0, 100));
    ++*online;
  }
  if (online == 0) in.fail("time", "no core is online");
  return online;
}

std::optional<double> power_of(const std::vector<RailReading>& rails, const ImportOptions& options,
                               RowReader& in) {
  if (rails.empty() || in.error()) return std::nullopt;
  std::vector<std::string> summed = options.power_rails;
  if (summed.empty()) summed = rails_of_module(rails);
  if (summed.empty()) summed = {total};
  const auto power_w = total_power_w(rails, summed);
  if (power_w) return *power_w;
  in.fail("time", power_w.error().message);
  return std::nullopt;
}

PowerReading reading_of(const CsvTable& table, const ImportOptions& options, RowReader& in,
                        std::optional<std::int64_t>& first_ns) {
  PowerReading reading;
  const std::string stamp = in.text("time");
  const auto time_ns = parse_timestamp(stamp);
  if (!time_ns) {
    in.fail("time",
            fmt::format("'{}' is not accepted; a time such as '2026-11-23 10:00:01.703152' is expected",
                        stamp.substr(0, 80)));
    return reading;
  }
  if (!first_ns) first_ns = *time_ns;
  reading.time_s = options.start_s ? *options.start_s + static_cast<double>(*time_ns - *first_ns) * 1e-9
                                   : static_cast<double>(*time_ns) * 1e-9;
  reading.cores = cores_of(table, in);
  reading.power_w = power_of(rails_of(table, in), options, in);
  reading.preset = in.optional_text("nvp model");
  return reading;
}

}  // namespace

Result<PowerLog> parse_jtop(const std::string& text, const std::string& name, const ImportOptions& options) {
  const auto table = CsvTable::parse(text, name);
  if (!table) return table.error();
  if (auto error = check_header(*table)) return *error;
  PowerLog log;
  log.name = table->name();
  std::optional<std::int64_t> first_ns;
  bool pinned = true;
  for (const CsvTable::Row& row : table->rows()) {
    RowReader in(*table, row);
    PowerReading reading = reading_of(*table, options, in, first_ns);
    if (!log.readings.empty() && reading.time_s < log.readings.back().time_s)
      in.fail("time", "before the row above; ascending order is expected");
    if (in.error()) return *in.error();
    reading.line = row.line;
    pinned = pinned && in.optional_text("jetson_clocks") != "OFF";
    log.readings.push_back(std::move(reading));
  }
  if (log.readings.empty()) return bad_input(name + ": no rows; at least one is expected");
  log.source = pinned ? "jtop" : "jtop, jetson_clocks OFF";
  return log;
}

Result<std::vector<devices::ProfileRow>> import_jtop(const std::string& text, const std::string& name,
                                                     const ImportOptions& options) {
  const auto log = parse_jtop(text, name, options);
  if (!log) return log.error();
  return join_minibatch_log(*log, options);
}

}  // namespace wattline::traces
