// What executes on the GPU under CUDA streams: all minibatches in flight at once, each slowed down where they
// want the same unit.
//
// Of the time alone of a minibatch's present phase, a share u_c is spent in kernels bound by arithmetic, u_m
// in kernels bound by memory, and the rest in neither (launches, the CPU). With C and M the sums over the
// present phases of all residents of the shares of time in which they use the arithmetic units and the
// memory, it takes
//   s = (u_c max(1, C) + u_m max(1, M) + (1 - u_c - u_m)) (1 + interference x (others))
// times as long as alone, until someone's phase ends: a unit that is wanted for more than all of the time is
// shared in proportion. Our reading, in the spirit of the roofline (Williams et al. 2009): kernels of a small
// GPU fill its units, so that what two of them want of one unit adds up. `interference` is what they lose
// besides, in caches.
//
// Power: what the GPU draws because its clocks run busy is drawn once, however many minibatches execute; what
// each operation and byte costs is drawn as they are done. On each rail, with idle power I, busy power B
// (OperatingPoint::busy_power_uw) and minibatches that draw P_i alone, now at r_i = 1/s_i of their speed,
//   P = I + min(B - I, sum of r_i (min(P_i, B) - I)) + sum of r_i max(0, P_i - B).
// Where all draw at least busy power, that is I + (B - I) min(1, sum of r_i) + sum of r_i (P_i - B). One that
// draws less, because the GPU waits for it at times, leaves these times to the others. A minibatch that is
// alone draws what it costs; several never less than the least of I and P_i. Our reading of the energy
// roofline (Choi et al. 2013), in which static power is the device's, not the kernel's.
//
// Progress is kept in whole 2^-32 of a nanosecond of time alone, so that it does not depend on how often
// speeds change. Not thread-safe.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/operating_point.hpp"
#include "sim/statistics.hpp"
#include "sim/supervisor.hpp"

namespace wattline::sim {

struct ConcurrencyOptions {
  // How much slower each other resident makes a minibatch, on top. Range 0 .. 10. 0 leaves what the units
  // say.
  double interference = 0;
};

class Concurrent {
 public:
  using Options = ConcurrencyOptions;
  explicit Concurrent(const Options& options) : options_(options) {}

  bool has_room() const { return true; }
  bool empty() const { return residents_.empty(); }
  void start(Tenant tenant, const MinibatchCost& cost, Phases phases, TimeNs now_ns);
  template <class ChangeOf>
  void change_pace(TimeNs now_ns, const ChangeOf& change_of) {
    advance_all(now_ns);
    for (Resident& resident : residents_) resident.change(change_of(resident.tenant));
    set_rates(now_ns);
  }
  TimeNs due() const { return due_ns_; }
  // Of minibatches that end at one instant the one that started first; nobody where what was due was only the
  // end of a phase, or of the longest time.
  Tenant advance(TimeNs now_ns);
  // Preconditions of both: !empty().
  Activity activity() const;
  const RailPowerUw& power_uw(const OperatingPoint& device);

  // The factor s of a minibatch beside all residents. For tests and reports.
  static double slowdown(const Demand& demand, double compute_wanted, double memory_wanted,
                         std::size_t others, double interference);

 private:
  struct Resident {
    Tenant tenant;
    TimeNs time_ns;  // alone
    RailPowerUw power_uw;
    Phases phases;         // the present one and those to come
    Int128 left_q;         // time alone that is left, in 2^-32 ns
    std::uint64_t rate_q;  // of it, done in each nanosecond

    // It goes on in its phase, at another pace.
    void change(const PaceChange& pace);
    const Demand& demand() const { return phases.front().demand; }
    // What will be left when the present phase ends.
    Int128 left_after_phase_q() const { return Int128{time_ns} * (Phase::whole - phases.front().until_q); }
  };
  void advance_all(TimeNs now_ns);
  void set_rates(TimeNs now_ns);

  Options options_;
  std::vector<Resident> residents_;  // in the order of their starts
  TimeNs since_ns_ = 0;              // when left_q was so
  TimeNs due_ns_ = never;
  RailPowerUw power_uw_{};
};

}  // namespace wattline::sim
