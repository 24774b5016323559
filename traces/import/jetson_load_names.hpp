// What the four files of jetson_load.hpp and single_stream.hpp call boards and networks.
#pragma once

#include <string>

#include "traces/row_reader.hpp"

namespace wattline::traces {

// The board by our name.
std::string load_device(RowReader& in);
// "mobilenet-v2-050@onnxruntime-tensorrt".
std::string load_workload(RowReader& in);

}  // namespace wattline::traces
