#include "sim/residents/time_sliced.hpp"

#include <algorithm>

#include "sim/residents/exclusive.hpp"

namespace wattline::sim {

void TimeSliced::start(Tenant tenant, const MinibatchCost& cost, TimeNs now_ns) {
  turns_.push_back({tenant, cost.time_ns, cost.power_uw});
  if (turns_.size() == 1) {
    begin_turn(now_ns);
  } else if (turns_.size() == 2 && !changing_) {
    // The first was alone: now it has to the end of the slice that it is in.
    const TimeNs slices =
        std::max<TimeNs>(1, (now_ns - since_ns_ + options_.slice_ns - 1) / options_.slice_ns);
    due_ns_ = std::min(due_ns_, since_ns_ + slices * options_.slice_ns);
  }
}

Tenant TimeSliced::advance(TimeNs now_ns) {
  if (changing_) {
    execute(now_ns);
    return Tenant::nobody();
  }
  Resident resident = turns_.front();
  turns_.pop_front();
  resident.left_ns -= now_ns - since_ns_;
  const bool ended = resident.left_ns == 0;
  if (!ended) turns_.push_back(resident);
  begin_turn(now_ns);
  return ended ? resident.tenant : Tenant::nobody();
}

void TimeSliced::begin_turn(TimeNs now_ns) {
  changing_ = false;
  due_ns_ = never;
  if (turns_.empty()) return;
  const bool changes =
      executed_last_ != Tenant::nobody() && executed_last_ != turns_.front().tenant && options_.switch_ns > 0;
  if (!changes) {
    execute(now_ns);
    return;
  }
  changing_ = true;
  since_ns_ = now_ns;
  due_ns_ = now_ns + options_.switch_ns;
}

void TimeSliced::execute(TimeNs now_ns) {
  changing_ = false;
  since_ns_ = now_ns;
  executed_last_ = turns_.front().tenant;
  due_ns_ = now_ns + turns_.front().left_ns;
  if (turns_.size() > 1) due_ns_ = std::min(due_ns_, now_ns + options_.slice_ns);
}

Activity TimeSliced::activity() const {
  return changing_ ? Activity::context_switch : activity_of(turns_.front().tenant.work());
}

const RailPowerUw& TimeSliced::power_uw(const RailPowerUw& idle_uw) const {
  return changing_ ? idle_uw : turns_.front().power_uw;
}

}  // namespace wattline::sim
