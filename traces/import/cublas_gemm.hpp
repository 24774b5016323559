// Importer of emwjacobson/JetsonEfficiencyTesting's square cuBLAS GEMM (no licence: use, do not
// republish): AGX Xavier and Jetson Nano, n = 64 to 2048 over the GPU clock, with the power of the whole
// board from a meter.
//
// Columns: board,dtype,n,cublas_mode,gpu_mhz,flops_per_s,iterations,seconds,n_power_samples,
// mean_wall_power_w,max_wall_power_w.
//
// A row is one multiplication, batch 1, of workload "gemm-2048@cublas-fp32": 2 n^3 FLOP in
// 2 n^3 / flops_per_s, and 3 matrices of n^2 values. (seconds / iterations is the same within 1 %.) dtype is
// float, half or double, cublas_mode "tensor" or "nontensor": of the latter the stack is
// "cublas-nontensor-fp16". With float and "tensor", at n = 2048, AGX Xavier reaches 1.96 FLOP a CUDA core and
// clock, so the tensor cores took no part. No board's spec has a peak for FP64; its work counts at FP32's,
// and the fitted efficiency says how much slower it is. Only the GPU clock was set; the other knobs are taken
// at MAXN.
#pragma once

#include <string>
#include <vector>

#include "devices/profile.hpp"
#include "sim/base/result.hpp"
#include "traces/import/options.hpp"

namespace wattline::traces {

Result<std::vector<devices::ProfileRow>> parse_cublas_gemm(const std::string& text, const std::string& name,
                                                           const ImportOptions& options = {});

}  // namespace wattline::traces
