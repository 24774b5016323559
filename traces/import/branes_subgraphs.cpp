#include "traces/import/branes_subgraphs.hpp"

#include <map>

#include "traces/import/board_modes.hpp"
#include "traces/import/records.hpp"

namespace wattline::traces {

namespace {

using devices::PowerMode;
using devices::ProfileRow;

const char* const board = "orin-agx-64gb";
const RowReader::Names preset_of_mode = {
    {"15W", "MODE_15W_JP6"}, {"30W", "MODE_30W_JP6"}, {"50W", "MODE_50W_JP6"}, {"MAXN", "MAXN_JP6"}};
const RowReader::Names stack_of_precision = {
    {"FP32", "pytorch-fp32"}, {"FP16", "pytorch-fp16"}, {"BF16", "pytorch-bf16"}};

ProfileRow row_of(RowReader& in, const std::map<std::string, PowerMode>& modes, const std::string& time) {
  ProfileRow row;
  row.device = board;
  row.workload = in.text("model") + '/' + std::to_string(in.integer("subgraph_id", 0, 1'000'000)) + '@' +
                 in.renamed("precision", stack_of_precision);
  row.batch = in.integer("batch", 1, 1'000'000);
  row.mode = modes.at(in.renamed("power_mode", preset_of_mode));
  row.flop = in.number("flops", between(0, 1e18));
  row.bytes = in.number("bytes", above(0, 1e18));
  const double mean_ms = in.number("lat_mean_ms", above(0, 1e7));
  const double least_ms = in.number("lat_min_ms", above(0, 1e7));
  const double deviation_ms = in.number("lat_std_ms", between(0, 1e7));
  if (least_ms > mean_ms) in.fail("lat_min_ms", "above lat_mean_ms");
  row.time_ms = time == "lat_mean_ms" ? mean_ms : least_ms;
  if (time == "lat_mean_ms") row.time_std_ms = deviation_ms;
  row.samples = in.integer("samples", 1, 1'000'000'000);
  row.source = "branes-ai/graphs, " + in.text("op_type") + " " + in.text("fusion_pattern");
  return row;
}

}  // namespace

Result<std::vector<ProfileRow>> parse_branes_subgraphs(const std::string& text, const std::string& name,
                                                       const ImportOptions& options) {
  const auto time = chosen_time(options.time, {"lat_mean_ms", "lat_min_ms"});
  if (!time) return time.error();
  std::map<std::string, PowerMode> modes;
  for (const auto& [mode, preset] : preset_of_mode) {
    const auto found = preset_mode(board, preset);
    if (!found) return found.error();
    modes[preset] = *found;
  }
  return records_of<ProfileRow>(
      text, name,
      {"power_mode", "precision", "model", "batch", "subgraph_id", "op_type", "fusion_pattern", "flops",
       "bytes", "lat_mean_ms", "lat_std_ms", "lat_min_ms", "samples"},
      [&](RowReader& in) { return row_of(in, modes, *time); });
}

}  // namespace wattline::traces
