#include "experiments/run/scenario.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "experiments/run/observers.hpp"
#include "experiments/run/scenario_point.hpp"

namespace wattline::experiments {

namespace {

using devices::FixedOperatingPoint;

// One operating point for each (mode, batches) of the scenario: a phase that changes neither keeps the
// same one, and so pays for no mode switch.
class OperatingPoints {
 public:
  using Key = std::pair<devices::PowerMode, std::vector<std::int64_t>>;

  explicit OperatingPoints(const Scenario& scenario)
      : scenario_(scenario),
        variability_(scenario.variability, scenario.seed, scenario.streams.size(), scenario.training.size()) {
  }

  Result<ScenarioPoint*> at(const ScenarioPhase& phase) { return at(Key{phase.mode, phase.infer_batch}); }

  devices::PowerMode mode_of(const sim::OperatingPoint& point) const { return key_of(point).first; }
  // With the batches of the point, in another mode.
  Result<sim::OperatingPoint*> in_mode(const sim::OperatingPoint& point, const devices::PowerMode& mode) {
    const auto other = at({mode, key_of(point).second});
    if (!other) return other.error();
    return static_cast<sim::OperatingPoint*>(*other);
  }

 private:
  Result<ScenarioPoint*> at(const Key& key) {
    if (const auto known = points_.find(key); known != points_.end()) return known->second.get();
    std::vector<devices::MinibatchOf> streams, training;
    for (std::size_t i = 0; i < scenario_.streams.size(); ++i)
      streams.push_back({scenario_.streams[i].workload, key.second[i], workloads::Role::infer});
    for (const ScenarioJob& job : scenario_.training)
      training.push_back({job.workload, job.batch, workloads::Role::train});
    auto point = FixedOperatingPoint::make(*scenario_.board.truth, key.first, streams, training, sharing());
    if (!point) return point.error();
    auto made = std::make_unique<ScenarioPoint>(*std::move(point), streams.size(),
                                                scenario_.serving_overhead.serialised_ns, variability_);
    return points_.emplace(key, std::move(made)).first->second.get();
  }

  Key key_of(const sim::OperatingPoint& point) const {
    return std::find_if(points_.begin(), points_.end(),
                        [&](const auto& known) { return known.second.get() == &point; })
        ->first;
  }

  // How kernels meet, where they do, is the roofline's; a time slice can do without.
  FixedOperatingPoint::Sharing sharing() const {
    using Sharing = FixedOperatingPoint::Sharing;
    if (std::holds_alternative<sim::CudaStreams>(scenario_.dispatcher)) return Sharing::needed;
    return std::holds_alternative<sim::TimeSlicing>(scenario_.dispatcher) ? Sharing::if_known : Sharing::none;
  }

  const Scenario& scenario_;
  sim::Variability variability_;
  std::map<Key, std::unique_ptr<ScenarioPoint>> points_;
};

sim::Configuration configuration_of(const Scenario& scenario, const ScenarioPhase& phase,
                                    ScenarioPoint& point) {
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

// Nothing where the scenario does not ask for it. The board idles in the first configuration beforehand.
Result<std::optional<SensorLog>> sensor_log_of(const Scenario& scenario, const sim::Configuration& first) {
  if (!scenario.sensor) return std::optional<SensorLog>();
  const sim::TimeNs settle_ns = std::llround(scenario.board.spec->switching.settle_s * 1e9);
  auto log = SensorLog::make(*scenario.sensor, first.point->idle_power_uw(), settle_ns);
  if (!log) return log.error();
  return std::optional(*std::move(log));
}

}  // namespace

Result<ScenarioRun> run_scenario(const Scenario& scenario) {
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
  options.energy_budget_fj = scenario.energy_budget_fj;
  options.max_waiting = scenario.max_waiting;
  Observers observers;
  auto sensor = sensor_log_of(scenario, options.configurations.front());
  if (!sensor) return sensor.error();
  if (*sensor) observers.add(&**sensor);
  if (!observers.empty()) options.observer = &observers;
  const auto recorded = [&] { return *sensor ? std::optional((*sensor)->record()) : std::nullopt; };
  if (!scenario.thermal) {
    auto cool = sim::run_accelerator(options);
    if (!cool) return cool.error();
    return ScenarioRun{*std::move(cool), std::nullopt, recorded()};
  }
  ThermalWatch watch(
      *scenario.thermal, scenario.board.spec->clock_tables,
      [&](sim::OperatingPoint& point) { return points.mode_of(point); },
      [&](sim::OperatingPoint& point, const devices::PowerMode& mode) {
        return points.in_mode(point, mode);
      });
  options.supervisor = &watch;
  auto run = sim::run_accelerator(options);
  if (watch.error()) return *watch.error();
  if (!run) return run.error();
  return ScenarioRun{*std::move(run), watch.record(), recorded()};
}

}  // namespace wattline::experiments
