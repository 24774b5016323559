#include "sim/run_result.hpp"

#include <fmt/format.h>

namespace wattline::sim {

namespace {

MaybeError broken(const char* law) {
  return failure(fmt::format("conservation law broken: {}", law));
}

bool conserved(const MinibatchCounts& counts) {
  return counts.started == counts.finished + counts.in_flight;
}

void add(MinibatchCounts& sum, const MinibatchCounts& counts) {
  sum.started += counts.started;
  sum.finished += counts.finished;
  sum.in_flight += counts.in_flight;
}

}  // namespace

RequestCounts RunResult::requests() const {
  RequestCounts sum;
  for (const StreamResult& stream : streams) {
    sum.arrived += stream.requests.arrived;
    sum.completed += stream.requests.completed;
    sum.dropped += stream.requests.dropped;
    sum.pending += stream.requests.pending;
    sum.late += stream.requests.late;
    sum.overdue += stream.requests.overdue;
  }
  return sum;
}

MinibatchCounts RunResult::infer() const {
  MinibatchCounts sum;
  for (const StreamResult& stream : streams) add(sum, stream.minibatches);
  return sum;
}

MinibatchCounts RunResult::train() const {
  MinibatchCounts sum;
  for (const MinibatchCounts& job : training) add(sum, job);
  return sum;
}

MaybeError check_conservation(const RunResult& result) {
  for (const StreamResult& stream : result.streams) {
    if (stream.requests.arrived !=
            stream.requests.completed + stream.requests.dropped + stream.requests.pending ||
        stream.latency_ns.count() != stream.requests.completed) {
      return broken("requests arrived = completed + dropped + pending");
    }
    if (!conserved(stream.minibatches)) return broken("inference minibatches started = finished + in flight");
  }
  for (const MinibatchCounts& job : result.training)
    if (!conserved(job)) return broken("training minibatches started = finished + in flight");

  const EnergyMeter& energy = result.energy;
  TimeNs time_ns = 0;
  Int128 by_activity_fj = 0;
  for (const Activity activity : all_activities) {
    time_ns += energy.time_ns(activity);
    by_activity_fj += energy.activity_fj(activity);
  }
  if (time_ns != result.simulated_ns) return broken("times of all activities = simulated time");
  Int128 by_rail_fj = 0;
  for (std::size_t rail = 0; rail < max_rails; ++rail) by_rail_fj += energy.rail_fj(rail);
  if (by_rail_fj != energy.total_fj()) return broken("sum of rail energies = total energy");
  if (by_activity_fj != energy.total_fj()) return broken("sum of energies by activity = total energy");
  return std::nullopt;
}

}  // namespace wattline::sim
