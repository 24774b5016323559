// Importer of emwjacobson/JetsonEfficiencyTesting's MobileNet on Triton (no licence: use, do not
// republish): AGX Xavier and Jetson Nano over GPU clock and batch, one request at a time, with the power
// of the whole board from a meter. 24 points were measured in both sweeps and stay twice; they differ by
// up to 4.6 % in time and 12 % in power.
//
// Columns: board,engine,swept_key,swept_value,batch,gpu_mhz,concurrency,inferences_per_s,client_send_us,
// network_us,server_queue_us,compute_input_us,compute_infer_us,compute_output_us,client_recv_us,p50_us,
// p90_us,p95_us,p99_us,n_power_samples,mean_wall_power_w.
//
// The workload is "mobilenet@triton-gpu" or "mobilenet@triton-dla". Only the GPU clock was set; the other
// knobs are taken at MAXN of the board. Options: time is
//   compute_infer_us (default)  the network itself
//   server_us                   queue + input + infer + output
//   p50_us                      median at the client
//   closed_loop                 batch / inferences_per_s
// The last two agree within 8 %, in the median within 0.03 %; power is a mean over the whole loop, of which
// compute_infer_us is 75 % (batch 1 at 1377 MHz) to 99.6 % (large batches), 95 % in the median.
#pragma once

#include <string>
#include <vector>

#include "devices/profile.hpp"
#include "sim/base/result.hpp"
#include "traces/import/options.hpp"

namespace wattline::traces {

Result<std::vector<devices::ProfileRow>> parse_triton_mobilenet(const std::string& text,
                                                                const std::string& name,
                                                                const ImportOptions& options = {});

}  // namespace wattline::traces
