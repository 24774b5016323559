// The reference queue, on which four independent public simulators agree: Poisson arrivals at 60
// requests/s; whenever the device is idle: if 16 or more requests wait, a minibatch of the 16 oldest
// takes 40 ms; else, if (16 - waiting) / 60 s is at least 35 ms, a training minibatch takes 35 ms; else
// it waits for the next arrival. Mean latency over 5 million requests: 0.1681 s.
#pragma once

#include <cstdint>

#include "sim/accelerator.hpp"

namespace wattline::experiments {

Result<sim::RunResult> run_reference_queue(std::uint64_t requests, std::uint64_t seed);

}  // namespace wattline::experiments
