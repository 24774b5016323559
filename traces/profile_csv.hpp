// Profile CSV: device,workload,role,batch,cores,cpu_khz,gpu_khz,emc_khz,time_ms,power_w and optional
// time_std_ms,power_std_w,samples,source. An empty measured value means "not measured".
#pragma once

#include <string>
#include <vector>

#include "devices/table.hpp"
#include "sim/base/result.hpp"

namespace wattline::traces {

Result<std::vector<devices::ProfileRow>> read_profile_csv(const std::string& path);
Result<std::vector<devices::ProfileRow>> parse_profile_csv(const std::string& text, const std::string& name);

}  // namespace wattline::traces
