// What a run of the accelerator comes to, and the laws that it must obey.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/base/result.hpp"
#include "sim/energy_meter.hpp"
#include "sim/statistics.hpp"
#include "sim/time.hpp"

namespace wattline::sim {

struct MinibatchCounts {
  std::uint64_t started = 0;
  std::uint64_t finished = 0;
  std::uint64_t in_flight = 0;  // at the end of the run
};

struct RequestCounts {
  std::uint64_t arrived = 0;
  std::uint64_t completed = 0;
  std::uint64_t dropped = 0;
  std::uint64_t pending = 0;  // waiting or in flight at the end
  std::uint64_t late = 0;     // of those completed: slower than the latency budget
  std::uint64_t overdue = 0;  // of those pending: the latency budget has passed by the end
};

struct StreamResult {
  RequestCounts requests;
  MinibatchCounts minibatches;
  StreamingStatistics latency_ns;   // from a request's arrival to the end of its minibatch
  StreamingStatistics response_ns;  // from when a minibatch was formed to its end
};

struct RunResult {
  TimeNs simulated_ns = 0;
  std::uint64_t events = 0;
  std::uint64_t signature = 0;  // hash of the event stream: kinds, tenants and instants
  std::vector<StreamResult> streams;
  std::vector<MinibatchCounts> training;
  std::uint64_t mode_switches = 0;  // those that took time
  bool shut_down = false;           // whether the supervisor ended the run
  bool energy_spent = false;        // whether the energy budget ended the run
  EnergyMeter energy;

  // Over all streams and all training jobs.
  RequestCounts requests() const;
  MinibatchCounts infer() const;
  MinibatchCounts train() const;
};

// The conservation laws of a finished run: requests arrived = completed + dropped + pending, of every stream;
// the times of all activities = simulated time; the rails' energies and the activities' energies both sum to
// the total; minibatches started = finished + in flight.
MaybeError check_conservation(const RunResult& result);

}  // namespace wattline::sim
