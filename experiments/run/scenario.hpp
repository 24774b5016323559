// A scenario: one board, one mode (or a few, one after the other), streams of requests and training jobs
// under a dispatcher; read from JSON (schema wattline-scenario/1, docs/formats.md) and run in the simulator.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "devices/clock_limits.hpp"
#include "devices/operating_point.hpp"
#include "devices/switching_times.hpp"
#include "experiments/arrival_source.hpp"
#include "experiments/board.hpp"
#include "experiments/report/result_table.hpp"
#include "experiments/run/loaded_training.hpp"
#include "experiments/run/sensor_log.hpp"
#include "experiments/run/thermal_watch.hpp"
#include "sim/accelerator.hpp"
#include "sim/serving_overhead.hpp"
#include "sim/variability.hpp"

namespace wattline::experiments {

// A stream of requests.
struct ScenarioStream {
  std::string workload;
  ArrivalSource arrivals;
  sim::TimeNs max_wait_ns = 0;
  bool only_after_wait = false;
  sim::TimeNs latency_budget_ns = 0;  // 0: none
  std::int64_t priority = 0;
  std::optional<std::int64_t> admission_limit;
};

struct ScenarioJob {  // of training
  std::string workload;
  std::int64_t batch = 16;
  std::int64_t priority = 0;
  // What loads its data beside the device; none: the board's costs hold it.
  std::optional<workloads::InputPipelineOptions> input_pipeline;
};

// What holds from start_ns on.
struct ScenarioPhase {
  sim::TimeNs start_ns = 0;
  devices::PowerMode mode;                    // within the scenario's limits
  std::vector<std::int64_t> infer_batch;      // of each stream
  std::vector<double> expected_rate_hz;       // of each stream; 0: no expectation
  std::vector<std::int64_t> train_per_cycle;  // of each job; negative: as many as fit
};

struct Scenario {
  std::string name;
  std::uint64_t seed = 1;
  Board board;
  sim::Dispatcher dispatcher;
  std::vector<ScenarioStream> streams;
  std::vector<ScenarioJob> training;
  devices::SwitchingTimes switching;
  // Whether a change of mode waits until nothing executes, or comes into force, switching.mode_switch_ns
  // after it was asked for, while minibatches go on. A reboot always waits.
  bool live_switching = false;
  std::vector<std::string> limited;  // which modes were asked for that its limits do not allow, for the user
  std::optional<sim::TimeNs> duration_ns;
  std::optional<sim::Int128> energy_budget_fj;        // the run ends when it is spent
  sim::VariabilityOptions variability;                // none unless given
  std::optional<devices::ThermalSupervisor> thermal;  // as at the start; none: the board stays cool
  std::optional<devices::PowerSensorOptions> sensor;  // none: nobody reads it
  std::int64_t max_waiting = 10'000'000;
  sim::ServingOverhead serving_overhead;  // none unless given; of every stream
  std::vector<ScenarioPhase> phases;      // at least one, the first at 0
  OrderedJson configuration;              // resolved: as given, and the defaults taken
  std::vector<InputFile> inputs() const;
  std::vector<std::string> notes() const;  // what the user should know of the costs and arrivals
};

// Whether any training job has one.
bool has_input_pipeline(const Scenario& scenario);

Result<Scenario> read_scenario(const std::string& path);
Result<Scenario> parse_scenario(const std::string& text, const std::string& name, const std::string& base);

// What a run came to, and where that was asked for, how warm the board got and what its sensor said.
struct ScenarioRun : sim::RunResult {
  std::optional<ThermalRecord> thermal;
  std::optional<SensorRecord> sensor;
  // Of each training job; without an input pipeline none.
  struct Epochs {
    std::int64_t finished = 0;
    std::vector<EpochRecord> records;  // of the first LoadedTraining::most_records
  };
  std::vector<Epochs> epochs;
};

// Latencies of the result are the device's: with the serialised serving overhead, without the parallel one.
Result<ScenarioRun> run_scenario(const Scenario& scenario);

// One row: the figures of a run. Latencies, where there is one stream, and late requests are the clients',
// with all serving overhead; where there is some, the device's mean and maximum are given as well.
ResultTable figures_of(const Scenario& scenario, const ScenarioRun& run);

// One row a stream, and one a training job.
ResultTable stream_figures_of(const Scenario& scenario, const sim::RunResult& run);
ResultTable training_figures_of(const Scenario& scenario, const ScenarioRun& run);

// One row an epoch of each job that has an input pipeline. Beside it what the published predictor makes of a
// few profiles (workloads/input_pipeline/epoch_prediction.hpp), and its error; nothing where the job was not
// alone on the board, in one power mode and not throttled, which the predictor does not know of.
ResultTable epoch_figures_of(const Scenario& scenario, const ScenarioRun& run);

// One row an interval; of a scenario without heat none.
ResultTable thermal_figures_of(const ScenarioRun& run);

// One row a poll of the power sensor (SensorLog::most_rows); of a scenario without it none. What was read is
// of the channels, `true_mean_mw` what the board drew since the row before, over all of its rails.
ResultTable readings_figures_of(const Scenario& scenario, const ScenarioRun& run);

}  // namespace wattline::experiments
