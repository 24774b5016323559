// What executes on the GPU under native time-slicing: the processes that have a minibatch in flight take
// turns, each for a time slice, in the order in which they came.
//
// The GPU changes to another process than the one it executed last in a fixed time, in which nothing executes
// (and the device draws its idle power). A process whose minibatch ended gives up the rest of its slice, and
// joins the turns anew, as the last, with its next minibatch. A process that is alone goes on from slice to
// slice; when another comes, it keeps the GPU to the end of the slice that it is in. A minibatch is thus
// stretched by the slices of the others and by the changes.
//
// Exact: all times are whole nanoseconds. Not thread-safe.
#pragma once

#include <deque>

#include "sim/operating_point.hpp"

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
  bool empty() const { return turns_.empty(); }
  void start(Tenant tenant, const MinibatchCost& cost, TimeNs now_ns);
  TimeNs due() const { return due_ns_; }
  Tenant advance(TimeNs now_ns);
  // Preconditions of both: !empty().
  Activity activity() const;
  const RailPowerUw& power_uw(const RailPowerUw& idle_uw) const;

 private:
  struct Resident {
    Tenant tenant;
    TimeNs left_ns;  // at the start of its present turn
    RailPowerUw power_uw;
  };
  void begin_turn(TimeNs now_ns);
  void execute(TimeNs now_ns);

  Options options_;
  std::deque<Resident> turns_;  // the first has the GPU, or is being changed to
  bool changing_ = false;
  TimeNs since_ns_ = 0;  // start of the present turn, or change
  TimeNs due_ns_ = never;
  Tenant executed_last_ = Tenant::nobody();
};

}  // namespace wattline::sim
