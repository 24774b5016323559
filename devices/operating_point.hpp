// A cost model at one power mode, as the simulated accelerator wants it.
#pragma once

#include <optional>
#include <string>

#include "devices/cost_model.hpp"
#include "sim/accelerator.hpp"

namespace wattline::devices {

// Which minibatch of a workload a device executes.
struct MinibatchOf {
  std::string workload;
  std::int64_t batch = 0;
};

// Costs that do not vary from minibatch to minibatch. Immutable after construction.
class FixedOperatingPoint final : public sim::OperatingPoint {
 public:
  // `train_role`: as what the second workload runs, where non-urgent inference takes training's place. Errors
  // are the cost model's.
  static Result<FixedOperatingPoint> make(const CostModel& model, const PowerMode& mode,
                                          const std::optional<MinibatchOf>& infer,
                                          const std::optional<MinibatchOf>& train,
                                          workloads::Role train_role = workloads::Role::train);

  sim::MinibatchCost minibatch(sim::Work work) override { return work == sim::Work::infer ? infer_ : train_; }
  sim::RailPowerUw idle_power_uw() const override { return idle_power_uw_; }
  sim::TimeNs train_time_ns() const { return train_.time_ns; }
  sim::TimeNs infer_time_ns() const { return infer_.time_ns; }

 private:
  FixedOperatingPoint() = default;
  sim::MinibatchCost infer_;
  sim::MinibatchCost train_;
  sim::RailPowerUw idle_power_uw_{};
};

}  // namespace wattline::devices
