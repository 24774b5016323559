#include "experiments/run/scenario_point.hpp"

#include <cmath>

namespace wattline::experiments {

using sim::Phase;

ScenarioPoint::ScenarioPoint(devices::FixedOperatingPoint device, std::size_t streams,
                             sim::TimeNs serialised_ns, const std::vector<LoadedTraining*>& loaded,
                             sim::Variability& variability)
    : device_(std::move(device)), loaded_(loaded), variability_(variability) {
  for (std::size_t i = 0; i < streams; ++i) served_.push_back(prepare({sim::Work::infer, i}, serialised_ns));
  for (std::size_t i = 0; i < loaded.size(); ++i)
    trained_.push_back(prepare({sim::Work::train, i}, loaded[i] ? loaded[i]->full_copy_ns() : 0));
}

sim::MinibatchCost ScenarioPoint::with_idle_before(const sim::MinibatchCost& cost,
                                                   sim::TimeNs before_ns) const {
  const sim::RailPowerUw idle_uw = device_.idle_power_uw();
  sim::MinibatchCost with{cost.time_ns + before_ns, {}};
  for (std::size_t rail = 0; rail < sim::max_rails; ++rail) {
    const sim::Int128 energy_fj =
        sim::Int128{cost.power_uw[rail]} * cost.time_ns + sim::Int128{idle_uw[rail]} * before_ns;
    with.power_uw[rail] = static_cast<std::int64_t>((energy_fj + with.time_ns / 2) / with.time_ns);
  }
  return with;
}

ScenarioPoint::Prepared ScenarioPoint::prepare(sim::Tenant tenant, sim::TimeNs before_ns) {
  const sim::MinibatchCost device = device_.minibatch(tenant);
  const sim::Phases phases = device_.phases(tenant);
  Prepared prepared{device, {phases.begin(), phases.end()}};
  if (before_ns == 0) return prepared;
  prepared.cost = with_idle_before(device, before_ns);
  const auto at_q = [&](sim::Int128 of_time_ns_q) {
    return static_cast<std::uint64_t>(of_time_ns_q / prepared.cost.time_ns);
  };
  for (Phase& phase : prepared.phases)
    phase.until_q = at_q(sim::Int128{before_ns} * Phase::whole + sim::Int128{device.time_ns} * phase.until_q);
  prepared.phases.insert(prepared.phases.begin(),
                         {sim::Demand::nothing(), at_q(sim::Int128{before_ns} * Phase::whole)});
  return prepared;
}

sim::MinibatchCost ScenarioPoint::expected(sim::Tenant tenant) {
  return of(tenant).cost;
}

sim::MinibatchCost ScenarioPoint::minibatch(sim::Tenant tenant) {
  if (tenant.work() == sim::Work::infer || !loaded_[tenant.index()])
    return variability_.next(tenant, expected(tenant));
  return with_idle_before(variability_.next(tenant, device_.minibatch(tenant)),
                          loaded_[tenant.index()]->copy_ns());
}

sim::Phases ScenarioPoint::phases(sim::Tenant tenant) {
  return of(tenant).phases;
}

}  // namespace wattline::experiments
