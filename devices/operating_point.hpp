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
  // Training: whether a pipeline beside the device loads its data, so that the device only computes.
  bool data_loaded = false;
};

// Costs that do not vary from minibatch to minibatch. Immutable after construction.
class FixedOperatingPoint final : public sim::OperatingPoint {
 public:
  // Whether what each wants of the GPU is asked for as well: for dispatchers that let minibatches share it. A
  // model that does not count kernels cannot say; `if_known` then takes it that all of the GPU is wanted, and
  // `needed` is an error.
  enum class Sharing { none, if_known, needed };

  // What the streams serve and what the training jobs execute: non-urgent inference may take training's
  // place. Errors are the cost model's, and data that are loaded where the model cannot tell that apart.
  static Result<FixedOperatingPoint> make(const CostModel& model, const PowerMode& mode,
                                          const std::vector<MinibatchOf>& streams,
                                          const std::vector<MinibatchOf>& training,
                                          Sharing sharing = Sharing::none);

  // Precondition: the tenant is one of those of make().
  sim::MinibatchCost minibatch(sim::Tenant tenant) override {
    return (tenant.work() == sim::Work::infer ? streams_ : training_)[tenant.index()];
  }
  // All of the GPU where nothing is known, or nothing was asked.
  sim::Phases phases(sim::Tenant tenant) override {
    const auto& known = tenant.work() == sim::Work::infer ? stream_phases_ : training_phases_;
    return tenant.index() < known.size() ? sim::Phases(known[tenant.index()]) : sim::Phases(sim::one_phase);
  }
  sim::RailPowerUw idle_power_uw() const override { return idle_power_uw_; }
  sim::LoadingCpu loading_cpu() const override { return loading_cpu_; }
  sim::RailPowerUw busy_power_uw() const override { return busy_power_uw_; }
  // 0 where there is no such job.
  sim::TimeNs train_time_ns(std::size_t job = 0) const {
    return job < training_.size() ? training_[job].time_ns : 0;
  }

 private:
  FixedOperatingPoint() = default;
  std::vector<sim::MinibatchCost> streams_;
  std::vector<sim::MinibatchCost> training_;
  std::vector<std::vector<sim::Phase>> stream_phases_;
  std::vector<std::vector<sim::Phase>> training_phases_;
  sim::RailPowerUw idle_power_uw_{};
  sim::LoadingCpu loading_cpu_;
  sim::RailPowerUw busy_power_uw_{};
};

}  // namespace wattline::devices
