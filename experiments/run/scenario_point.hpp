// What minibatches cost in one phase of a scenario: the device's costs, the serialised serving overhead, and
// how they vary.
#pragma once

#include <vector>

#include "devices/operating_point.hpp"
#include "sim/variability.hpp"

namespace wattline::experiments {

// Inference minibatches take the serialised overhead longer: it comes first, draws idle power and wants
// nothing of the GPU. The minibatch's mean power falls accordingly (rounded to the microwatt).
class ScenarioPoint final : public sim::OperatingPoint {
 public:
  // `variability` is the run's, shared by all of its points; borrowed.
  ScenarioPoint(devices::FixedOperatingPoint device, std::size_t streams, sim::TimeNs serialised_ns,
                sim::Variability& variability);

  sim::MinibatchCost minibatch(sim::Tenant tenant) override;
  sim::MinibatchCost expected(sim::Tenant tenant) override;
  sim::Phases phases(sim::Tenant tenant) override;
  sim::RailPowerUw idle_power_uw() const override { return device_.idle_power_uw(); }
  sim::TimeNs train_time_ns(std::size_t job) const { return device_.train_time_ns(job); }

 private:
  struct Served {  // of a stream, with the overhead
    sim::MinibatchCost cost;
    std::vector<sim::Phase> phases;
  };
  Served serve(sim::Tenant stream, sim::TimeNs serialised_ns);

  devices::FixedOperatingPoint device_;
  std::vector<Served> served_;  // by stream
  sim::Variability& variability_;
};

}  // namespace wattline::experiments
