// What the device is doing, since when, and what it draws: charged to the energy meter, and told to an
// observer.
#pragma once

#include <algorithm>
#include <optional>

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
  TimeNs charged_until_ns() const { return since_ns_; }
  bool is_observed() const { return observer_ != nullptr; }

  // Charges the time since the last call. To be called before what the device draws changes.
  [[gnu::always_inline]] void charge(TimeNs now_ns) {
    if (now_ns != since_ns_) charge_time(now_ns);
  }

  // Drawn besides since the last charge, with what is charged next.
  void add(const RailEnergyFj& besides_fj) {
    for (std::size_t rail = 0; rail < max_rails; ++rail) besides_fj_[rail] += besides_fj[rail];
    besides_ = true;
  }

  // From now on what is spent is summed up, for spent_at().
  void limit(Int128 budget_fj) { left_fj_ = budget_fj; }

  // The first instant at which all of the budget will be spent if the device goes on as it does; `never`
  // where that is beyond the clock. Where more is drawn besides, of which no more is known than that it is at
  // most besides_uw and besides_fj: an instant before which it is not. Precondition: limit() was called, and
  // charge(now_ns).
  TimeNs spent_at(TimeNs now_ns, Int128 besides_uw, Int128 besides_fj) const {
    if (*left_fj_ <= 0) return now_ns;
    const Int128 power_uw = total_uw() + besides_uw;
    const Int128 left_fj = std::max<Int128>(1, *left_fj_ - besides_fj);
    if (power_uw <= 0 || left_fj / power_uw >= longest_time_ns - now_ns) return never;
    return now_ns + static_cast<TimeNs>((left_fj + power_uw - 1) / power_uw);
  }
  bool is_spent() const { return *left_fj_ <= 0; }

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
    if (left_fj_) [[unlikely]]
      *left_fj_ -= total_uw() * (now_ns - since_ns_);
    if (besides_) [[unlikely]]
      charge_besides(now_ns);
    else if (observer_) [[unlikely]]
      observer_->spent(activity_, *power_uw_, since_ns_, now_ns);
    since_ns_ = now_ns;
  }

  void charge_besides(TimeNs now_ns);

  Int128 total_uw() const {
    Int128 sum = 0;
    for (const std::int64_t rail_uw : *power_uw_) sum += rail_uw;
    return sum;
  }

  RunObserver* observer_;
  EnergyMeter energy_;
  Activity activity_ = Activity::idle;
  const RailPowerUw* power_uw_;
  TimeNs since_ns_ = 0;  // start of the present activity
  std::optional<Int128> left_fj_;
  bool besides_ = false;
  RailEnergyFj besides_fj_{};
};

}  // namespace wattline::sim
