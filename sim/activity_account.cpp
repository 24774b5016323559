#include "sim/activity_account.hpp"

#include <algorithm>

namespace wattline::sim {

void ActivityAccount::charge_besides(TimeNs now_ns) {
  energy_.add(activity_, besides_fj_);
  if (left_fj_)
    for (const Int128 rail_fj : besides_fj_) *left_fj_ -= rail_fj;
  if (observer_) {
    // Spread evenly, in whole microwatts: each rail draws one more for as many nanoseconds as are left over.
    const Int128 time_ns = now_ns - since_ns_;
    RailPowerUw power_uw = *power_uw_;
    std::array<TimeNs, max_rails> more_until_ns{};
    for (std::size_t rail = 0; rail < max_rails; ++rail) {
      power_uw[rail] += static_cast<std::int64_t>(besides_fj_[rail] / time_ns);
      more_until_ns[rail] = since_ns_ + static_cast<TimeNs>(besides_fj_[rail] % time_ns);
    }
    for (TimeNs from_ns = since_ns_; from_ns < now_ns;) {
      TimeNs to_ns = now_ns;
      RailPowerUw now_uw = power_uw;
      for (std::size_t rail = 0; rail < max_rails; ++rail) {
        if (more_until_ns[rail] <= from_ns) continue;
        ++now_uw[rail];
        to_ns = std::min(to_ns, more_until_ns[rail]);
      }
      observer_->spent(activity_, now_uw, from_ns, to_ns);
      from_ns = to_ns;
    }
  }
  besides_fj_ = {};
  besides_ = false;
}

}  // namespace wattline::sim
