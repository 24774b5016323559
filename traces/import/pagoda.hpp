// Importer of dream-lab/pagoda's inference measurements (Apache-2.0): AGX Orin 64GB in MAXN, PyTorch FP32,
// with the authors' analytic FLOP and bytes of a minibatch. Power is the sum of module rails.
//
// Columns: model,cores,cpu_khz,gpu_hz,emc_hz,batch,time_ms,power_w,flops_per_minibatch,
// mem_bytes_per_minibatch,param_bytes. The models become those of our catalogue ("mobnet" is
// mobilenet_v3_large). All SMs are active.
#pragma once

#include <string>
#include <vector>

#include "devices/profile.hpp"
#include "sim/base/result.hpp"
#include "traces/import/options.hpp"

namespace wattline::traces {

Result<std::vector<devices::ProfileRow>> parse_pagoda(const std::string& text, const std::string& name,
                                                      const ImportOptions& options = {});

}  // namespace wattline::traces
