// Managed interleaving (Fulcrum, arXiv 2509.20205): one workload at a time, at minibatch
// granularity. Requests are gathered into minibatches; training minibatches run in between, and
// only when the next inference minibatch is not expected to be due before they end.
//
// Pure functions on value types.
#pragma once

#include <cstdint>

#include "sim/time.hpp"

namespace wattline::sim {

struct ManagedInterleaving {
  // Requests in an inference minibatch; 0: this device serves no requests. Range 0 .. 1,000,000.
  std::int64_t infer_batch = 0;
  // Whether training minibatches run in the gaps, and how long one is expected to take.
  bool trains = false;
  TimeNs train_time_ns = 0;
  // The rate at which requests are expected, for judging whether a training minibatch fits before
  // the batch is full: (infer_batch - waiting) / rate >= train_time. 0: no expectation, it always fits.
  double expected_rate_hz = 0;
  // At most this many training minibatches between two inference minibatches (tau of a plan);
  // negative: as many as fit.
  std::int64_t max_train_per_cycle = -1;
  // A request waits at most this long for its batch to fill: then the minibatch starts with the
  // requests that are there. It is padded, so it costs what a full one costs. 0: without limit.
  TimeNs max_wait_ns = 0;
};

// What the dispatcher knows when the device has become idle or a request has come.
struct DispatchState {
  TimeNs now_ns = 0;
  std::int64_t waiting = 0;             // requests
  TimeNs oldest_arrival_ns = 0;         // of those; meaningless when none waits
  std::int64_t trained_this_cycle = 0;  // training minibatches started since the last inference minibatch
};

enum class Decision { wait, infer, train };

Decision decide(const ManagedInterleaving& rule, const DispatchState& state);

}  // namespace wattline::sim
