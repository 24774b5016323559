#include "traces/import/pagoda.hpp"

#include "traces/import/records.hpp"

namespace wattline::traces {

namespace {

// Those that the catalogue calls otherwise.
const RowReader::Names workload_of_model = {{"mobnet", "mobilenet_v3_large"}, {"bert-large", "bert_large"}};

devices::ProfileRow row_of(RowReader& in) {
  devices::ProfileRow row;
  row.device = "orin-agx-64gb";
  row.workload = in.network("model");
  for (const auto& [theirs, ours] : workload_of_model)
    if (row.workload == theirs) row.workload = ours;
  row.batch = in.integer("batch", 1, 1'000'000);
  row.mode.cores = static_cast<std::int32_t>(in.integer("cores", 1, 12));
  row.mode.cpu_khz = in.clock_khz("cpu_khz", RowReader::Unit::khz);
  row.mode.gpu_khz = in.clock_khz("gpu_hz", RowReader::Unit::hz);
  row.mode.emc_khz = in.clock_khz("emc_hz", RowReader::Unit::hz);
  row.time_ms = in.number("time_ms", above(0, 1e7));
  row.power_w = in.number("power_w", above(0, 200));
  row.power_kind = devices::PowerKind::module_rails;
  row.flop = in.number("flops_per_minibatch", above(0, 1e18));
  row.bytes = in.number("mem_bytes_per_minibatch", above(0, 1e18));
  (void)in.number("param_bytes", above(0, 1e15));  // counted in mem_bytes_per_minibatch
  row.source = "dream-lab/pagoda, AGX Orin, MAXN";
  return row;
}

}  // namespace

Result<std::vector<devices::ProfileRow>> parse_pagoda(const std::string& text, const std::string& name,
                                                      const ImportOptions&) {
  return records_of<devices::ProfileRow>(
      text, name,
      {"model", "cores", "cpu_khz", "gpu_hz", "emc_hz", "batch", "time_ms", "power_w", "flops_per_minibatch",
       "mem_bytes_per_minibatch", "param_bytes"},
      row_of);
}

}  // namespace wattline::traces
