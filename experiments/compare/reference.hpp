// The reference workload that PowerTrain starts from, as profiles of a board's cost model.
#pragma once

#include "policies/neural_columns.hpp"
#include "sim/base/strict_json.hpp"

namespace wattline::experiments {

// Reads the key "reference": {"device", "mode_space", "workload", "batch"}, by default the paper's: training
// of ResNet-18 at batch 16 over the 4,368 modes of AGX Orin that its authors profiled. After an error, which
// `in` then holds, empty.
policies::Reference read_reference(ObjectReader& in);

}  // namespace wattline::experiments
