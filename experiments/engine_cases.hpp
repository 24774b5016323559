// Runs by which the engine's speed is measured; all are deterministic.
#pragma once

#include <cstdint>
#include <optional>

#include "experiments/run/sensor_log.hpp"
#include "sim/accelerator.hpp"

namespace wattline::experiments {

// The reference queue, on which four independent public simulators agree: Poisson arrivals at 60
// requests/s; whenever the device is idle: if 16 or more requests wait, a minibatch of the 16 oldest
// takes 40 ms; else, if (16 - waiting) / 60 s is at least 35 ms, a training minibatch takes 35 ms; else
// it waits for the next arrival. Mean latency over 5 million requests: 0.1681 s.
Result<sim::RunResult> run_reference_queue(std::uint64_t requests, std::uint64_t seed);

struct BoardCase {
  double rate_hz = 60;  // of the requests
  std::uint64_t requests = 0;
  std::uint64_t seed = 1;
  std::optional<double> poll_hz;  // of the power sensor. Range 0.001 .. 100; nothing: it is not read
};

struct BoardRun : sim::RunResult {
  std::optional<SensorRecord> sensor;  // where it is read
};

// A simulated AGX Orin at MAXN: MobileNet-v3 in batches of 16 at so many Poisson requests a second with a
// latency budget, ResNet-18 trained in the gaps; costs are the device model's, energy is of three rails, and
// the power sensor is the board's own.
Result<BoardRun> run_board(const BoardCase& board);

// The reference queue's times with 64 streams at 60/64 requests/s each: 64 arrivals are pending at any time.
// Each brings requests / 64, rounded down; a stream of fewer than 16 is never served.
Result<sim::RunResult> run_64_streams(std::uint64_t requests, std::uint64_t seed);

}  // namespace wattline::experiments
