#include "experiments/run/scenario_point.hpp"

#include <cmath>

namespace wattline::experiments {

using sim::Phase;

ScenarioPoint::ScenarioPoint(devices::FixedOperatingPoint device, std::size_t streams,
                             sim::TimeNs serialised_ns, sim::Variability& variability)
    : device_(std::move(device)), variability_(variability) {
  for (std::size_t i = 0; i < streams; ++i) served_.push_back(serve({sim::Work::infer, i}, serialised_ns));
}

ScenarioPoint::Served ScenarioPoint::serve(sim::Tenant stream, sim::TimeNs serialised_ns) {
  const sim::MinibatchCost device = device_.minibatch(stream);
  const sim::Phases phases = device_.phases(stream);
  Served served{device, {phases.begin(), phases.end()}};
  if (serialised_ns == 0) return served;
  const sim::RailPowerUw idle_uw = device_.idle_power_uw();
  const sim::TimeNs time_ns = device.time_ns + serialised_ns;
  for (std::size_t rail = 0; rail < sim::max_rails; ++rail) {
    const sim::Int128 energy_fj =
        sim::Int128{device.power_uw[rail]} * device.time_ns + sim::Int128{idle_uw[rail]} * serialised_ns;
    served.cost.power_uw[rail] = static_cast<std::int64_t>((energy_fj + time_ns / 2) / time_ns);
  }
  served.cost.time_ns = time_ns;
  const auto at_q = [&](sim::Int128 of_time_ns_q) {
    return static_cast<std::uint64_t>(of_time_ns_q / time_ns);
  };
  for (Phase& phase : served.phases)
    phase.until_q =
        at_q(sim::Int128{serialised_ns} * Phase::whole + sim::Int128{device.time_ns} * phase.until_q);
  served.phases.insert(served.phases.begin(),
                       {sim::Demand::nothing(), at_q(sim::Int128{serialised_ns} * Phase::whole)});
  return served;
}

sim::MinibatchCost ScenarioPoint::expected(sim::Tenant tenant) {
  return tenant.work() == sim::Work::infer ? served_[tenant.index()].cost : device_.minibatch(tenant);
}

sim::MinibatchCost ScenarioPoint::minibatch(sim::Tenant tenant) {
  return variability_.next(tenant, expected(tenant));
}

sim::Phases ScenarioPoint::phases(sim::Tenant tenant) {
  return tenant.work() == sim::Work::infer ? sim::Phases(served_[tenant.index()].phases)
                                           : device_.phases(tenant);
}

}  // namespace wattline::experiments
