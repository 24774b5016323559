// Importers of lab-paper-code/load-reactive-edge-inference (CC BY 4.0): CNN inference over HTTP (ONNX
// Runtime with TensorRT, batch 1) under Poisson arrivals, power from an AC meter at the wall. These are
// request latencies under load, not profiles; the closed-loop profiles are in single_stream.hpp.
//
// Boards become ours: orin-nano is "orin-nano-8gb-super" (it has MAXN_SUPER), orin-agx "orin-agx-64gb".
// An empty value is nothing. Latency includes HTTP and the client.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "devices/device_spec.hpp"
#include "devices/power_mode.hpp"
#include "sim/base/result.hpp"

namespace wattline::traces {

// observed_clocks.csv: device,dvfs_mode,label,nvpmodel,cpu_max_khz,gpu_max_hz,cpu_cur_khz,gpu_cur_hz
struct ObservedClocks {
  std::string device;          // ours
  std::int64_t dvfs_mode = 0;  // nvpmodel's number on that board
  std::string label;           // "MODE_30W"
  std::int32_t cpu_khz = 0;    // cap
  std::int32_t gpu_khz = 0;    // cap
  std::int32_t cpu_seen_khz = 0;
  std::int32_t gpu_seen_khz = 0;
  std::size_t line = 0;
};

struct Latencies {
  std::optional<double> mean_ms;
  std::optional<double> p50_ms;
  std::optional<double> p95_ms;
  std::optional<double> p99_ms;
  std::optional<double> std_ms;
};

// load_sweep.csv: device,model,dvfs_mode,mode_label,load_frac,run_idx,target_rps,achieved_rps,n_requests,
// errors,duration_s,mean_ms,p50_ms,p95_ms,p99_ms,std_ms,warm_idle_median_w,serving_median_w,serving_avg_w,
// n_power_samples
struct LoadRow {
  std::string device;    // ours
  std::string workload;  // "mobilenet-v2-050@onnxruntime-tensorrt"
  std::int64_t dvfs_mode = 0;
  std::string mode_label;
  double load_fraction = 0;  // of the measured capacity
  std::int64_t run = 0;      // repetition, from 0
  double target_rate_hz = 0;
  std::optional<double> achieved_rate_hz;
  std::int64_t requests = 0;
  std::int64_t errors = 0;
  double duration_s = 0;
  Latencies latency;
  std::optional<double> idle_power_w;  // median, warm, before serving
  std::optional<double> median_power_w;
  std::optional<double> mean_power_w;
  std::optional<std::int64_t> power_samples;
  std::size_t line = 0;
};

// capacity_search.csv: device,model,dvfs_mode,nvpmodel,cpu_max_khz,gpu_max_hz,rate_rps,achieved_rps,
// n_requests,errors,mean_ms,p50_ms,p95_ms,p99_ms,std_ms,capacity_ips. One row a trial of the search.
struct CapacityRow {
  std::string device;
  std::string workload;
  std::int64_t dvfs_mode = 0;
  std::string mode_label;
  std::int32_t cpu_khz = 0;
  std::int32_t gpu_khz = 0;
  double rate_hz = 0;
  std::optional<double> achieved_rate_hz;
  std::int64_t requests = 0;
  std::int64_t errors = 0;
  Latencies latency;                  // nothing where every request failed (the file says 1,000,000 ms)
  std::optional<double> capacity_hz;  // what the search found; nothing where it found none (0 in the file)
  std::size_t line = 0;
};

Result<std::vector<ObservedClocks>> parse_observed_clocks(const std::string& text, const std::string& name);
Result<std::vector<ObservedClocks>> read_observed_clocks(const std::string& path);
Result<std::vector<LoadRow>> parse_load_sweep(const std::string& text, const std::string& name);
Result<std::vector<LoadRow>> read_load_sweep(const std::string& path);
Result<std::vector<CapacityRow>> parse_capacity_search(const std::string& text, const std::string& name);
Result<std::vector<CapacityRow>> read_capacity_search(const std::string& path);

// The row of (device, dvfs_mode), or nullptr; borrowed from `rows`.
const ObservedClocks* find_clocks(const std::vector<ObservedClocks>& rows, const std::string& device,
                                  std::int64_t dvfs_mode);

// The mode that a row of observed clocks was: CPU and GPU clock as observed, the other knobs and the
// active SMs of the preset of that label; of two firmwares' presets the one with the observed GPU clock.
// An error where the board has no such preset.
Result<devices::PowerMode> observed_mode(const devices::DeviceSpec& board, const ObservedClocks& clocks);

}  // namespace wattline::traces
