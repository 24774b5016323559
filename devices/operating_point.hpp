// A cost model at one power mode, as the simulated accelerator wants it.
#pragma once

#include <string>
#include <vector>

#include "devices/cost_model.hpp"
#include "sim/operating_point.hpp"

namespace wattline::devices {

// Which minibatch of a workload a tenant of the device executes.
struct MinibatchOf {
  std::string workload;
  std::int64_t batch = 0;
  workloads::Role role = workloads::Role::infer;
};

// Costs that do not vary from minibatch to minibatch. Immutable after construction.
class FixedOperatingPoint final : public sim::OperatingPoint {
 public:
  // What the streams serve and what the training jobs execute: non-urgent inference may take training's
  // place. Errors are the cost model's. `side_by_side`: also what each wants of the GPU's units, which only a
  // model that counts kernels can say.
  static Result<FixedOperatingPoint> make(const CostModel& model, const PowerMode& mode,
                                          const std::vector<MinibatchOf>& streams,
                                          const std::vector<MinibatchOf>& training,
                                          bool side_by_side = false);

  // Precondition: the tenant is one of those of make().
  sim::MinibatchCost minibatch(sim::Tenant tenant) override {
    return (tenant.work() == sim::Work::infer ? streams_ : training_)[tenant.index()];
  }
  // Only where made for side_by_side; else nothing is known and all of the GPU is wanted.
  sim::Demand demand(sim::Tenant tenant) override {
    const auto& demands = tenant.work() == sim::Work::infer ? stream_demands_ : training_demands_;
    return tenant.index() < demands.size() ? demands[tenant.index()] : sim::Demand{};
  }
  sim::RailPowerUw idle_power_uw() const override { return idle_power_uw_; }
  // 0 where there is no such job.
  sim::TimeNs train_time_ns(std::size_t job = 0) const {
    return job < training_.size() ? training_[job].time_ns : 0;
  }

 private:
  FixedOperatingPoint() = default;
  std::vector<sim::MinibatchCost> streams_;
  std::vector<sim::MinibatchCost> training_;
  std::vector<sim::Demand> stream_demands_;
  std::vector<sim::Demand> training_demands_;
  sim::RailPowerUw idle_power_uw_{};
};

}  // namespace wattline::devices
