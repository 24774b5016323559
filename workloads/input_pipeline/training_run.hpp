// One training job alone on a board: minibatches execute as soon as they are there and the one before has
// ended.
#pragma once

#include <cstdint>
#include <vector>

#include "workloads/input_pipeline/minibatch_supply.hpp"

namespace wattline::workloads {

struct EpochFigures {
  sim::TimeNs epoch_ns = 0;        // from the end of the epoch before to the end of its last minibatch
  sim::TimeNs gpu_busy_ns = 0;     // computing
  sim::TimeNs copy_ns = 0;         // from host to GPU, which then computes nothing
  sim::TimeNs fetch_stall_ns = 0;  // in which the GPU waits for a minibatch
  sim::TimeNs gpu_stall_ns = 0;    // in which the next minibatch was there and waited for the GPU
  std::int64_t minibatches = 0;
  EpochLoad load;
};

// The epochs of options.epochs, one after the other, from instant 0. Every minibatch computes for gpu_ns, a
// smaller last one too: our reading, which a table of measured minibatches shares. An error where
// check(options) has one, where gpu_ns is not 1 .. 1e15, where there are more than 1e9 minibatches in all, or
// where this takes more than 100 years. An epoch whose time is not the sum of its parts, or that did not load
// each sample once, would be a failure.
Result<std::vector<EpochFigures>> simulate_training(const InputPipelineOptions& options, sim::TimeNs gpu_ns,
                                                    std::uint64_t seed);

}  // namespace wattline::workloads
