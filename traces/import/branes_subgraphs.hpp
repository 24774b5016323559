// Importer of branes-ai/graphs' sub-graph latencies (MIT): fused sub-graphs of seven CNNs, each timed
// alone in PyTorch on AGX Orin 64GB with JetPack 6, in four nvpmodel modes. No power was measured.
//
// Columns: power_mode,precision,model,batch,subgraph_id,op_type,fusion_pattern,flops,bytes,lat_mean_ms,
// lat_std_ms,lat_min_ms,samples.
//
// A sub-graph is a workload "resnet50/3@pytorch-fp16". flops and bytes are of the whole minibatch: FLOP
// grow with the batch exactly, bytes by a little less, for the weights count once. About one sub-graph in
// nine (op_type unfused: reshaping, additions) has bytes and no FLOP. The modes are our presets of
// JetPack 6 with their gated SMs; the clocks were not pinned, so a mode is a cap. The times are of
// launches of one sub-graph, bound by the CPU at batch 1, and their sum overstates a whole network: use
// batches of 4 and more. In 5 % of the rows the mean is more than 1.8 times the least, in the worst 288
// times: those times hold a pause of something else.
//
// Options: time is lat_mean_ms (default) or lat_min_ms, which a rising clock disturbs less; with the
// latter the spread, which is about the mean, is left out.
#pragma once

#include <string>
#include <vector>

#include "devices/profile.hpp"
#include "sim/base/result.hpp"
#include "traces/import/options.hpp"

namespace wattline::traces {

Result<std::vector<devices::ProfileRow>> parse_branes_subgraphs(const std::string& text,
                                                                const std::string& name,
                                                                const ImportOptions& options = {});

}  // namespace wattline::traces
