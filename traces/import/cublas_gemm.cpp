#include "traces/import/cublas_gemm.hpp"

#include <fmt/format.h>

#include <map>

#include "traces/import/board_modes.hpp"
#include "traces/import/records.hpp"

namespace wattline::traces {

namespace {

using devices::PowerMode;
using devices::ProfileRow;

const RowReader::Names device_of_board = {{"AGX", "agx-xavier"}, {"Nano", "jetson-nano"}};
const RowReader::Names precision_of_dtype = {{"float", "fp32"}, {"half", "fp16"}, {"double", "fp64"}};
const RowReader::Names stack_of_mode = {{"tensor", "cublas"}, {"nontensor", "cublas-nontensor"}};

double bytes_per_value(const std::string& precision) {
  return precision == "fp64" ? 8 : precision == "fp32" ? 4 : 2;
}

ProfileRow row_of(RowReader& in, const std::map<std::string, PowerMode>& top) {
  ProfileRow row;
  row.device = in.renamed("board", device_of_board);
  const auto n = in.integer("n", 1, 1'000'000);
  const std::string precision = in.renamed("dtype", precision_of_dtype);
  row.workload = fmt::format("gemm-{}@{}-{}", n, in.renamed("cublas_mode", stack_of_mode), precision);
  row.batch = 1;
  row.mode = top.at(row.device);
  row.mode.gpu_khz = in.clock_khz("gpu_mhz", RowReader::Unit::mhz);
  const double side = static_cast<double>(n);
  row.flop = 2 * side * side * side;
  row.bytes = 3 * bytes_per_value(precision) * side * side;
  row.time_ms = *row.flop / in.number("flops_per_s", above(0, 1e16)) * 1000;
  row.samples = in.integer("iterations", 1, 1'000'000'000'000);
  (void)in.number("seconds", above(0, 1e7));
  row.power_w = in.number("mean_wall_power_w", above(0, 1000));
  if (in.number("max_wall_power_w", above(0, 1000)) < *row.power_w)
    in.fail("max_wall_power_w", "below mean_wall_power_w");
  row.power_kind = devices::PowerKind::board_meter;
  (void)in.integer("n_power_samples", 1, 1'000'000'000);
  row.source = "emwjacobson/JetsonEfficiencyTesting, cuBLAS";
  return row;
}

}  // namespace

Result<std::vector<ProfileRow>> parse_cublas_gemm(const std::string& text, const std::string& name,
                                                  const ImportOptions&) {
  std::map<std::string, PowerMode> top;
  for (const auto& [board, device] : device_of_board) {
    const auto mode = preset_mode(device, "MAXN");
    if (!mode) return mode.error();
    top[device] = *mode;
  }
  return records_of<ProfileRow>(text, name,
                                {"board", "dtype", "n", "cublas_mode", "gpu_mhz", "flops_per_s", "iterations",
                                 "seconds", "n_power_samples", "mean_wall_power_w", "max_wall_power_w"},
                                [&](RowReader& in) { return row_of(in, top); });
}

}  // namespace wattline::traces
