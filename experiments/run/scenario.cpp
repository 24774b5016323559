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

  OperatingPoints(const Scenario& scenario, std::vector<LoadedTraining*> loaded)
      : scenario_(scenario),
        loaded_(std::move(loaded)),
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
      training.push_back({job.workload, job.batch, workloads::Role::train, job.input_pipeline.has_value()});
    auto point = FixedOperatingPoint::make(*scenario_.board.truth, key.first, streams, training, sharing());
    if (!point) return point.error();
    auto made = std::make_unique<ScenarioPoint>(
        *std::move(point), streams.size(), scenario_.serving_overhead.serialised_ns, loaded_, variability_);
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
  std::vector<LoadedTraining*> loaded_;  // of each job, null where nothing loads its data
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

// What loads the data of the jobs that say so.
struct Loading {
  DeviceUse use;
  std::vector<std::unique_ptr<LoadedTraining>> jobs;  // null where nothing does
  std::vector<LoadedTraining*> borrowed() const {
    std::vector<LoadedTraining*> all;
    for (const auto& job : jobs) all.push_back(job.get());
    return all;
  }
};

MaybeError make_loading(const Scenario& scenario, Loading& loading) {
  for (std::size_t i = 0; i < scenario.training.size(); ++i) {
    loading.jobs.emplace_back();
    const auto& options = scenario.training[i].input_pipeline;
    if (!options) continue;
    sim::RandomStream seeds(scenario.seed, fmt::format("input_pipeline/{}", i));
    auto made = LoadedTraining::make(*options, seeds.next(), loading.use);
    if (!made) return made.error();
    loading.jobs.back() = std::make_unique<LoadedTraining>(*std::move(made));
  }
  return std::nullopt;
}

std::vector<ScenarioRun::Epochs> epochs_of(const Loading& loading) {
  std::vector<ScenarioRun::Epochs> all;
  for (const auto& job : loading.jobs)
    all.push_back(job ? ScenarioRun::Epochs{job->epochs_finished(), job->epochs()} : ScenarioRun::Epochs{});
  return all;
}

struct Configurations {
  std::vector<sim::Configuration> all;
  std::vector<devices::PowerMode> modes;  // of each

  // The error of a board that cannot run the phase.
  MaybeError add(const Scenario& scenario, OperatingPoints& points, const ScenarioPhase& phase, bool live) {
    const auto point = points.at(phase);
    if (!point) return point.error();
    all.push_back(configuration_of(scenario, phase, **point));
    all.back().live = live;
    modes.push_back(phase.mode);
    return std::nullopt;
  }
};

Result<Configurations> configurations_of(const Scenario& scenario, OperatingPoints& points) {
  Configurations configurations;
  for (std::size_t i = 0; i < scenario.phases.size(); ++i) {
    ScenarioPhase phase = scenario.phases[i];
    const ScenarioPhase& before = scenario.phases[i > 0 ? i - 1 : 0];
    const bool live = scenario.live_switching && phase.mode != before.mode &&
                      phase.mode.active_sms == before.mode.active_sms;
    if (live) {
      // First the mode, with the minibatches that execute; then what else changes.
      phase.start_ns += scenario.switching.mode_switch_ns;
      ScenarioPhase mode_alone = phase;
      mode_alone.infer_batch = before.infer_batch;
      if (auto error = configurations.add(scenario, points, mode_alone, true)) return *error;
      phase.start_ns += 1;
      if (phase.infer_batch == before.infer_batch) continue;
    }
    if (auto error = configurations.add(scenario, points, phase, false)) return *error;
  }
  return configurations;
}

std::vector<sim::StreamOptions> streams_of(const Scenario& scenario, const Arrivals& arrivals) {
  std::vector<sim::StreamOptions> all;
  for (std::size_t i = 0; i < scenario.streams.size(); ++i) {
    const ScenarioStream& stream = scenario.streams[i];
    all.push_back({.arrivals = arrivals.processes[i].get(),
                   .latency_budget_ns = stream.latency_budget_ns,
                   .priority = stream.priority,
                   .admission_limit = stream.admission_limit.value_or(INT64_MAX)});
  }
  return all;
}

// The run, and how warm the board got if the scenario has it get warm.
Result<ScenarioRun> run_watched(const Scenario& scenario, OperatingPoints& points,
                                sim::AcceleratorOptions options) {
  std::optional<ThermalWatch> watch;
  if (scenario.thermal) {
    watch.emplace(
        *scenario.thermal, scenario.board.spec->clock_tables,
        [&](sim::OperatingPoint& point) { return points.mode_of(point); },
        [&](sim::OperatingPoint& point, const devices::PowerMode& mode) {
          return points.in_mode(point, mode);
        });
    options.supervisor = &*watch;
  }
  auto run = sim::run_accelerator(options);
  if (watch && watch->error()) return *watch->error();
  if (!run) return run.error();
  ScenarioRun result;
  static_cast<sim::RunResult&>(result) = *std::move(run);
  if (watch) result.thermal = watch->finish(result.simulated_ns, result.energy);
  return result;
}

}  // namespace

Result<ScenarioRun> run_scenario(const Scenario& scenario) {
  Loading loading;
  if (auto error = make_loading(scenario, loading)) return *error;
  OperatingPoints points(scenario, loading.borrowed());
  auto configurations = configurations_of(scenario, points);
  if (!configurations) return configurations.error();
  const auto arrivals = arrivals_of(scenario);
  if (!arrivals) return arrivals.error();
  auto sensor = sensor_log_of(scenario, configurations->all.front());
  if (!sensor) return sensor.error();

  Observers observers;
  if (has_input_pipeline(scenario)) observers.add(&loading.use);
  if (*sensor) observers.add(&**sensor);
  sim::AcceleratorOptions options;
  options.dispatcher = scenario.dispatcher;
  options.configurations = configurations->all;
  options.switch_ns = [&](std::size_t from, std::size_t to) {
    return scenario.switching.between(configurations->modes[from], configurations->modes[to]);
  };
  options.streams = streams_of(scenario, *arrivals);
  for (std::size_t i = 0; i < scenario.training.size(); ++i)
    options.training.push_back({.priority = scenario.training[i].priority, .feed = loading.jobs[i].get()});
  options.end_ns = scenario.duration_ns;
  options.energy_budget_fj = scenario.energy_budget_fj;
  options.max_waiting = scenario.max_waiting;
  if (!observers.empty()) options.observer = &observers;
  auto run = run_watched(scenario, points, std::move(options));
  if (!run) return run.error();
  if (*sensor) run->sensor = (*sensor)->record();
  run->epochs = epochs_of(loading);
  return run;
}

}  // namespace wattline::experiments
