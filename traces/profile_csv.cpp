#include "traces/profile_csv.hpp"

#include <fmt/format.h>

#include "traces/csv.hpp"

namespace wattline::traces {

namespace {

using devices::ProfileRow;

const std::vector<std::string> required_columns = {"device",  "workload", "role",    "batch",   "cores",
                                                   "cpu_khz", "gpu_khz",  "emc_khz", "time_ms", "power_w"};
const std::vector<std::string> optional_columns = {"time_std_ms", "power_std_w", "samples", "source"};

// Reads the fields of one row; the first error is kept.
class RowReader {
 public:
  RowReader(const CsvTable& table, const CsvTable::Row& row) : table_(table), row_(row) {}

  std::string text(const char* column) {
    const std::size_t at = *table_.column(column);
    if (row_.fields[at].empty()) fail(at, "empty; a name is expected");
    return row_.fields[at];
  }
  std::int32_t knob(const char* column, std::int64_t high) {
    const auto value = table_.integer(row_, *table_.column(column), 1, high);
    if (value) return static_cast<std::int32_t>(*value);
    if (!error_) error_ = value.error();
    return 1;
  }
  std::optional<double> measured(const char* column, double high) {
    const std::size_t at = *table_.column(column);
    if (row_.fields[at].empty()) return std::nullopt;
    const auto value = table_.number(row_, at, above(0, high));
    if (value) return *value;
    if (!error_) error_ = value.error();
    return std::nullopt;
  }
  workloads::Role role() {
    const std::string name = text("role");
    if (name == "train") return workloads::Role::train;
    if (name != "infer")
      fail(*table_.column("role"), fmt::format("'{}' is not accepted; train or infer is expected", name));
    return workloads::Role::infer;
  }
  const MaybeError& error() const { return error_; }

 private:
  void fail(std::size_t column, const std::string& message) {
    if (!error_) error_ = table_.error_at(row_, column, message);
  }

  const CsvTable& table_;
  const CsvTable::Row& row_;
  MaybeError error_;
};

Result<std::vector<ProfileRow>> rows_of(const CsvTable& table) {
  if (auto error = table.check_columns(required_columns, optional_columns)) return *error;
  constexpr std::int64_t highest_khz = 100'000'000;  // 100 GHz: a clock in Hz is above it
  std::vector<ProfileRow> rows;
  rows.reserve(table.rows().size());
  for (const CsvTable::Row& fields : table.rows()) {
    RowReader in(table, fields);
    ProfileRow row;
    row.line = fields.line;
    row.device = in.text("device");
    row.workload = in.text("workload");
    row.role = in.role();
    row.batch = in.knob("batch", 1'000'000);
    row.mode.cores = in.knob("cores", 1024);
    row.mode.cpu_khz = in.knob("cpu_khz", highest_khz);
    row.mode.gpu_khz = in.knob("gpu_khz", highest_khz);
    row.mode.emc_khz = in.knob("emc_khz", highest_khz);
    row.time_ms = in.measured("time_ms", 1e9);
    row.power_w = in.measured("power_w", 1e4);
    if (in.error()) return *in.error();
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

Result<std::vector<ProfileRow>> parse_profile_csv(const std::string& text, const std::string& name) {
  const auto table = CsvTable::parse(text, name);
  if (!table) return table.error();
  return rows_of(*table);
}

Result<std::vector<ProfileRow>> read_profile_csv(const std::string& path) {
  const auto table = CsvTable::read(path);
  if (!table) return table.error();
  return rows_of(*table);
}

}  // namespace wattline::traces
