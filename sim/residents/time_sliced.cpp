#include "sim/residents/time_sliced.hpp"

#include <algorithm>

#include "sim/residents/exclusive.hpp"

namespace wattline::sim {

TimeNs TimeSliced::Resident::left_after_ns(const Phase& phase) const {
  return static_cast<TimeNs>(Int128{time_ns} * (Phase::whole - phase.until_q) / Phase::whole);
}

TimeNs TimeSliced::Resident::until_stall_ns() const {
  for (std::size_t i = 1; i < phases.size(); ++i) {
    const TimeNs before_ns = left_after_ns(phases[i - 1]);
    const bool stall = phases[i].demand == Demand::nothing() && left_after_ns(phases[i]) < before_ns;
    if (stall) return left_ns - before_ns;
  }
  return left_ns;
}

void TimeSliced::Resident::come_to(TimeNs left_ns_now) {
  left_ns = left_ns_now;
  while (phases.size() > 1 && left_ns <= left_after_ns(phases.front())) phases = phases.subspan(1);
}

void TimeSliced::Resident::change(const PaceChange& pace) {
  time_ns = pace.left(time_ns);
  left_ns = std::max(pace.left(left_ns), left_after_ns(phases.front()) + 1);
  power_uw = pace.power(power_uw);
}

void TimeSliced::start(Tenant tenant, const MinibatchCost& cost, Phases phases, TimeNs now_ns) {
  Resident resident{tenant, cost.time_ns, cost.time_ns, cost.power_uw, phases};
  resident.come_to(cost.time_ns);
  go_on(resident, now_ns);
  if (turns_.size() == 1 && turn_due_ns_ == never) begin_turn(now_ns);
}

Tenant TimeSliced::advance(TimeNs now_ns) {
  return turn_due_ns_ == now_ns ? end_turn(now_ns) : end_stall(now_ns);
}

Tenant TimeSliced::end_turn(TimeNs now_ns) {
  if (changing_) {
    execute(now_ns);
    return Tenant::nobody();
  }
  Resident resident = turns_.front();
  turns_.pop_front();
  resident.come_to(resident.left_ns - (now_ns - progress_since_ns_));
  const bool ended = go_on(resident, now_ns);
  begin_turn(now_ns);
  return ended ? resident.tenant : Tenant::nobody();
}

Tenant TimeSliced::end_stall(TimeNs now_ns) {
  Resident resident = stalled_.front().resident;
  stalled_.erase(stalled_.begin());
  resident.come_to(resident.left_after_ns(resident.phases.front()));
  if (go_on(resident, now_ns)) return resident.tenant;
  if (turns_.size() == 1 && turn_due_ns_ == never) begin_turn(now_ns);
  return Tenant::nobody();
}

bool TimeSliced::go_on(const Resident& resident, TimeNs now_ns) {
  if (resident.left_ns == 0) return true;
  if (resident.stalls()) {
    const TimeNs until_ns = now_ns + resident.left_ns - resident.left_after_ns(resident.phases.front());
    const auto later = std::find_if(stalled_.begin(), stalled_.end(),
                                    [&](const Stalled& other) { return other.until_ns > until_ns; });
    stalled_.insert(later, {resident, until_ns});
    return false;
  }
  turns_.push_back(resident);
  // Where the first was alone, it has the GPU to the end of the slice that it is in.
  if (turns_.size() == 2 && !changing_ && turn_due_ns_ != never) {
    const TimeNs slices =
        std::max<TimeNs>(1, (now_ns - since_ns_ + options_.slice_ns - 1) / options_.slice_ns);
    slice_end_ns_ = since_ns_ + slices * options_.slice_ns;
    turn_due_ns_ = std::min(turn_due_ns_, slice_end_ns_);
  }
  return false;
}

void TimeSliced::begin_turn(TimeNs now_ns) {
  changing_ = false;
  turn_due_ns_ = never;
  if (turns_.empty()) return;
  const bool changes =
      executed_last_ != Tenant::nobody() && executed_last_ != turns_.front().tenant && options_.switch_ns > 0;
  if (!changes) {
    execute(now_ns);
    return;
  }
  changing_ = true;
  turn_due_ns_ = now_ns + options_.switch_ns;
}

void TimeSliced::execute(TimeNs now_ns) {
  changing_ = false;
  since_ns_ = now_ns;
  executed_last_ = turns_.front().tenant;
  slice_end_ns_ = turns_.size() > 1 ? now_ns + options_.slice_ns : never;
  progress_from(now_ns);
}

void TimeSliced::progress_from(TimeNs now_ns) {
  progress_since_ns_ = now_ns;
  turn_due_ns_ = std::min(slice_end_ns_, now_ns + turns_.front().until_stall_ns());
}

Activity TimeSliced::activity() const {
  if (turns_.empty()) return activity_of(stalled_.front().resident.tenant.work());
  return changing_ ? Activity::context_switch : activity_of(turns_.front().tenant.work());
}

const RailPowerUw& TimeSliced::power_uw(const OperatingPoint& device) {
  const RailPowerUw idle_uw = device.idle_power_uw();
  power_uw_ = idle_uw;
  const auto add = [&](const Resident& resident) {
    for (std::size_t rail = 0; rail < max_rails; ++rail)
      power_uw_[rail] += resident.power_uw[rail] - idle_uw[rail];
  };
  if (!turns_.empty() && !changing_) add(turns_.front());
  for (const Stalled& stalled : stalled_) add(stalled.resident);
  return power_uw_;
}

}  // namespace wattline::sim
