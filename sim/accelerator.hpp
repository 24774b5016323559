// The simulated accelerator: requests arrive, minibatches of inference and training execute one at a
// time under managed interleaving, energy is integrated per rail, and power-mode switches cost time.
//
// `sim` knows nothing of boards or networks: what a minibatch costs and when requests arrive come
// through the two interfaces below, which other floors implement.
//
// A run is single-threaded and deterministic: the same inputs give the same event stream, to the
// nanosecond. At one instant things happen in the order: a minibatch ends, requests arrive, the
// configuration changes, waits expire, and only then the dispatcher decides, once.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sim/base/result.hpp"
#include "sim/energy_meter.hpp"
#include "sim/managed_interleaving.hpp"
#include "sim/statistics.hpp"
#include "sim/time.hpp"

namespace wattline::sim {

enum class Work : std::uint8_t { infer, train };

struct MinibatchCost {
  TimeNs time_ns = 0;  // at least 1
  RailPowerUw power_uw{};
};

// What the device costs in one power mode. Not const: an implementation may draw random times.
// Used by one run at a time.
class OperatingPoint {
 public:
  virtual ~OperatingPoint() = default;
  virtual MinibatchCost minibatch(Work work) = 0;
  virtual RailPowerUw idle_power_uw() const = 0;
};

// When requests arrive.
class ArrivalProcess {
 public:
  virtual ~ArrivalProcess() = default;
  // Fills `out` from the front with the next arrival instants, ascending (equal ones allowed), and
  // returns how many; fewer than asked only when no more will come.
  virtual std::size_t next(std::span<TimeNs> out) = 0;
};

// A part of profiling: the device is occupied and serves nothing.
struct ProfilingStretch {
  TimeNs time_ns = 0;
  RailPowerUw power_uw{};
};

// From start_ns on the device is to run at `point` under `rule`. The change is made as soon as the
// device is idle: first the profiling by which this configuration was chosen, one stretch after the other,
// then the switch, at the new point's idle power. Requests that come meanwhile wait. A configuration that is
// overtaken by the next before its change began is skipped, unless it profiles.
struct Configuration {
  TimeNs start_ns = 0;
  OperatingPoint* point = nullptr;  // borrowed for the run
  ManagedInterleaving rule;
  // Ignored where nothing switches: for the first and where the point stays the same; not after profiling,
  // which leaves the device in another mode.
  TimeNs switch_ns = 0;
  std::vector<ProfilingStretch> profiling = {};
};

// Sees a run as it happens, for reports finer than RunResult. Called in the order of time; it changes
// nothing.
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  // What the device did, without gaps: each stretch begins where the one before ended, and is not empty.
  virtual void spent(Activity activity, const RailPowerUw& power_uw, TimeNs from_ns, TimeNs to_ns) = 0;
  // A request's minibatch ended. Requests are served in the order of their arrival.
  virtual void served(TimeNs arrival_ns, TimeNs end_ns) = 0;
  // A training minibatch ended.
  virtual void trained(TimeNs end_ns) = 0;
};

struct AcceleratorOptions {
  std::vector<Configuration> configurations;  // at least one, the first at 0, ascending
  // The run ends at this instant, as the last thing that happens at it (a minibatch may just have
  // started). Without it the run ends when all requests that can be served have been and the last
  // configuration has begun.
  std::optional<TimeNs> end_ns;
  // Requests slower than this are counted as late; 0: no budget.
  TimeNs latency_budget_ns = 0;
  // A run whose queue grows beyond this ends with an error instead of exhausting the memory.
  std::int64_t max_waiting = 10'000'000;
  RunObserver* observer = nullptr;  // borrowed for the run
};

struct MinibatchCounts {
  std::uint64_t started = 0;
  std::uint64_t finished = 0;
  std::uint64_t in_flight = 0;  // at the end of the run
};

struct RunResult {
  TimeNs simulated_ns = 0;
  std::uint64_t events = 0;
  std::uint64_t signature = 0;  // hash of the event stream: kinds and instants
  std::uint64_t requests_arrived = 0;
  std::uint64_t requests_completed = 0;
  std::uint64_t requests_pending = 0;  // waiting or in flight at the end
  std::uint64_t requests_late = 0;     // of those completed
  MinibatchCounts infer;
  MinibatchCounts train;
  std::uint64_t mode_switches = 0;  // those that took time
  StreamingStatistics latency_ns;   // from a request's arrival to the end of its minibatch
  EnergyMeter energy;
};

// `arrivals` may be null when no configuration serves requests. Errors: configurations that break
// the contract above, a run that would never end, a queue that grows without bound, or a broken
// conservation law (a bug of ours, reported as a failure).
Result<RunResult> run_accelerator(const AcceleratorOptions& options, ArrivalProcess* arrivals);

// The conservation laws of a finished run: requests arrived = completed + pending; idle + infer +
// train + switching + profiling time = simulated time; the rails' energies and the activities' energies both
// sum to the total; minibatches started = finished + in flight.
MaybeError check_conservation(const RunResult& result);

}  // namespace wattline::sim
