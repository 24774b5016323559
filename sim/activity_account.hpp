// What the device is doing, since when, and what it draws: charged to the energy meter, and told to an
// observer.
#pragma once

#include "sim/energy_meter.hpp"
#include "sim/run_observer.hpp"
#include "sim/time.hpp"

namespace wattline::sim {

class ActivityAccount {
 public:
  // `observer` may be null. `power_uw` is borrowed, here and in become(), until the next become().
  ActivityAccount(RunObserver* observer, const RailPowerUw& power_uw)
      : observer_(observer), power_uw_(&power_uw) {}

  Activity activity() const { return activity_; }
  const EnergyMeter& energy() const { return energy_; }

  // Charges the time since the last call. To be called before what the device draws changes.
  [[gnu::always_inline]] void charge(TimeNs now_ns) {
    if (now_ns != since_ns_) charge_time(now_ns);
  }

  void become(Activity activity, const RailPowerUw& power_uw, TimeNs now_ns) {
    charge(now_ns);
    activity_ = activity;
    power_uw_ = &power_uw;
  }

  // The meter of a run that has ended.
  const EnergyMeter& settled() {
    energy_.settle();
    return energy_;
  }

 private:
  void charge_time(TimeNs now_ns) {
    energy_.add(activity_, *power_uw_, now_ns - since_ns_);
    if (observer_) [[unlikely]]
      observer_->spent(activity_, *power_uw_, since_ns_, now_ns);
    since_ns_ = now_ns;
  }

  RunObserver* observer_;
  EnergyMeter energy_;
  Activity activity_ = Activity::idle;
  const RailPowerUw* power_uw_;
  TimeNs since_ns_ = 0;  // start of the present activity
};

}  // namespace wattline::sim
