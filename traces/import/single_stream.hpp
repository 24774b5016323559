// Importer of the closed-loop profiles of lab-paper-code/load-reactive-edge-inference (CC BY 4.0,
// single_stream.csv): batch 1, one request after the other for 45 s, without HTTP, power at the wall.
//
// Columns: device,model,batch_size,dvfs_mode,n_infer,duration_s,ep,p_wall_avg_w,energy_per_inf_j,
// watts_idle,watts_active,latency_ms_mean,latency_ms_p50,latency_ms_p95,latency_ms_p99,latency_ms_std,
// throughput_ips,temp_cpu_before_c,temp_cpu_after_c,temp_gpu_before_c,temp_gpu_after_c.
//
// The mode is that of the observed clocks (jetson_load.hpp) of the same board and dvfs_mode. The mean
// latency is 1000 / throughput_ips within 0.3 %, so power and time are of the same loop.
// Options: observed_clocks is the path of their file; time is latency_ms_mean (default) or latency_ms_p50.
#pragma once

#include <string>
#include <vector>

#include "devices/profile.hpp"
#include "sim/base/result.hpp"
#include "traces/import/jetson_load.hpp"
#include "traces/import/options.hpp"

namespace wattline::traces {

Result<std::vector<devices::ProfileRow>> parse_single_stream(const std::string& text, const std::string& name,
                                                             const std::vector<ObservedClocks>& clocks,
                                                             const ImportOptions& options = {});
// The same with the clocks of the file that the options name, or of the one beside `path`.
Result<std::vector<devices::ProfileRow>> import_single_stream(const std::string& text,
                                                              const std::string& path,
                                                              const ImportOptions& options);

}  // namespace wattline::traces
