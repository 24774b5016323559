#include "devices/operating_point.hpp"

namespace wattline::devices {

namespace {

Result<std::vector<sim::MinibatchCost>> costs_of(const CostModel& model, const PowerMode& mode,
                                                 const std::vector<MinibatchOf>& minibatches) {
  std::vector<sim::MinibatchCost> costs;
  for (const MinibatchOf& each : minibatches) {
    const auto cost = model.minibatch(each.workload, each.role, each.batch, mode);
    if (!cost) return cost.error();
    costs.push_back({cost->time_ns, to_microwatts(cost->power_w)});
  }
  return costs;
}

Result<std::vector<sim::Demand>> demands_of(const CostModel& model, const PowerMode& mode,
                                            const std::vector<MinibatchOf>& minibatches) {
  std::vector<sim::Demand> demands;
  for (const MinibatchOf& each : minibatches) {
    const auto demand = model.demand(each.workload, each.role, each.batch, mode);
    if (!demand) return demand.error();
    demands.push_back(*demand);
  }
  return demands;
}

}  // namespace

Result<FixedOperatingPoint> FixedOperatingPoint::make(const CostModel& model, const PowerMode& mode,
                                                      const std::vector<MinibatchOf>& streams,
                                                      const std::vector<MinibatchOf>& training,
                                                      bool side_by_side) {
  FixedOperatingPoint point;
  const auto idle_w = model.idle_power_w(mode);
  if (!idle_w) return idle_w.error();
  point.idle_power_uw_ = to_microwatts(*idle_w);
  auto served = costs_of(model, mode, streams);
  if (!served) return served.error();
  auto trained = costs_of(model, mode, training);
  if (!trained) return trained.error();
  point.streams_ = *std::move(served);
  point.training_ = *std::move(trained);
  if (!side_by_side) return point;
  auto stream_demands = demands_of(model, mode, streams);
  if (!stream_demands) return stream_demands.error();
  auto training_demands = demands_of(model, mode, training);
  if (!training_demands) return training_demands.error();
  point.stream_demands_ = *std::move(stream_demands);
  point.training_demands_ = *std::move(training_demands);
  return point;
}

}  // namespace wattline::devices
