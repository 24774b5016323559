#include "experiments/reference_queue.hpp"

#include "workloads/arrivals.hpp"

namespace wattline::experiments {

namespace {

class ReferencePoint final : public sim::OperatingPoint {
 public:
  sim::MinibatchCost minibatch(sim::Work work) override {
    return {work == sim::Work::infer ? 40 * sim::ns_per_ms : 35 * sim::ns_per_ms, {}};
  }
  sim::RailPowerUw idle_power_uw() const override { return {}; }
};

}  // namespace

Result<sim::RunResult> run_reference_queue(std::uint64_t requests, std::uint64_t seed) {
  constexpr double rate_hz = 60;
  ReferencePoint point;
  sim::AcceleratorOptions options;
  sim::Configuration configuration;
  configuration.point = &point;
  configuration.rule.infer_batch = 16;
  configuration.rule.trains = true;
  configuration.rule.train_time_ns = 35 * sim::ns_per_ms;
  configuration.rule.expected_rate_hz = rate_hz;
  options.configurations.push_back(configuration);
  workloads::PoissonArrivals arrivals(rate_hz, sim::RandomStream(seed, "arrivals"), requests);
  return sim::run_accelerator(options, &arrivals);
}

}  // namespace wattline::experiments
