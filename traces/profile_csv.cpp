#include "traces/profile_csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "sim/base/text.hpp"
#include "traces/csv.hpp"
#include "traces/row_reader.hpp"

namespace wattline::traces {

namespace {

using devices::PowerKind;
using devices::ProfileRow;

const std::vector<std::string> point_columns = {"device", "workload", "role",    "batch",
                                                "cores",  "cpu_khz",  "gpu_khz", "emc_khz"};
const std::vector<std::string> measured_columns = {"time_ms", "power_w"};
const std::vector<std::string> optional_columns = {"time_std_ms", "power_std_w", "samples", "source",
                                                   "active_sms",  "power_kind",  "flop",    "bytes"};

constexpr double longest_ms = 1e9;
constexpr double highest_w = 1e4;
constexpr double most_flop = 1e21;

std::vector<std::string> both(std::vector<std::string> first, const std::vector<std::string>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

workloads::Role role_of(RowReader& in) {
  const std::string name = in.text("role");
  if (name == "train") return workloads::Role::train;
  if (name != "infer") in.fail("role", fmt::format("'{}' is not accepted; train or infer is expected", name));
  return workloads::Role::infer;
}

// Tables of made-up boards have small clocks, so nothing is said of those; above 5 GHz it is Hz.
std::int32_t clock_of(RowReader& in, const char* column) {
  const auto given = parse_int(in.optional_text(column));
  if (given && *given > highest_clock_khz) {
    in.fail(column, fmt::format("'{}' looks like Hz; kHz is expected (divide by 1,000)", *given));
    return 1;
  }
  return static_cast<std::int32_t>(in.integer(column, 1, highest_clock_khz));
}

PowerKind power_kind_of(RowReader& in) {
  const std::string name = in.optional_text("power_kind");
  if (name.empty()) return PowerKind::unstated;
  std::vector<std::string> known;
  for (const PowerKind kind : {PowerKind::module_rails, PowerKind::board_meter, PowerKind::wall}) {
    if (name == devices::name_of(kind)) return kind;
    known.emplace_back(devices::name_of(kind));
  }
  in.fail("power_kind", unknown_name_message("kind of power", name, known));
  return PowerKind::unstated;
}

void read_work(RowReader& in, ProfileRow& row) {
  row.flop = in.optional_number("flop", between(0, most_flop));
  row.bytes = in.optional_number("bytes", between(0, most_flop));
  if (in.error()) return;
  if (row.flop.has_value() != row.bytes.has_value()) {
    const char* given = row.flop ? "flop" : "bytes";
    in.fail(given, fmt::format("given without {}; a row has both or neither", row.flop ? "bytes" : "flop"));
  } else if (row.flop && *row.flop == 0 && *row.bytes == 0) {
    in.fail("flop", "0, and bytes are 0 too; a minibatch does some work");
  }
}

ProfileRow row_of(RowReader& in) {
  ProfileRow row;
  row.device = in.text("device");
  row.workload = in.text("workload");
  row.role = role_of(in);
  row.batch = in.integer("batch", 1, 1'000'000);
  row.mode.cores = static_cast<std::int32_t>(in.integer("cores", 1, 1024));
  row.mode.cpu_khz = clock_of(in, "cpu_khz");
  row.mode.gpu_khz = clock_of(in, "gpu_khz");
  row.mode.emc_khz = clock_of(in, "emc_khz");
  row.mode.active_sms = static_cast<std::int32_t>(in.optional_integer("active_sms", 1, 1024).value_or(0));
  row.time_ms = in.optional_number("time_ms", above(0, longest_ms));
  row.power_w = in.optional_number("power_w", above(0, highest_w));
  row.time_std_ms = in.optional_number("time_std_ms", between(0, longest_ms));
  row.power_std_w = in.optional_number("power_std_w", between(0, highest_w));
  row.samples = in.optional_integer("samples", 1, 1'000'000'000'000);
  row.power_kind = power_kind_of(in);
  read_work(in, row);
  row.source = in.optional_text("source");
  return row;
}

Result<std::vector<ProfileRow>> rows_of(const Result<CsvTable>& table,
                                        const std::vector<std::string>& required,
                                        const std::vector<std::string>& optional) {
  if (!table) return table.error();
  if (auto error = table->check_columns(required, optional)) return *error;
  std::vector<ProfileRow> rows;
  rows.reserve(table->rows().size());
  for (const CsvTable::Row& fields : table->rows()) {
    RowReader in(*table, fields);
    rows.push_back(row_of(in));
    rows.back().line = fields.line;
    if (in.error()) return *in.error();
  }
  return rows;
}

Result<std::vector<ProfileRow>> profile_of(const Result<CsvTable>& table) {
  return rows_of(table, both(point_columns, measured_columns), optional_columns);
}

Result<std::vector<ProfileRow>> requests_of(const Result<CsvTable>& table) {
  return rows_of(table, point_columns, both(measured_columns, optional_columns));
}

// Quoted where the reader would take it for several fields or trim it.
std::string field_of(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  if (text.find_first_of(",\"") == std::string::npos && trimmed(text).size() == text.size()) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

std::string field_of(const std::optional<double>& value) {
  return value ? shortest(*value) : std::string();
}

struct OptionalColumn {
  const char* name;
  std::function<std::string(const ProfileRow&)> field;  // empty where the row does not use it
};

const std::vector<OptionalColumn>& written_columns() {
  static const std::vector<OptionalColumn> columns = {
      {"active_sms",
       [](const ProfileRow& row) {
         return row.mode.active_sms == 0 ? std::string() : std::to_string(row.mode.active_sms);
       }},
      {"time_std_ms", [](const ProfileRow& row) { return field_of(row.time_std_ms); }},
      {"power_std_w", [](const ProfileRow& row) { return field_of(row.power_std_w); }},
      {"samples",
       [](const ProfileRow& row) { return row.samples ? std::to_string(*row.samples) : std::string(); }},
      {"power_kind", [](const ProfileRow& row) { return std::string(devices::name_of(row.power_kind)); }},
      {"flop", [](const ProfileRow& row) { return field_of(row.flop); }},
      {"bytes", [](const ProfileRow& row) { return field_of(row.bytes); }},
      {"source", [](const ProfileRow& row) { return field_of(row.source); }},
  };
  return columns;
}

}  // namespace

Result<std::vector<ProfileRow>> parse_profile_csv(const std::string& text, const std::string& name) {
  return profile_of(CsvTable::parse(text, name));
}

Result<std::vector<ProfileRow>> parse_profile_requests(const std::string& text, const std::string& name) {
  return requests_of(CsvTable::parse(text, name));
}

std::string write_profile_csv(std::span<const ProfileRow> rows) {
  std::vector<const OptionalColumn*> used;
  for (const OptionalColumn& column : written_columns()) {
    const auto uses = [&](const ProfileRow& row) { return !column.field(row).empty(); };
    if (std::any_of(rows.begin(), rows.end(), uses)) used.push_back(&column);
  }
  std::string text = joined(both(point_columns, measured_columns), ",");
  for (const OptionalColumn* column : used) text += fmt::format(",{}", column->name);
  text += '\n';
  for (const ProfileRow& row : rows) {
    text += fmt::format("{},{},{},{},{},{},{},{},{},{}", field_of(row.device), field_of(row.workload),
                        workloads::name_of(row.role), row.batch, row.mode.cores, row.mode.cpu_khz,
                        row.mode.gpu_khz, row.mode.emc_khz, field_of(row.time_ms), field_of(row.power_w));
    for (const OptionalColumn* column : used) text += fmt::format(",{}", column->field(row));
    text += '\n';
  }
  return text;
}

}  // namespace wattline::traces
