// Where the minibatches of a training job come from that must be loaded before they can execute.
#pragma once

#include "sim/operating_point.hpp"
#include "sim/time.hpp"

namespace wattline::sim {

// Loads minibatches in their order while the device executes whatever it does. Instants of all calls ascend
// (equal ones allowed). set_cpu comes first, then begin; then started and finished alternate,
// with changes of the CPU in between. Used by one run at a time.
class MinibatchFeed {
 public:
  virtual ~MinibatchFeed() = default;

  // The four return when the next minibatch that has not started will be there if the CPU stays as it is:
  // `never` where that is not known before finished(), and where there are no more.

  // Loading has this of the CPU from now on: cores are its share.
  virtual TimeNs set_cpu(TimeNs now_ns, const LoadingCpu& cpu) = 0;
  virtual TimeNs begin(TimeNs now_ns) = 0;
  // The minibatch that is there begins to execute, and has ended.
  virtual TimeNs started(TimeNs now_ns) = 0;
  virtual TimeNs finished(TimeNs now_ns) = 0;

  // Core time that loading has taken until now: n cores for t count n t. From one instant to another it grows
  // by at most the cores, rounded up, times the time between, and 1 ns.
  virtual TimeNs core_ns(TimeNs now_ns) = 0;
  // Until when it grows evenly from now on, if nothing else is told: after now_ns; `never` where always.
  virtual TimeNs core_use_until(TimeNs now_ns) = 0;

  // Whether there is a last minibatch, and whether it has ended.
  virtual bool ends() const = 0;
  virtual bool ended() const = 0;
};

}  // namespace wattline::sim
