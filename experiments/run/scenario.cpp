#include "experiments/run/scenario.hpp"

#include <fmt/format.h>

#include <map>

namespace wattline::experiments {

namespace {

using devices::FixedOperatingPoint;

// A point whose inference minibatches take the serialised serving overhead longer, at idle power: the
// minibatch's mean power falls accordingly (rounded to the microwatt).
class ServedPoint final : public sim::OperatingPoint {
 public:
  ServedPoint(FixedOperatingPoint device, sim::TimeNs serialised_ns)
      : device_(std::move(device)), serialised_ns_(serialised_ns) {}

  sim::MinibatchCost minibatch(sim::Tenant tenant) override {
    sim::MinibatchCost cost = device_.minibatch(tenant);
    if (tenant.work() == sim::Work::train || serialised_ns_ == 0) return cost;
    const sim::RailPowerUw idle_uw = device_.idle_power_uw();
    const sim::TimeNs time_ns = cost.time_ns + serialised_ns_;
    for (std::size_t rail = 0; rail < sim::max_rails; ++rail) {
      const sim::Int128 energy_fj =
          sim::Int128{cost.power_uw[rail]} * cost.time_ns + sim::Int128{idle_uw[rail]} * serialised_ns_;
      cost.power_uw[rail] = static_cast<std::int64_t>((energy_fj + time_ns / 2) / time_ns);
    }
    cost.time_ns = time_ns;
    return cost;
  }
  // Of the serialised overhead nothing is wanted.
  sim::Demand demand(sim::Tenant tenant) override {
    sim::Demand demand = device_.demand(tenant);
    if (tenant.work() == sim::Work::train || serialised_ns_ == 0) return demand;
    const auto device_ns = static_cast<double>(device_.minibatch(tenant).time_ns);
    const double share = device_ns / (device_ns + static_cast<double>(serialised_ns_));
    for (double* wanted :
         {&demand.compute_busy, &demand.memory_busy, &demand.compute_bound, &demand.memory_bound})
      *wanted *= share;
    return demand;
  }
  sim::RailPowerUw idle_power_uw() const override { return device_.idle_power_uw(); }
  sim::TimeNs train_time_ns(std::size_t job) const { return device_.train_time_ns(job); }

 private:
  FixedOperatingPoint device_;
  sim::TimeNs serialised_ns_;
};

// One operating point for each (mode, batches) of the scenario: a phase that changes neither keeps the
// same one, and so pays for no mode switch.
class OperatingPoints {
 public:
  explicit OperatingPoints(const Scenario& scenario) : scenario_(scenario) {}

  Result<ServedPoint*> at(const ScenarioPhase& phase) {
    const auto key = std::pair{phase.mode, phase.infer_batch};
    if (const auto known = points_.find(key); known != points_.end()) return known->second.get();
    std::vector<devices::MinibatchOf> streams, training;
    for (std::size_t i = 0; i < scenario_.streams.size(); ++i)
      streams.push_back({scenario_.streams[i].workload, phase.infer_batch[i], workloads::Role::infer});
    for (const ScenarioJob& job : scenario_.training)
      training.push_back({job.workload, job.batch, workloads::Role::train});
    const bool side_by_side = std::holds_alternative<sim::CudaStreams>(scenario_.dispatcher);
    auto point =
        FixedOperatingPoint::make(*scenario_.board.truth, phase.mode, streams, training, side_by_side);
    if (!point) return point.error();
    auto served = std::make_unique<ServedPoint>(*std::move(point), scenario_.serving_overhead.serialised_ns);
    return points_.emplace(key, std::move(served)).first->second.get();
  }

 private:
  const Scenario& scenario_;
  std::map<std::pair<devices::PowerMode, std::vector<std::int64_t>>, std::unique_ptr<ServedPoint>> points_;
};

sim::Configuration configuration_of(const Scenario& scenario, const ScenarioPhase& phase,
                                    ServedPoint& point) {
  sim::Configuration configuration;
  configuration.start_ns = phase.start_ns;
  configuration.point = &point;
  for (std::size_t i = 0; i < scenario.streams.size(); ++i)
    configuration.serving.push_back({.batch = phase.infer_batch[i],
                                     .max_wait_ns = scenario.streams[i].max_wait_ns,
                                     .only_after_wait = scenario.streams[i].only_after_wait,
                                     .expected_rate_hz = phase.expected_rate_hz[i]});
  for (std::size_t i = 0; i < scenario.training.size(); ++i)
    configuration.training.push_back(
        {.trains = true, .time_ns = point.train_time_ns(i), .max_per_cycle = phase.train_per_cycle[i]});
  return configuration;
}

// The arrivals of all streams, and the logs that they point into.
struct Arrivals {
  std::vector<std::vector<sim::TimeNs>> logs_ns;
  std::vector<std::unique_ptr<sim::ArrivalProcess>> processes;
};

Result<Arrivals> arrivals_of(const Scenario& scenario) {
  Arrivals all;
  for (const ScenarioStream& stream : scenario.streams) {
    auto log_ns = instants_at_rate(stream.arrivals, stream.arrivals.rate_hz);
    if (!log_ns) return log_ns.error();
    all.logs_ns.push_back(*std::move(log_ns));
  }
  for (std::size_t i = 0; i < scenario.streams.size(); ++i) {
    const ArrivalSource& source = scenario.streams[i].arrivals;
    all.processes.push_back(make_arrivals(source, source.rate_hz, scenario.seed, all.logs_ns[i],
                                          i == 0 ? "arrivals" : fmt::format("arrivals/{}", i)));
  }
  return all;
}

}  // namespace

Result<sim::RunResult> run_scenario(const Scenario& scenario) {
  OperatingPoints points(scenario);
  sim::AcceleratorOptions options;
  options.dispatcher = scenario.dispatcher;
  for (std::size_t i = 0; i < scenario.phases.size(); ++i) {
    const ScenarioPhase& phase = scenario.phases[i];
    const auto point = points.at(phase);
    if (!point) return point.error();
    const devices::PowerMode before = scenario.phases[i > 0 ? i - 1 : 0].mode;
    sim::Configuration configuration = configuration_of(scenario, phase, **point);
    configuration.switch_ns = before == phase.mode ? 0 : scenario.mode_switch_ns;
    if (before.active_sms != phase.mode.active_sms) configuration.switch_ns += scenario.reboot_ns;
    options.configurations.push_back(std::move(configuration));
  }
  const auto arrivals = arrivals_of(scenario);
  if (!arrivals) return arrivals.error();
  for (std::size_t i = 0; i < scenario.streams.size(); ++i) {
    const ScenarioStream& stream = scenario.streams[i];
    options.streams.push_back({.arrivals = arrivals->processes[i].get(),
                               .latency_budget_ns = stream.latency_budget_ns,
                               .priority = stream.priority,
                               .admission_limit = stream.admission_limit.value_or(INT64_MAX)});
  }
  for (const ScenarioJob& job : scenario.training) options.training.push_back({.priority = job.priority});
  options.end_ns = scenario.duration_ns;
  options.max_waiting = scenario.max_waiting;
  return sim::run_accelerator(options);
}

}  // namespace wattline::experiments
