#include "traces/import/tx2_gpu_emc.hpp"

#include <fmt/format.h>

#include <cmath>
#include <set>
#include <tuple>

#include "traces/import/records.hpp"

namespace wattline::traces {

namespace {

using devices::ProfileRow;

const std::vector<std::string> sweep_columns = {
    "model",    "gpu_mhz",  "emc_mhz",  "fps",         "trtexec_latency_ms", "p_gpu_mw",
    "p_soc_mw", "p_cpu_mw", "p_ddr_mw", "p_vdd_in_mw", "emc_util_pct",       "n_power_samples"};
const std::vector<std::string> power_columns = {
    "gpu_mhz_set", "emc_mhz_seen",   "gpu_mhz_seen",    "fps",      "trtexec_latency_ms", "n_busy_samples",
    "p_gpu_mw",    "p_soc_mw",       "p_cpu_mw",        "p_ddr_mw", "p_vdd_in_mw",        "emc_util_pct",
    "gpu_temp_c",  "n_idle_samples", "p_vdd_in_idle_mw"};

// What both files say of a point.
ProfileRow common_of(RowReader& in) {
  ProfileRow row;
  row.device = "jetson-tx2";
  row.batch = 1;
  row.mode.cores = 6;  // not stated: the board's top
  row.mode.cpu_khz = 2'035'200;
  row.time_ms = in.number("trtexec_latency_ms", above(0, 1e7));
  const double fps = in.number("fps", above(0, 1e6));
  // fps has two decimals; a larger difference is a row of two runs.
  if (!in.error() && std::abs(fps - 1000 / *row.time_ms) > 0.005 + 0.01 * fps)
    in.fail("fps", fmt::format("{} does not agree with a latency of {} ms", fps, *row.time_ms));
  for (const char* rail : {"p_gpu_mw", "p_soc_mw", "p_cpu_mw", "p_ddr_mw"})
    (void)in.optional_number(rail, between(0, 1e5));
  if (const auto power_mw = in.optional_number("p_vdd_in_mw", above(0, 1e5))) {
    row.power_w = *power_mw / 1000;
    row.power_kind = devices::PowerKind::module_rails;
  }
  return row;
}

ProfileRow sweep_row_of(RowReader& in) {
  ProfileRow row = common_of(in);
  row.workload = in.network("model") + "@tensorrt";
  row.mode.gpu_khz = in.clock_khz("gpu_mhz", RowReader::Unit::mhz);
  row.mode.emc_khz = in.clock_khz("emc_mhz", RowReader::Unit::mhz);
  row.source = "thynics/jetson_dvfs, sweep; CPU clock and cores not stated";
  return row;
}

ProfileRow power_row_of(RowReader& in) {
  ProfileRow row = common_of(in);
  row.workload = "vgg19@tensorrt";
  row.mode.gpu_khz = in.clock_khz("gpu_mhz_set", RowReader::Unit::mhz);
  row.mode.emc_khz = in.clock_khz("emc_mhz_seen", RowReader::Unit::mhz);
  const auto seen_khz = in.clock_khz("gpu_mhz_seen", RowReader::Unit::mhz);
  if (!in.error() && std::abs(seen_khz - row.mode.gpu_khz) > 1000)
    in.fail("gpu_mhz_seen", "differs from gpu_mhz_set by more than 1 MHz");
  (void)in.integer("n_busy_samples", 1, 1'000'000'000);
  row.source = "thynics/jetson_dvfs, power over GPU clock; CPU clock and cores not stated";
  return row;
}

std::vector<ProfileRow> without_repeats(const std::vector<ProfileRow>& rows) {
  std::set<std::tuple<std::string, devices::PowerMode>> seen;
  std::vector<ProfileRow> kept;
  for (const ProfileRow& row : rows) {
    if (seen.emplace(row.workload, row.mode).second) kept.push_back(row);
  }
  return kept;
}

}  // namespace

Result<std::vector<ProfileRow>> parse_tx2_gpu_emc(const std::string& text, const std::string& name,
                                                  const ImportOptions& options) {
  const auto table = CsvTable::parse(text, name);
  if (!table) return table.error();
  const bool with_power = table->column("gpu_mhz_set").has_value();
  const auto rows = with_power ? records_of<ProfileRow>(*table, power_columns, power_row_of)
                               : records_of<ProfileRow>(*table, sweep_columns, sweep_row_of);
  if (!rows || options.keep_repeats) return rows;
  return without_repeats(*rows);
}

}  // namespace wattline::traces
