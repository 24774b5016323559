// What feeds a training job: a data set on a storage medium, the page cache, loader workers, and the copy to
// the GPU. As PyTorch's DataLoader does it; what the study of training on Jetson boards varies (POMACS 2022,
// arXiv 2509.20160).
#pragma once

#include <cstdint>

#include "sim/base/result.hpp"
#include "sim/time.hpp"
#include "workloads/input_pipeline/storage_medium.hpp"

namespace wattline::workloads {

inline constexpr std::int64_t unlimited_epochs = INT64_MAX;

// What loading has of the CPU.
struct CpuShare {
  // Shared by the workers that compute: each goes at the rate of min(1, cores / workers that compute) of a
  // core. May be fractional; 0.01 .. 1024.
  double cores = 1;
  double cycles_per_s = 1e9;  // of one core; 1e6 .. 1e12
};

struct InputPipelineOptions {
  // The data set. Samples are of one size.
  std::int64_t samples = 1;                   // 1 .. 100 million
  std::int64_t bytes_per_sample = 1;          // as stored; 1 .. 1e12
  std::int64_t decoded_bytes_per_sample = 1;  // as copied to the GPU; 1 .. 1e12
  std::int64_t cycles_per_sample = 1;         // of the CPU, to prepare one (decode, augment); 1 .. 1e12

  StorageMedium storage;
  std::int64_t cache_bytes = 0;  // page cache that the data set may fill; >= 0

  std::int64_t batch = 16;  // samples in a minibatch; 1 .. 1e6. The default is the study's.
  bool drop_last = false;   // what is left at an epoch's end is no minibatch, instead of a smaller one

  // Processes that load minibatches: 0 .. 64. 0: the training process loads each itself, after the end of the
  // one before. The default is the study's.
  std::int64_t workers = 4;
  // Minibatches that each worker may be ahead, with the one that it loads: 1 .. 1024. Not used without
  // workers, where 0 is accepted too. The default is PyTorch's.
  std::int64_t prefetch = 2;
  CpuShare cpu;

  double copy_bytes_per_s = 1e10;          // from host to GPU; 1e3 .. 1e15
  std::int64_t epochs = unlimited_epochs;  // after which there are no more minibatches; >= 1
};

// What is wrong with them, if anything is: a number out of its range, a data set of more than 1e18 bytes, an
// epoch without a minibatch, a minibatch that takes more than 1e15 ns, 11 days, to read, to prepare on one
// core, or to copy.
MaybeError check(const InputPipelineOptions& options);
MaybeError check(const CpuShare& cpu);

// Of an epoch. Preconditions of these: check passes.
std::int64_t minibatches_an_epoch(const InputPipelineOptions& options);
std::int64_t samples_an_epoch(const InputPipelineOptions& options);

// Samples of the data set that the cache holds; pages are not rounded up.
std::int64_t cached_samples(const InputPipelineOptions& options);

// From host to GPU, of a minibatch of that many samples: to the nearest nanosecond, and at least 1. The GPU
// computes nothing meanwhile: `.to(device)` is issued on the stream that computes.
sim::TimeNs copy_ns(const InputPipelineOptions& options, std::int64_t samples);

}  // namespace wattline::workloads
