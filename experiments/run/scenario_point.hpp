// What minibatches cost in one phase of a scenario: the device's costs, the serialised serving overhead, the
// copy of training data to the GPU, and how they vary.
#pragma once

#include <vector>

#include "devices/operating_point.hpp"
#include "experiments/run/loaded_training.hpp"
#include "sim/variability.hpp"

namespace wattline::experiments {

// Inference minibatches take the serialised overhead longer, and training minibatches that are loaded their
// copy to the GPU: it comes first, draws idle power and wants nothing of the GPU. The minibatch's mean power
// falls accordingly (rounded to the microwatt). What a copy draws is left out, and phases are those with the
// copy of a full minibatch: our reading.
class ScenarioPoint final : public sim::OperatingPoint {
 public:
  // `loaded`: what loads the data of each training job, null where nothing does. They and `variability` are
  // the run's, shared by all of its points; borrowed.
  ScenarioPoint(devices::FixedOperatingPoint device, std::size_t streams, sim::TimeNs serialised_ns,
                const std::vector<LoadedTraining*>& loaded, sim::Variability& variability);

  sim::MinibatchCost minibatch(sim::Tenant tenant) override;
  sim::MinibatchCost expected(sim::Tenant tenant) override;
  sim::Phases phases(sim::Tenant tenant) override;
  sim::RailPowerUw idle_power_uw() const override { return device_.idle_power_uw(); }
  sim::LoadingCpu loading_cpu() const override { return device_.loading_cpu(); }
  // Of a full minibatch, with its copy.
  sim::TimeNs train_time_ns(std::size_t job) const { return trained_[job].cost.time_ns; }
  sim::RailPowerUw busy_power_uw() const override { return device_.busy_power_uw(); }

 private:
  struct Prepared {  // of a tenant, with what comes before the device computes
    sim::MinibatchCost cost;
    std::vector<sim::Phase> phases;
  };
  Prepared prepare(sim::Tenant tenant, sim::TimeNs before_ns);
  sim::MinibatchCost with_idle_before(const sim::MinibatchCost& cost, sim::TimeNs before_ns) const;
  const Prepared& of(sim::Tenant tenant) const {
    return (tenant.work() == sim::Work::infer ? served_ : trained_)[tenant.index()];
  }

  devices::FixedOperatingPoint device_;
  std::vector<Prepared> served_;   // by stream
  std::vector<Prepared> trained_;  // by job
  std::vector<LoadedTraining*> loaded_;
  sim::Variability& variability_;
};

}  // namespace wattline::experiments
