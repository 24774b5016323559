// The simulated accelerator: requests arrive, minibatches of inference and training execute under a
// dispatcher, energy is integrated per rail, and power-mode switches cost time.
//
// `sim` knows nothing of boards or networks: what a minibatch costs and when requests arrive come
// through the two interfaces of operating_point.hpp, which other floors implement.
//
// A run is single-threaded and deterministic: the same inputs give the same event stream, to the
// nanosecond. At one instant things happen in the order: what executes ends or takes turns, requests arrive
// (stream by stream), the configuration changes, waits expire (stream by stream), minibatches of training are
// loaded (job by job), the supervisor looks, and only then the dispatcher decides, once.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "sim/base/result.hpp"
#include "sim/configuration.hpp"
#include "sim/dispatchers/managed_interleaving.hpp"
#include "sim/dispatchers/ordered.hpp"
#include "sim/dispatchers/unmanaged.hpp"
#include "sim/energy_meter.hpp"
#include "sim/minibatch_feed.hpp"
#include "sim/operating_point.hpp"
#include "sim/run_observer.hpp"
#include "sim/run_result.hpp"
#include "sim/supervisor.hpp"
#include "sim/time.hpp"

namespace wattline::sim {

using Dispatcher = std::variant<ManagedInterleaving, FirstInFirstOut, EarliestDeadline, FixedPriority,
                                TimeSlicing, CudaStreams>;

struct StreamOptions {
  // Borrowed for the run; null where no configuration serves the stream.
  ArrivalProcess* arrivals = nullptr;
  // Requests slower than this are counted as late; 0: no budget.
  TimeNs latency_budget_ns = 0;
  std::int64_t priority = 0;
  // A request that finds so many waiting is dropped. At least 1.
  std::int64_t admission_limit = INT64_MAX;
};

struct TrainingOptions {
  std::int64_t priority = 0;
  // Where its minibatches come from; borrowed for the run. Null: they are always there. What loading draws
  // is added to what the device draws.
  MinibatchFeed* feed = nullptr;
};

struct AcceleratorOptions {
  std::vector<Configuration> configurations;  // at least one, the first at 0, ascending
  // Of a change that neither profiles nor is live: a configuration may be entered from another than the one
  // before, which was overtaken. Empty: the configuration's own switch_ns, unless the point stays the same.
  SwitchTime switch_ns;
  std::vector<StreamOptions> streams;
  std::vector<TrainingOptions> training;
  Dispatcher dispatcher = ManagedInterleaving{};
  // The run ends at this instant, as the last thing that happens at it (a minibatch may just have
  // started). Without either the run ends when all requests that can be served have been, all feeds that
  // end have ended, and the last configuration has begun.
  std::optional<TimeNs> end_ns;
  // The run ends at the first instant at which so much energy has been drawn, at least 1, as the last thing
  // that happens at it (a battery, or a budget). Like a set end it keeps the run going where nothing is left
  // to serve.
  std::optional<Int128> energy_budget_fj;
  // A run with a stream of which more than this wait ends with an error instead of exhausting the memory.
  std::int64_t max_waiting = 10'000'000;
  RunObserver* observer = nullptr;   // borrowed for the run
  Supervisor* supervisor = nullptr;  // borrowed for the run
};

// Errors: options that break the contract above, a run that would never end, a queue that grows without
// bound, or a broken conservation law (a bug of ours, reported as a failure).
Result<RunResult> run_accelerator(const AcceleratorOptions& options);

}  // namespace wattline::sim
