#include "traces/import/triton_mobilenet.hpp"

#include <fmt/format.h>

#include <cmath>
#include <map>

#include "traces/import/board_modes.hpp"
#include "traces/import/records.hpp"

namespace wattline::traces {

namespace {

using devices::PowerMode;
using devices::ProfileRow;

const RowReader::Names device_of_board = {{"agx", "agx-xavier"}, {"nano", "jetson-nano"}};
const RowReader::Names stack_of_engine = {{"gpu", "triton-gpu"}, {"dla", "triton-dla"}};
const RowReader::Names swept_knobs = {{"Batch Size", "batch sweep"}, {"Frequency", "clock sweep"}};
const std::vector<std::string> columns = {"board",
                                          "engine",
                                          "swept_key",
                                          "swept_value",
                                          "batch",
                                          "gpu_mhz",
                                          "concurrency",
                                          "inferences_per_s",
                                          "client_send_us",
                                          "network_us",
                                          "server_queue_us",
                                          "compute_input_us",
                                          "compute_infer_us",
                                          "compute_output_us",
                                          "client_recv_us",
                                          "p50_us",
                                          "p90_us",
                                          "p95_us",
                                          "p99_us",
                                          "n_power_samples",
                                          "mean_wall_power_w"};

// Every time is read, whichever is taken, so that a bad one is found.
double time_ms_of(RowReader& in, const std::string& choice, double batch) {
  std::map<std::string, double> us;
  for (const char* part : {"client_send_us", "network_us", "server_queue_us", "compute_input_us",
                           "compute_output_us", "client_recv_us"})
    us[part] = in.number(part, between(0, 1e10));
  for (const char* whole : {"compute_infer_us", "p50_us", "p90_us", "p95_us", "p99_us"})
    us[whole] = in.number(whole, above(0, 1e10));
  const double rate = in.number("inferences_per_s", above(0, 1e7));
  if (choice == "closed_loop") return batch / rate * 1000;
  if (choice != "server_us") return us[choice] / 1000;
  return (us["server_queue_us"] + us["compute_input_us"] + us["compute_infer_us"] + us["compute_output_us"]) /
         1000;
}

// The sweep's own column repeats the knob that it set; where they differ one of the two is wrong.
void check_swept(RowReader& in, const ProfileRow& row, const std::string& sweep) {
  const double swept = in.number("swept_value", above(0, 1e10));
  const double expected = sweep == "batch sweep" ? static_cast<double>(row.batch) : 1000.0 * row.mode.gpu_khz;
  if (!in.error() && std::abs(swept - expected) > 0.5)
    in.fail("swept_value", fmt::format("differs from the row's own {:.0f}", expected));
}

ProfileRow row_of(RowReader& in, const std::map<std::string, PowerMode>& top, const std::string& time) {
  ProfileRow row;
  row.device = in.renamed("board", device_of_board);
  row.workload = "mobilenet@" + in.renamed("engine", stack_of_engine);
  row.batch = in.integer("batch", 1, 1'000'000);
  row.mode = top.at(row.device);
  row.mode.gpu_khz = in.clock_khz("gpu_mhz", RowReader::Unit::mhz);
  (void)in.integer("concurrency", 1, 1);  // with more, no time here is that of one minibatch
  row.time_ms = time_ms_of(in, time, static_cast<double>(row.batch));
  row.power_w = in.number("mean_wall_power_w", above(0, 1000));
  row.power_kind = devices::PowerKind::board_meter;
  (void)in.integer("n_power_samples", 1, 1'000'000'000);
  const std::string sweep = in.renamed("swept_key", swept_knobs);
  check_swept(in, row, sweep);
  row.source = "emwjacobson/JetsonEfficiencyTesting, Triton, " + sweep;
  return row;
}

}  // namespace

Result<std::vector<ProfileRow>> parse_triton_mobilenet(const std::string& text, const std::string& name,
                                                       const ImportOptions& options) {
  const auto time = chosen_time(options.time, {"compute_infer_us", "server_us", "p50_us", "closed_loop"});
  if (!time) return time.error();
  std::map<std::string, PowerMode> top;
  for (const auto& [board, device] : device_of_board) {
    const auto mode = preset_mode(device, "MAXN");
    if (!mode) return mode.error();
    top[device] = *mode;
  }
  return records_of<ProfileRow>(text, name, columns, [&](RowReader& in) { return row_of(in, top, *time); });
}

}  // namespace wattline::traces
