// The order in which epochs read the samples, and how many of each minibatch come from storage.
//
// A new random order each epoch: Fisher and Yates' shuffle of the one before (the first: of 0, 1, 2, ...),
// from the front: each place i that is read is exchanged with place i + below(samples - i). Samples are
// looked up in the page cache in that order, whichever worker comes first. Our reading: workers are at most
// workers x prefetch minibatches ahead of each other, and a sample is read once an epoch.
//
// Where the cache holds nothing, or the whole of a data set of which every epoch reads all, who is hit is
// known without an order, and none is kept; otherwise 12 bytes a sample. Not thread-safe.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/random.hpp"
#include "workloads/input_pipeline/page_cache.hpp"

namespace wattline::workloads {

class SampleOrder {
 public:
  // `read_an_epoch` of the samples are read, the others are not: 1 .. samples.
  SampleOrder(std::uint32_t samples, std::uint32_t read_an_epoch, std::uint32_t cached, std::uint64_t seed);

  // How many of the next `count` samples of this epoch come from storage. Precondition: the epoch has them.
  std::uint32_t read(std::uint32_t count);

  void begin_next_epoch() {
    place_ = 0;
    first_epoch_ = false;
  }

 private:
  bool keeps_order_;
  bool all_cached_;
  bool first_epoch_ = true;
  std::uint32_t place_ = 0;
  std::vector<std::uint32_t> order_;
  PageCache cache_;
  sim::RandomStream draws_;
};

}  // namespace wattline::workloads
