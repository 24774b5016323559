// What the simulated accelerator asks of the floors above: what a minibatch costs, and when requests arrive.
// When the data of training are loaded is in minibatch_feed.hpp.
#pragma once

#include <cstdint>
#include <span>

#include "sim/energy_meter.hpp"
#include "sim/time.hpp"

namespace wattline::sim {

enum class Work : std::uint8_t { infer, train };

// Who a minibatch belongs to: the stream of requests or the training job of that number.
// One word, because it is handed around with every minibatch.
class Tenant {
 public:
  constexpr Tenant(Work work, std::size_t index)
      : word_(static_cast<std::uint32_t>(index) << 1 | (work == Work::train ? 1 : 0)) {}
  static constexpr Tenant nobody() { return {Work::train, UINT32_MAX >> 1}; }

  constexpr Work work() const { return (word_ & 1) != 0 ? Work::train : Work::infer; }
  constexpr std::size_t index() const { return word_ >> 1; }
  bool operator==(const Tenant&) const = default;

 private:
  std::uint32_t word_;
};

// What a minibatch, or a phase of it, wants of the GPU while it executes alone, as shares of its time.
struct Demand {
  // In which the arithmetic units, and in which the memory, are used: 0 to 1 each, and they may overlap.
  double compute_busy = 1;
  double memory_busy = 1;
  // Spent in kernels that are bound by the one and by the other; the rest, in launches and waits, is bound by
  // neither. Their sum is at most 1.
  double compute_bound = 1;
  double memory_bound = 0;

  static constexpr Demand nothing() { return {0, 0, 0, 0}; }
  bool operator==(const Demand&) const = default;
};

// A stretch of a minibatch, in which its kernels want alike of the GPU.
struct Phase {
  // A minibatch's time alone, in the unit of until_q.
  static constexpr std::uint64_t whole = std::uint64_t{1} << 32;

  Demand demand;
  // Where it ends, in 2^-32 of the minibatch's time alone. Of a minibatch's phases ascending, the last at
  // `whole`.
  std::uint64_t until_q = whole;
};
using Phases = std::span<const Phase>;

// Of a minibatch of which no more is known: it wants all of the arithmetic units all the time.
inline constexpr Phase one_phase[] = {Phase{}};

struct MinibatchCost {
  TimeNs time_ns = 0;      // alone on the device; at least 1
  RailPowerUw power_uw{};  // mean over that time
};

// What the training jobs whose minibatches are loaded (minibatch_feed.hpp) have of the CPU, in equal shares:
// those that have not ended.
struct LoadingCpu {
  double cores = 1;           // of all of them; may be fractional
  double cycles_per_s = 1e9;  // of one core
  RailPowerUw core_uw{};      // that a core draws more while it computes than while it idles
};

// What the device costs in one power mode. Not const: an implementation may draw random times.
// Used by one run at a time.
class OperatingPoint {
 public:
  virtual ~OperatingPoint() = default;
  virtual MinibatchCost minibatch(Tenant tenant) = 0;
  // What minibatches of the tenant cost in the mean; draws nothing. To be overridden where they vary.
  virtual MinibatchCost expected(Tenant tenant) { return minibatch(tenant); }
  // Of the minibatch that minibatch() was asked for last. Asked only where minibatches share the GPU; not
  // empty, and borrowed until the run ends.
  virtual Phases phases(Tenant) { return one_phase; }
  virtual RailPowerUw idle_power_uw() const = 0;
  // Drawn while anything executes on the GPU, whatever it does: what is drawn once, however many minibatches
  // share the GPU. On every rail at least idle_power_uw(), which it is where no more is known. Asked only
  // where minibatches execute side by side.
  virtual RailPowerUw busy_power_uw() const { return idle_power_uw(); }
  virtual LoadingCpu loading_cpu() const { return {}; }
};

// When requests arrive.
class ArrivalProcess {
 public:
  virtual ~ArrivalProcess() = default;
  // Fills `out` from the front with the next arrival instants, ascending (equal ones allowed), and
  // returns how many; fewer than asked only when no more will come.
  virtual std::size_t next(std::span<TimeNs> out) = 0;
};

}  // namespace wattline::sim
