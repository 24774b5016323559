#include "sim/residents/concurrent.hpp"

#include <algorithm>

#include "sim/residents/exclusive.hpp"

namespace wattline::sim {

namespace {

constexpr int fraction_bits = 32;

}  // namespace

double Concurrent::slowdown(const Demand& demand, double compute_wanted, double memory_wanted,
                            std::size_t others, double interference) {
  const double neither = 1 - demand.compute_bound - demand.memory_bound;
  const double units = demand.compute_bound * std::max(1.0, compute_wanted) +
                       demand.memory_bound * std::max(1.0, memory_wanted) + neither;
  return std::max(1.0, units) * (1 + interference * static_cast<double>(others));
}

void Concurrent::Resident::change(const PaceChange& pace) {
  time_ns = pace.left(time_ns);
  const auto scaled_q = static_cast<Int128>(static_cast<double>(left_q) * pace.time_factor());
  left_q = std::max(scaled_q, left_after_phase_q() + 1);
  power_uw = pace.power(power_uw);
}

void Concurrent::start(Tenant tenant, const MinibatchCost& cost, Phases phases, TimeNs now_ns) {
  advance_all(now_ns);
  residents_.push_back(
      {tenant, cost.time_ns, cost.power_uw, phases, Int128{cost.time_ns} << fraction_bits, 0});
  set_rates(now_ns);
}

Tenant Concurrent::advance(TimeNs now_ns) {
  advance_all(now_ns);
  const auto ended = std::find_if(residents_.begin(), residents_.end(),
                                  [](const Resident& resident) { return resident.left_q == 0; });
  // None has where only a phase ended, or where one was slowed down beyond the longest time.
  const Tenant tenant = ended == residents_.end() ? Tenant::nobody() : ended->tenant;
  if (ended != residents_.end()) residents_.erase(ended);
  set_rates(now_ns);
  return tenant;
}

void Concurrent::advance_all(TimeNs now_ns) {
  for (Resident& resident : residents_) {
    const Int128 done_q = Int128{resident.rate_q} * (now_ns - since_ns_);
    resident.left_q = std::max<Int128>(0, resident.left_q - done_q);
    while (resident.phases.size() > 1 && resident.left_q <= resident.left_after_phase_q())
      resident.phases = resident.phases.subspan(1);
  }
  since_ns_ = now_ns;
}

void Concurrent::set_rates(TimeNs now_ns) {
  double compute_wanted = 0, memory_wanted = 0;
  for (const Resident& resident : residents_) {
    compute_wanted += resident.demand().compute_busy;
    memory_wanted += resident.demand().memory_busy;
  }
  due_ns_ = never;
  for (Resident& resident : residents_) {
    const double factor = slowdown(resident.demand(), compute_wanted, memory_wanted, residents_.size() - 1,
                                   options_.interference);
    resident.rate_q = std::max<std::uint64_t>(
        1, static_cast<std::uint64_t>(static_cast<double>(std::uint64_t{1} << fraction_bits) / factor));
    const Int128 left_q = std::max<Int128>(0, resident.left_q - resident.left_after_phase_q());
    const Int128 left_ns = (left_q + resident.rate_q - 1) / resident.rate_q;
    due_ns_ =
        std::min<TimeNs>(due_ns_, now_ns + static_cast<TimeNs>(std::min<Int128>(left_ns, longest_time_ns)));
  }
}

Activity Concurrent::activity() const {
  const Work first = residents_.front().tenant.work();
  const bool alike = std::all_of(residents_.begin(), residents_.end(),
                                 [&](const Resident& resident) { return resident.tenant.work() == first; });
  return alike ? activity_of(first) : Activity::shared;
}

const RailPowerUw& Concurrent::power_uw(const OperatingPoint& device) {
  const RailPowerUw idle_uw = device.idle_power_uw(), busy_uw = device.busy_power_uw();
  for (std::size_t rail = 0; rail < max_rails; ++rail) {
    std::int64_t least_uw = idle_uw[rail];
    Int128 clocks_q = 0, work_q = 0;  // above idle power, in 2^-32 uW
    for (const Resident& resident : residents_) {
      const std::int64_t alone_uw = resident.power_uw[rail];
      least_uw = std::min(least_uw, alone_uw);
      clocks_q += Int128{std::min(alone_uw, busy_uw[rail]) - idle_uw[rail]} * resident.rate_q;
      work_q += Int128{std::max<std::int64_t>(0, alone_uw - busy_uw[rail])} * resident.rate_q;
    }
    clocks_q = std::min(clocks_q, Int128{busy_uw[rail] - idle_uw[rail]} << fraction_bits);
    const auto above_uw = static_cast<std::int64_t>((clocks_q + work_q) >> fraction_bits);
    power_uw_[rail] = std::max(least_uw, idle_uw[rail] + above_uw);
  }
  return power_uw_;
}

}  // namespace wattline::sim
