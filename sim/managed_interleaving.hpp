// Managed interleaving (Fulcrum, arXiv 2509.20205): one workload at a time, at minibatch
// granularity. Requests are gathered into minibatches; training minibatches run in between, and
// only when the next inference minibatch is not expected to be due before they end.
//
// Pure functions on value types, in the header because the dispatcher's turn comes with every minibatch.
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

namespace dispatch {

inline bool due_for_inference(const ManagedInterleaving& rule, const DispatchState& state) {
  if (rule.infer_batch == 0 || state.waiting == 0) return false;
  if (state.waiting >= rule.infer_batch) return true;
  return rule.max_wait_ns > 0 && state.now_ns - state.oldest_arrival_ns >= rule.max_wait_ns;
}

inline bool training_fits(const ManagedInterleaving& rule, const DispatchState& state) {
  if (!rule.trains) return false;
  if (rule.infer_batch == 0) return true;
  if (rule.max_train_per_cycle >= 0 && state.trained_this_cycle >= rule.max_train_per_cycle) return false;
  if (rule.expected_rate_hz > 0) {
    // Both sides times the rate: products of whole numbers are exact, a quotient would be rounded.
    const double missing = static_cast<double>(rule.infer_batch - state.waiting);
    if (missing * 1e9 < static_cast<double>(rule.train_time_ns) * rule.expected_rate_hz) return false;
  }
  if (rule.max_wait_ns > 0 && state.waiting > 0) {
    const TimeNs due_ns = state.oldest_arrival_ns + rule.max_wait_ns;
    if (state.now_ns + rule.train_time_ns > due_ns) return false;
  }
  return true;
}

}  // namespace dispatch

inline Decision decide(const ManagedInterleaving& rule, const DispatchState& state) {
  if (dispatch::due_for_inference(rule, state)) return Decision::infer;
  return dispatch::training_fits(rule, state) ? Decision::train : Decision::wait;
}

// After `decide` said wait: the number of waiting requests below which it will go on to say so, whenever they
// come, until the oldest has waited long enough.
inline std::int64_t wakes_at(const ManagedInterleaving& rule, const DispatchState& state) {
  // The first request starts the clock of those that wait.
  if (rule.max_wait_ns > 0 && state.waiting == 0) return 1;
  // With more of them there is less time for training, not more.
  return rule.infer_batch > 0 ? rule.infer_batch : INT64_MAX;
}

}  // namespace wattline::sim
