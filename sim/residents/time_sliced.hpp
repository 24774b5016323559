// What executes on the GPU under native time-slicing: the processes that have a minibatch in flight take
// turns, each for a time slice, in the order in which they came.
//
// The GPU changes to another process than the one it executed last in a fixed time, in which nothing executes
// (and the device draws its idle power). A process whose minibatch ended gives up the rest of its slice, and
// joins the turns anew, as the last, with its next minibatch. A process that is alone goes on from slice to
// slice; when another comes, it keeps the GPU to the end of the slice that it is in. A minibatch is thus
// stretched by the slices of the others and by the changes.
//
// In a phase that wants nothing of the GPU (training that waits for data, the CPU's part of a request) a
// process stalls: it gives up its turn, goes on beside whoever executes, and joins the turns as the last when
// the phase is over. Gaps between kernels, which a phase has in part, are not given up.
//
// Power: the device's idle power, and what each minibatch draws above it while it executes or stalls, so that
// a minibatch's energy above idle stays what it is alone.
//
// Exact: all times are whole nanoseconds. Not thread-safe.
#pragma once

#include <deque>
#include <vector>

#include "sim/operating_point.hpp"
#include "sim/supervisor.hpp"

namespace wattline::sim {

struct TimeSliceOptions {
  // Range 1 us .. 1 s. The default of NVIDIA's driver for Tegra GPUs (nvgpu, NVGPU_TSG_TIMESLICE_DEFAULT_US).
  TimeNs slice_ns = 1'024'000;
  // Range 0 .. 1 s. Our guess: not published for these boards, and we know of no measurement.
  TimeNs switch_ns = 100'000;
};

class TimeSliced {
 public:
  using Options = TimeSliceOptions;
  explicit TimeSliced(const Options& options) : options_(options) {}

  bool has_room() const { return true; }
  bool empty() const { return turns_.empty() && stalled_.empty(); }
  void start(Tenant tenant, const MinibatchCost& cost, Phases phases, TimeNs now_ns);
  TimeNs due() const {
    return stalled_.empty() ? turn_due_ns_ : std::min(turn_due_ns_, stalled_.front().until_ns);
  }
  // Of what is due at one instant the end of a turn goes first.
  Tenant advance(TimeNs now_ns);
  // A stall is not the GPU's: it ends when it would have.
  template <class ChangeOf>
  void change_pace(TimeNs now_ns, const ChangeOf& change_of) {
    const bool executes = !turns_.empty() && !changing_;
    if (executes) turns_.front().come_to(turns_.front().left_ns - (now_ns - progress_since_ns_));
    for (Resident& resident : turns_) resident.change(change_of(resident.tenant));
    for (Stalled& stalled : stalled_) stalled.resident.change(change_of(stalled.resident.tenant));
    if (executes) progress_from(now_ns);
  }
  // Preconditions of both: !empty().
  Activity activity() const;
  const RailPowerUw& power_uw(const OperatingPoint& device);

 private:
  struct Resident {
    Tenant tenant;
    TimeNs time_ns;  // alone
    TimeNs left_ns;  // of it, when it progressed last
    RailPowerUw power_uw;
    Phases phases;  // the present one and those to come

    bool stalls() const { return phases.front().demand == Demand::nothing(); }
    // What will be left of it when the phase ends, rounded down.
    TimeNs left_after_ns(const Phase& phase) const;
    // Until its next stall begins, or else it ends. Precondition: it does not stall.
    TimeNs until_stall_ns() const;
    // So much of it is left: the phases before that are over.
    void come_to(TimeNs left_ns_now);
    // It goes on in its phase, at another pace.
    void change(const PaceChange& pace);
  };
  struct Stalled {
    Resident resident;
    TimeNs until_ns;
  };
  Tenant end_turn(TimeNs now_ns);
  Tenant end_stall(TimeNs now_ns);
  // Ended, or on to its next phase. Returns whether it ended.
  bool go_on(const Resident& resident, TimeNs now_ns);
  void begin_turn(TimeNs now_ns);
  void execute(TimeNs now_ns);
  void progress_from(TimeNs now_ns);

  Options options_;
  std::deque<Resident> turns_;    // the first has the GPU, or is being changed to
  std::vector<Stalled> stalled_;  // in the order in which they end
  bool changing_ = false;
  TimeNs since_ns_ = 0;           // start of the present turn
  TimeNs progress_since_ns_ = 0;  // when the left_ns of the first was so
  TimeNs slice_end_ns_ = never;   // of the present turn; never where the first is alone
  TimeNs turn_due_ns_ = never;    // when the present turn, or change, ends
  Tenant executed_last_ = Tenant::nobody();
  RailPowerUw power_uw_{};
};

}  // namespace wattline::sim
