// Whoever wants to see more of a run than its result.
#pragma once

#include <cstddef>

#include "sim/energy_meter.hpp"
#include "sim/time.hpp"

namespace wattline::sim {

// Sees a run as it happens, for reports finer than RunResult. Called in the order of time; it changes
// nothing.
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  // What the device did, without gaps: each stretch begins where the one before ended, and is not empty.
  virtual void spent(Activity activity, const RailPowerUw& power_uw, TimeNs from_ns, TimeNs to_ns) = 0;
  // A request's minibatch ended. A stream's requests are served in the order of their arrival.
  virtual void served(std::size_t stream, TimeNs arrival_ns, TimeNs end_ns) = 0;
  // A training minibatch ended.
  virtual void trained(std::size_t job, TimeNs end_ns) = 0;
};

}  // namespace wattline::sim
