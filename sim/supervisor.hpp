// Whoever watches over the device while it runs and may slow it down or shut it down: thermal throttling,
// limits that override what was configured.
#pragma once

#include "sim/energy_meter.hpp"
#include "sim/operating_point.hpp"
#include "sim/time.hpp"

namespace wattline::sim {

// Looks at the device at every multiple of its period, before the dispatcher decides at that instant.
// Used by one run at a time.
class Supervisor {
 public:
  virtual ~Supervisor() = default;
  virtual TimeNs period_ns() const = 0;  // at least 1
  // `drawn_fj`: since the look before, or the start. Returns whether the device may go on; else the run ends.
  virtual bool look(TimeNs now_ns, const RailEnergyFj& drawn_fj) = 0;
  // The point at which the device executes, as of the last look, where `configured` is asked for. Borrowed
  // until the run ends. Asked for after every look and whenever a configuration comes into force.
  virtual OperatingPoint& in_force(OperatingPoint& configured) = 0;
};

// How the costs of a tenant's minibatch change from one point to another while it executes: what is left of
// its time, and its power, in proportion to what a minibatch costs at the two in the mean.
struct PaceChange {
  MinibatchCost from;
  MinibatchCost to;

  double time_factor() const { return static_cast<double>(to.time_ns) / static_cast<double>(from.time_ns); }
  // At least 1 where something is left, to the nearest nanosecond.
  TimeNs left(TimeNs left_ns) const;
  // A rail that drew nothing draws what it does at the new point.
  RailPowerUw power(const RailPowerUw& power_uw) const;
};

}  // namespace wattline::sim
