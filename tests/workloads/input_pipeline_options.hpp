// Pipelines for tests, in round numbers.
#pragma once

#include "workloads/input_pipeline/input_pipeline.hpp"

namespace wattline::workloads {

// A sample takes 100 us from storage and `compute_us` on a core of 1 GHz; the copy of a minibatch of 10 takes
// 10 us. Minibatches of 10 samples, 1,000 an epoch, nothing cached.
inline InputPipelineOptions round_pipeline(std::int64_t workers, std::int64_t compute_us, double cores) {
  InputPipelineOptions options;
  options.samples = 10'000;
  options.batch = 10;
  options.bytes_per_sample = 100'000;
  options.decoded_bytes_per_sample = 1'000;
  options.copy_bytes_per_s = 1e9;
  options.cycles_per_sample = compute_us * 1000;
  options.storage = {"round", 1e9, 0};
  options.workers = workers;
  options.cpu = {cores, 1e9};
  options.epochs = 1;
  return options;
}

}  // namespace wattline::workloads
