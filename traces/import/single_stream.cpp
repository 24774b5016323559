#include "traces/import/single_stream.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <utility>

#include "traces/import/jetson_load_names.hpp"
#include "traces/import/records.hpp"

namespace wattline::traces {

namespace {

using devices::PowerMode;
using devices::ProfileRow;

const std::vector<std::string> columns = {"device",
                                          "model",
                                          "batch_size",
                                          "dvfs_mode",
                                          "n_infer",
                                          "duration_s",
                                          "ep",
                                          "p_wall_avg_w",
                                          "energy_per_inf_j",
                                          "watts_idle",
                                          "watts_active",
                                          "latency_ms_mean",
                                          "latency_ms_p50",
                                          "latency_ms_p95",
                                          "latency_ms_p99",
                                          "latency_ms_std",
                                          "throughput_ips",
                                          "temp_cpu_before_c",
                                          "temp_cpu_after_c",
                                          "temp_gpu_before_c",
                                          "temp_gpu_after_c"};
const RowReader::Names providers = {{"TensorrtExecutionProvider", "TensorRT"}};

using Modes = std::map<std::pair<std::string, std::int64_t>, PowerMode>;

// Each board's file is read once, not once a row.
Result<Modes> modes_of(const std::vector<ObservedClocks>& clocks) {
  std::map<std::string, devices::DeviceSpec> boards;
  Modes modes;
  for (const ObservedClocks& row : clocks) {
    if (!boards.contains(row.device)) {
      auto board = devices::find_device(row.device);
      if (!board) return board.error();
      boards.emplace(row.device, *std::move(board));
    }
    const auto mode = observed_mode(boards.at(row.device), row);
    if (!mode) return mode.error();
    modes[{row.device, row.dvfs_mode}] = *mode;
  }
  return modes;
}

ProfileRow row_of(RowReader& in, const Modes& modes, const std::string& time) {
  ProfileRow row;
  row.device = load_device(in);
  row.workload = load_workload(in);
  row.batch = in.integer("batch_size", 1, 1'000'000);
  const auto dvfs_mode = in.integer("dvfs_mode", 0, 100);
  const auto mode = modes.find({row.device, dvfs_mode});
  if (mode != modes.end())
    row.mode = mode->second;
  else
    in.fail("dvfs_mode",
            fmt::format("mode {} of {} is not among the observed clocks", dvfs_mode, row.device));
  (void)in.renamed("ep", providers);
  row.time_ms = in.number(time, above(0, 1e7));
  row.time_std_ms = in.number("latency_ms_std", between(0, 1e7));
  row.samples = in.integer("n_infer", 1, 1'000'000'000);
  row.power_w = in.number("p_wall_avg_w", above(0, 1000));
  row.power_kind = devices::PowerKind::wall;
  row.source = "lab-paper-code/load-reactive-edge-inference, single stream";
  return row;
}

}  // namespace

Result<std::vector<ProfileRow>> parse_single_stream(const std::string& text, const std::string& name,
                                                    const std::vector<ObservedClocks>& clocks,
                                                    const ImportOptions& options) {
  const auto time = chosen_time(options.time, {"latency_ms_mean", "latency_ms_p50"});
  if (!time) return time.error();
  const auto modes = modes_of(clocks);
  if (!modes) return modes.error();
  return records_of<ProfileRow>(text, name, columns,
                                [&](RowReader& in) { return row_of(in, *modes, *time); });
}

Result<std::vector<ProfileRow>> import_single_stream(const std::string& text, const std::string& path,
                                                     const ImportOptions& options) {
  const auto beside = std::filesystem::path(path).parent_path() / "observed_clocks.csv";
  const auto clocks =
      read_observed_clocks(options.observed_clocks.empty() ? beside.string() : options.observed_clocks);
  if (!clocks) return clocks.error();
  return parse_single_stream(text, path, *clocks, options);
}

}  // namespace wattline::traces
