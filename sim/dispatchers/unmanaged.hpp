// What a board does when nobody manages it: every tenant starts its next minibatch as soon as it is ready and
// its last one has ended, whatever else executes, and the GPU sees to it that they share.
#pragma once

#include "sim/dispatchers/ordered.hpp"
#include "sim/residents/concurrent.hpp"
#include "sim/residents/time_sliced.hpp"

namespace wattline::sim {

// Native time-slicing: each tenant is a process of its own, and the GPU executes one process at a time, in
// turns (residents/time_sliced.hpp).
struct TimeSlicing {
  using Residents = TimeSliced;
  TimeSliceOptions options = {};
  Tenant choose(const BoardState& board) const { return first_ready<FirstInFirstOut>(board); }
};

// CUDA streams: tenants are threads of one process, and their kernels execute side by side
// (residents/concurrent.hpp).
struct CudaStreams {
  using Residents = Concurrent;
  ConcurrencyOptions options = {};
  Tenant choose(const BoardState& board) const { return first_ready<FirstInFirstOut>(board); }
};

}  // namespace wattline::sim
