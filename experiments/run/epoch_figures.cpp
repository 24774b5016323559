#include <algorithm>
#include <numeric>
#include <optional>

#include "experiments/report/row_writer.hpp"
#include "experiments/run/scenario.hpp"
#include "workloads/input_pipeline/epoch_prediction.hpp"

namespace wattline::experiments {

namespace {

using workloads::EpochPrediction;
using workloads::WhichEpoch;

Cell share_cell(double part, double whole) {
  return whole > 0 ? Cell{100 * part / whole} : Cell{};
}

double watts(const sim::RailPowerUw& power_uw) {
  return static_cast<double>(std::accumulate(power_uw.begin(), power_uw.end(), std::int64_t{0})) * 1e-6;
}

// What the predictor is told of a job: what profiles of the board show, and its input pipeline.
struct Profiled {
  workloads::InputPipelineOptions options;
  sim::TimeNs gpu_ns = 0;
  workloads::PowerProfile power;

  EpochPrediction predict(WhichEpoch which) const {
    return workloads::predicted_epoch(expected_profile(options, gpu_ns, which), power,
                                      minibatches_an_epoch(options), options.workers, options.cpu.cores);
  }
};

// Whether the job had the board to itself, in one power mode at its clocks.
bool undisturbed(const Scenario& scenario, const ScenarioRun& run) {
  const auto same_mode = [&](const ScenarioPhase& phase) { return phase.mode == scenario.phases[0].mode; };
  return scenario.streams.empty() && scenario.training.size() == 1 &&
         std::all_of(scenario.phases.begin(), scenario.phases.end(), same_mode) &&
         (!run.thermal || run.thermal->totals.throttled_ns == 0);
}

// Nothing where the predictor does not say anything of the run.
std::optional<Profiled> profiled(const Scenario& scenario, const ScenarioRun& run) {
  if (!undisturbed(scenario, run) || !scenario.training[0].input_pipeline) return std::nullopt;
  const ScenarioJob& job = scenario.training[0];
  auto point = devices::FixedOperatingPoint::make(*scenario.board.truth, scenario.phases[0].mode, {},
                                                  {{job.workload, job.batch, workloads::Role::train, true}});
  if (!point) return std::nullopt;
  const sim::MinibatchCost minibatch = point->minibatch({sim::Work::train, 0});
  const sim::LoadingCpu cpu = point->loading_cpu();
  Profiled told{*job.input_pipeline,
                minibatch.time_ns,
                {watts(minibatch.power_uw), watts(point->idle_power_uw()), watts(cpu.core_uw)}};
  told.options.cpu = {cpu.cores, cpu.cycles_per_s};
  return told;
}

void add_epoch(const EpochRecord& epoch, RowWriter& row) {
  const auto seconds = [&](const char* key, sim::TimeNs time_ns) {
    row.add(key, sim::ns_to_seconds(time_ns), 3);
  };
  const auto epoch_ns = static_cast<double>(epoch.epoch_ns);
  seconds("end_s", epoch.end_ns);
  seconds("epoch_s", epoch.epoch_ns);
  row.add("train_minibatches", epoch.minibatches);
  row.add("energy_j", epoch.energy_j(), 1);
  row.add("power_mean_w", epoch.epoch_ns > 0 ? Cell{epoch.energy_j() / (epoch_ns * 1e-9)} : Cell{}, 2);
  seconds("training_s", epoch.training_ns);
  seconds("copy_s", epoch.copy_ns);
  seconds("fetch_stall_s", epoch.fetch_stall_ns);
  seconds("gpu_stall_s", epoch.gpu_stall_ns);
  row.add("gpu_pct", share_cell(static_cast<double>(epoch.executing_ns - epoch.copy_ns), epoch_ns), 1);
  row.add("loading_cpu_pct",
          share_cell(static_cast<double>(epoch.load.loading_core_ns), epoch.loading_capacity_ns), 1);
  row.add("storage_pct", share_cell(static_cast<double>(epoch.load.storage_busy_ns), epoch_ns), 1);
  row.add("cached_pct",
          share_cell(static_cast<double>(epoch.load.samples - epoch.load.samples_read),
                     static_cast<double>(epoch.load.samples)),
          1);
}

void add_prediction(const EpochRecord& epoch, const std::optional<EpochPrediction>& predicted,
                    RowWriter& row) {
  const auto add = [&](const char* key, const char* error_key, double value, double simulated, int decimals) {
    row.add(key, predicted ? Cell{value} : Cell{}, decimals);
    row.add(error_key, predicted && simulated > 0 ? Cell{100 * (value / simulated - 1)} : Cell{}, 2);
  };
  const EpochPrediction of = predicted.value_or(EpochPrediction{});
  add("predicted_s", "time_error_pct", of.time_ns * 1e-9, sim::ns_to_seconds(epoch.epoch_ns), 3);
  add("predicted_energy_j", "energy_error_pct", of.energy_j, epoch.energy_j(), 1);
}

}  // namespace

ResultTable epoch_figures_of(const Scenario& scenario, const ScenarioRun& run) {
  ResultTable table;
  const auto told = profiled(scenario, run);
  for (std::size_t job = 0; job < run.epochs.size(); ++job) {
    const std::vector<EpochRecord>& records = run.epochs[job].records;
    for (std::size_t i = 0; i < records.size(); ++i) {
      RowWriter row(table);
      row.add("job", count_cell(job));
      row.add("workload", scenario.training[job].workload);
      row.add("epoch", count_cell(i + 1));
      add_epoch(records[i], row);
      const WhichEpoch which = i == 0 ? WhichEpoch::first : WhichEpoch::later;
      add_prediction(records[i], told ? std::optional(told->predict(which)) : std::nullopt, row);
    }
  }
  return table;
}

}  // namespace wattline::experiments
