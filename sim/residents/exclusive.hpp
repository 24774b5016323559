// What executes on the GPU when one minibatch executes at a time, from its start to its end.
//
// Residents, of which this is the simplest kind, have in common: `has_room` whether a further minibatch may
// start; `start`; `due` when something happens to them next; `advance` to that instant, which returns whose
// minibatch ended, if one did; `change_pace` when the device is slowed down or speeds up; and what the
// device, at the point in force, does and draws meanwhile.
#pragma once

#include "sim/operating_point.hpp"
#include "sim/supervisor.hpp"

namespace wattline::sim {

inline Activity activity_of(Work work) {
  return work == Work::infer ? Activity::infer : Activity::train;
}

class Exclusive {
 public:
  struct Options {};
  explicit Exclusive(const Options&) {}

  bool has_room() const { return due_ns_ == never; }
  bool empty() const { return due_ns_ == never; }
  void start(Tenant tenant, const MinibatchCost& cost, TimeNs now_ns) {
    tenant_ = tenant;
    power_uw_ = cost.power_uw;
    due_ns_ = now_ns + cost.time_ns;
  }
  // The pace of what executes changes, for each tenant as change_of says.
  template <class ChangeOf>
  void change_pace(TimeNs now_ns, const ChangeOf& change_of) {
    if (empty()) return;
    const PaceChange change = change_of(tenant_);
    due_ns_ = now_ns + change.left(due_ns_ - now_ns);
    power_uw_ = change.power(power_uw_);
  }
  TimeNs due() const { return due_ns_; }
  Tenant advance(TimeNs) {
    due_ns_ = never;
    return tenant_;
  }
  // Preconditions of both: !empty().
  Activity activity() const { return activity_of(tenant_.work()); }
  const RailPowerUw& power_uw(const OperatingPoint&) const { return power_uw_; }

 private:
  Tenant tenant_ = Tenant::nobody();
  RailPowerUw power_uw_{};
  TimeNs due_ns_ = never;
};

}  // namespace wattline::sim
