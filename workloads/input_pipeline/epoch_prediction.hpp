// The time of an epoch from a few profiles: the predictor of the study of training on Jetson boards (POMACS
// 2022, arXiv 2509.20160), as we read it. Per minibatch, once the pipeline is full,
//   t = max((fetch + pre-processing) / effective workers, copy + GPU),
// and without workers their sum. That the copy counts with the GPU's computation, and that the effective
// workers are min(workers, cores), is our reading.
//
// It is near the simulation where the CPU or the GPU is the bottleneck and an epoch has many minibatches. It
// is not, by what tests/workloads/input_pipeline_prediction_test.cpp shows, where
// - storage is the bottleneck: the medium serves one request at a time, so that workers do not divide fetch;
// - there are more workers than cores: those that wait for storage need no core;
// - an epoch has few minibatches: each begins with the latency of its first.
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

// Preconditions: profile >= 0, minibatches >= 0, 0 <= workers, cores > 0.
double predicted_epoch_ns(const MinibatchProfile& profile, std::int64_t minibatches, std::int64_t workers,
                          double cores);

}  // namespace wattline::workloads
