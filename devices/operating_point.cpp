#include "devices/operating_point.hpp"

namespace wattline::devices {

Result<FixedOperatingPoint> FixedOperatingPoint::make(const CostModel& model, const PowerMode& mode,
                                                      const std::optional<MinibatchOf>& infer,
                                                      const std::optional<MinibatchOf>& train,
                                                      workloads::Role train_role) {
  FixedOperatingPoint point;
  const auto idle_w = model.idle_power_w(mode);
  if (!idle_w) return idle_w.error();
  point.idle_power_uw_ = to_microwatts(*idle_w);
  if (infer) {
    const auto cost = model.minibatch(infer->workload, workloads::Role::infer, infer->batch, mode);
    if (!cost) return cost.error();
    point.infer_ = {cost->time_ns, to_microwatts(cost->power_w)};
  }
  if (train) {
    const auto cost = model.minibatch(train->workload, train_role, train->batch, mode);
    if (!cost) return cost.error();
    point.train_ = {cost->time_ns, to_microwatts(cost->power_w)};
  }
  return point;
}

}  // namespace wattline::devices
