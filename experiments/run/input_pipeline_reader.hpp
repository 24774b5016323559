// Reads a training job's "input_pipeline" (docs/formats.md).
#pragma once

#include "experiments/board.hpp"
#include "workloads/input_pipeline/input_pipeline.hpp"

namespace wattline::experiments {

// Of a job of `workload` in minibatches of `batch`. How much of the CPU it has is the power mode's. After an
// error, which `in` then holds, the options may not pass workloads::check().
workloads::InputPipelineOptions read_input_pipeline(ObjectReader in, const Board& board,
                                                    const std::string& workload, std::int64_t batch);

}  // namespace wattline::experiments
