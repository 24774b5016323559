// Fits the serving path of each board, model and mode to its lowest load and its closed-loop profile.
//
// The path: client -> parallel overhead -> queue -> one server -> client. The server is busy for the
// inference and, after it, for the serialised share phi of the overhead; the rest of the overhead is
// parallel and lognormal. Power: idle power and an energy per request.
//
// Fitted, from nothing but the lowest load and the closed loop:
//   - inference time: the closed loop's mean; where there is none, the time that explains p50, p95 and p99 at
//     the lowest load (its mean is met exactly), given what is known otherwise: the overhead of the same
//     model in the nearest mode (by CPU clock) that has a closed loop, scaled to this mode's clock, and the
//     capacity;
//   - overhead: what the lowest load's mean leaves over inference and queueing;
//   - its spread: what explains p50, p95 and p99 at the lowest load best;
//   - phi, one number for all boards (they run the same server): what explains the lowest loads of all modes
//     with a closed loop best;
//   - the share of the overhead that goes with the CPU clock: the overheads of models with several modes;
//   - idle power and energy per request: load_power.hpp.
//
// Nothing that was measured at a higher load is read. The loads are fractions of the board's capacity, so the
// lowest one tells the capacity, and the capacity is an input: the rate at which p95 reaches a known limit
// tells the service time. It is used only for modes without a closed loop (FitOptions::capacity_p95_ms).
//
// Deterministic for a seed and independent of the number of jobs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "experiments/validate/load_data.hpp"
#include "experiments/validate/serving_runs.hpp"

namespace wattline::experiments {

struct FitOptions {
  std::uint64_t seed = 1;
  int jobs = 1;
  // A mode without a closed loop is not thought busier than this at its capacity.
  double most_utilisation = 0.97;
  // Relative standard deviation of an overhead about what another mode's lets expect.
  double overhead_prior = 0.10;
  // How the capacity that is load 1 was found: the highest rate whose p95 stayed within this, searched for in
  // steps of 5 % and backed off by 5 % where it could not be confirmed. 0: not told.
  double capacity_p95_ms = 100;
  // Relative standard deviation of a service time about what the capacity lets expect.
  double capacity_prior = 0.04;
  // Relative error of the model itself, which keeps percentiles measured very exactly from ruling alone.
  double model_error = 0.01;
};

// One server and its overhead.
struct ServingModel {
  double inference_ms = 0;
  double serialised_ms = 0;
  double parallel_ms = 0;
  double parallel_cv = 0;

  double service_ms() const { return inference_ms + serialised_ms; }
  double overhead_ms() const { return serialised_ms + parallel_ms; }
};

struct PowerModel {
  double idle_w = 0;
  double energy_per_request_j = 0;
  bool idle_from_closed_loop = false;
};

struct FittedMode {
  ServingModel serving;
  std::optional<PowerModel> power;  // nothing where the lowest load has no power
  bool from_closed_loop = false;    // the inference time
  bool has_prior = false;           // of a mode without a closed loop
  double misfit = 0;                // sum of squared deviations of p50, p95, p99 in their standard errors
};

struct LoadFit {
  double serialised_share = 0;    // phi
  std::size_t share_modes = 0;    // how many modes it was fitted on
  double cpu_clock_share = 0.5;   // of the overhead, that goes with 1 / CPU clock
  std::size_t clock_pairs = 0;    // how many pairs of modes it was fitted on; 0: assumed
  std::vector<FittedMode> modes;  // as LoadData's
};

LoadFit fit_lowest_load(const std::vector<ServedMode>& modes, const FitOptions& options);

}  // namespace wattline::experiments
