// Importer of the Jetson results of MLPerf Inference, closed division, v0.7 to v2.0 (mlcommons'
// inference_results, Apache-2.0). Benchmark results, not profiles: TensorRT in INT8 or FP16 (and a few CPU
// runs of Krai and Dividiti) with batches of the submitter's choice; the clocks of MaxQ are not stated.
//
// Columns: round,submitter,system_name,framework,model,scenario,valid,samples_per_second,qps,
// samples_per_query,mean_latency_ms,p50_ms,p90_ms,p99_ms,avg_wall_power_W,energy_J,energy_per_query_mJ.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/result.hpp"

namespace wattline::traces {

enum class MlperfScenario { single_stream, multi_stream, offline };

struct MlperfRow {
  std::string round;  // "v1.1"
  std::string submitter;
  std::string system_name;
  std::string device;  // ours: agx-xavier, xavier-nx, orin-agx-64gb
  bool maxq = false;   // a power-efficient mode that is not stated; else MaxN
  std::string framework;
  std::string model;
  MlperfScenario scenario = MlperfScenario::single_stream;
  bool valid = false;
  std::optional<double> samples_per_second;  // offline only
  std::optional<double> queries_per_second;  // single stream only
  std::int64_t samples_per_query = 0;
  // Of a query; offline has one query of all samples, and these are then of samples waiting in it.
  double mean_latency_ms = 0;
  double p50_ms = 0;
  double p90_ms = 0;
  double p99_ms = 0;
  std::optional<double> mean_wall_power_w;  // AC
  std::optional<double> energy_j;
  std::optional<double> energy_per_query_mj;
  std::size_t line = 0;
};

Result<std::vector<MlperfRow>> parse_mlperf(const std::string& text, const std::string& name);
Result<std::vector<MlperfRow>> read_mlperf(const std::string& path);

}  // namespace wattline::traces
