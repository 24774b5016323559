// Importer of softsys4ai/FlexiBO's measurements (MIT): TensorFlow inference of Inception-v3 and other
// networks on a Jetson TX2, batch 1, several image sizes, over cores, CPU, GPU and EMC clock. Time only.
//
// Columns: model,image_size,cores,cpu_khz,gpu_hz,emc_hz,inference_time_s. A workload is
// "inceptionv3-200x200@tensorflow". With Inception-v3 the number of cores makes no difference in the median
// (1 core against 4: 0.999), though single points differ by a factor of up to 2.3. The GPU clocks (140.25 to
// 1300.5 MHz) are of an older firmware than those of tx2_gpu_emc.hpp.
#pragma once

#include <string>
#include <vector>

#include "devices/profile.hpp"
#include "sim/base/result.hpp"
#include "traces/import/options.hpp"

namespace wattline::traces {

Result<std::vector<devices::ProfileRow>> parse_tx2_cpu_gpu_emc(const std::string& text,
                                                               const std::string& name,
                                                               const ImportOptions& options = {});

}  // namespace wattline::traces
