// The time and the energy of an epoch from a few profiles: the predictor of the study of training on Jetson
// boards (POMACS 2022, arXiv 2509.20160), as we read it. Per minibatch, once the pipeline is full,
//   t = max((fetch + pre-processing) / effective workers, copy + GPU),
// and without workers their sum. That the copy counts with the GPU's computation, and that the effective
// workers are min(workers, cores), is our reading. The board draws in it
//   E = GPU P_GPU + (t - GPU) P_idle + pre-processing P_core.
// That the study predicts energy is known to us, not how: all of this formula is our reading. Computing and
// loading are counted as the simulation counts them, so that the error of the energy is that of the time, all
// of it at P_idle.
//
// It is near the simulation where the CPU or the GPU is the bottleneck and an epoch has many minibatches. It
// is not, by what tests/workloads/epoch_prediction_test.cpp shows, where
// - storage is the bottleneck: the medium serves one request at a time, so that workers do not divide fetch;
// - there are more workers than cores: those that wait for storage need no core;
// - an epoch has few minibatches: each begins with the latency of its first, and a smaller last one counts as
// a
//   whole one.
// What others on the board do to training, throttling and changes of the power mode are not in it.
#pragma once

#include "workloads/input_pipeline/input_pipeline.hpp"

namespace wattline::workloads {

// Of a minibatch; what loads it is alone on the board.
struct MinibatchProfile {
  sim::TimeNs fetch_ns = 0;       // from storage
  sim::TimeNs preprocess_ns = 0;  // on one core
  sim::TimeNs copy_ns = 0;        // from host to GPU
  sim::TimeNs gpu_ns = 0;
};

// What is to be expected of a full minibatch in the first epoch, or in a later one (page_cache.hpp).
// Precondition: check(options) passes.
enum class WhichEpoch { first, later };
MinibatchProfile expected_profile(const InputPipelineOptions& options, sim::TimeNs gpu_ns, WhichEpoch which);

// Of the whole board, over all of its rails; each >= 0.
struct PowerProfile {
  double gpu_w = 0;   // while the GPU computes a minibatch and nothing loads
  double idle_w = 0;  // while it computes none and nothing loads
  double core_w = 0;  // besides, of each core that pre-processes
};

struct EpochPrediction {
  double time_ns = 0;
  double energy_j = 0;
};

// Of an epoch of so many minibatches. Preconditions: profiles >= 0, minibatches >= 0, 0 <= workers, cores >
// 0.
EpochPrediction predicted_epoch(const MinibatchProfile& profile, const PowerProfile& power,
                                std::int64_t minibatches, std::int64_t workers, double cores);

}  // namespace wattline::workloads
