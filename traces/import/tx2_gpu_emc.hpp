// Importer of thynics/jetson_dvfs (no licence: use, do not republish): TensorRT inference on a Jetson TX2,
// batch 1, over GPU and EMC clock. Two files are accepted:
//
// - the sweep (model,gpu_mhz,emc_mhz,fps,trtexec_latency_ms,p_gpu_mw,p_soc_mw,p_cpu_mw,p_ddr_mw,
//   p_vdd_in_mw,emc_util_pct,n_power_samples), whose power columns are empty;
// - vgg19 with power over the GPU clock (gpu_mhz_set,emc_mhz_seen,gpu_mhz_seen,fps,trtexec_latency_ms,
//   n_busy_samples,p_gpu_mw,p_soc_mw,p_cpu_mw,p_ddr_mw,p_vdd_in_mw,emc_util_pct,gpu_temp_c,n_idle_samples,
//   p_vdd_in_idle_mw): power is VDD_IN, all of the module.
//
// Workloads are "vgg19@tensorrt" and so on, whatever the network. time_ms is trtexec_latency_ms: 1000 / fps
// agrees with it within 0.3 %, which is how coarsely fps is rounded. CPU clock and cores are not stated; they
// are taken at the board's top (6 cores, 2,035,200 kHz) and TensorRT hardly uses them.
//
// The sweep has a second measurement of the 13 points at 1866 MHz, up to 25 % slower at high GPU clocks,
// which the power file contradicts (it agrees with the first within 2 %): its times are those of an EMC
// near 1331 MHz. So of a point that is there twice only the first is taken, unless keep_repeats is set.
#pragma once

#include <string>
#include <vector>

#include "devices/profile.hpp"
#include "sim/base/result.hpp"
#include "traces/import/options.hpp"

namespace wattline::traces {

Result<std::vector<devices::ProfileRow>> parse_tx2_gpu_emc(const std::string& text, const std::string& name,
                                                           const ImportOptions& options = {});

}  // namespace wattline::traces
