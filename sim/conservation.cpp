#include <fmt/format.h>

#include "sim/accelerator.hpp"

namespace wattline::sim {

namespace {

MaybeError broken(const char* law) {
  return failure(fmt::format("conservation law broken: {}", law));
}

bool conserved(const MinibatchCounts& counts) {
  return counts.started == counts.finished + counts.in_flight;
}

}  // namespace

MaybeError check_conservation(const RunResult& result) {
  if (result.requests_arrived != result.requests_completed + result.requests_pending ||
      result.latency_ns.count() != result.requests_completed) {
    return broken("requests arrived = completed + pending");
  }
  if (!conserved(result.infer)) return broken("inference minibatches started = finished + in flight");
  if (!conserved(result.train)) return broken("training minibatches started = finished + in flight");

  const EnergyMeter& energy = result.energy;
  TimeNs time_ns = 0;
  Int128 by_activity_fj = 0;
  for (const Activity activity :
       {Activity::idle, Activity::infer, Activity::train, Activity::switching, Activity::profiling}) {
    time_ns += energy.time_ns(activity);
    by_activity_fj += energy.activity_fj(activity);
  }
  if (time_ns != result.simulated_ns)
    return broken("idle + infer + train + switching + profiling = simulated time");
  Int128 by_rail_fj = 0;
  for (std::size_t rail = 0; rail < max_rails; ++rail) by_rail_fj += energy.rail_fj(rail);
  if (by_rail_fj != energy.total_fj()) return broken("sum of rail energies = total energy");
  if (by_activity_fj != energy.total_fj()) return broken("sum of energies by activity = total energy");
  return std::nullopt;
}

}  // namespace wattline::sim
