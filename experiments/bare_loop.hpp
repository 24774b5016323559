// The reference queue once more, as a loop over two next-event times with no engine at all: the bound that
// the engine is measured against. It knows this one queue, counts events and sums latencies, and does nothing
// else.
#pragma once

#include <cstdint>

#include "sim/statistics.hpp"
#include "sim/time.hpp"

namespace wattline::experiments {

struct BareLoopResult {
  std::uint64_t events = 0;  // arrivals and ends of minibatches
  std::uint64_t requests_completed = 0;
  std::uint64_t train_minibatches = 0;
  sim::Int128 latency_sum_ns = 0;
};

// The arrivals are those of run_reference_queue with the same arguments, and so are all figures.
BareLoopResult run_bare_loop(std::uint64_t requests, std::uint64_t seed);

}  // namespace wattline::experiments
