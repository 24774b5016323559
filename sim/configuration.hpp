// What the device is to do from some instant on: at which operating point, and under which rules.
#pragma once

#include <functional>
#include <vector>

#include "sim/board_state.hpp"
#include "sim/energy_meter.hpp"
#include "sim/operating_point.hpp"

namespace wattline::sim {

// A part of profiling: the device is occupied and serves nothing.
struct ProfilingStretch {
  TimeNs time_ns = 0;
  RailPowerUw power_uw{};
};

// From start_ns on the device is to run at `point` under the rules. The change is made as soon as nothing
// executes, and nothing starts before: first the profiling by which this configuration was chosen, one
// stretch after the other, then the switch, at the new point's idle power. Requests that come meanwhile wait.
// A configuration that is overtaken by the next before its change began is skipped, unless it profiles.
struct Configuration {
  TimeNs start_ns = 0;
  OperatingPoint* point = nullptr;     // borrowed for the run
  std::vector<ServingRule> serving;    // of each stream
  std::vector<TrainingRule> training;  // of each training job
  // Ignored where nothing switches: for the first and where the point stays the same; not after profiling,
  // which leaves the device in another mode.
  TimeNs switch_ns = 0;
  std::vector<ProfilingStretch> profiling = {};
  // The change is made at start_ns and takes no time: what executes goes on, at the new point's pace. Not
  // while an earlier change is being made: then it is like any other. Not with profiling. The point's
  // minibatches are to be those of the point before.
  bool live = false;
};

// How long the switch takes from one configuration to another, by their numbers; within 0 .. 100 years. 0:
// the device does not switch.
using SwitchTime = std::function<TimeNs(std::size_t from, std::size_t to)>;

}  // namespace wattline::sim
