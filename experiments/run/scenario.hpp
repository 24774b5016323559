// A scenario: one board, one mode (or a few, one after the other), training and inference, arrivals;
// read from JSON (schema wattline-scenario/1, docs/formats.md) and run in the simulator.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "devices/operating_point.hpp"
#include "experiments/arrival_source.hpp"
#include "experiments/board.hpp"
#include "experiments/report/result_table.hpp"
#include "sim/accelerator.hpp"
#include "sim/serving_overhead.hpp"

namespace wattline::experiments {

// What holds from start_ns on.
struct ScenarioPhase {
  sim::TimeNs start_ns = 0;
  devices::PowerMode mode;
  std::int64_t infer_batch = 0;       // 0: no inference in the scenario
  std::int64_t train_per_cycle = -1;  // negative: as many as fit
  double expected_rate_hz = 0;        // 0: no expectation
};

struct Scenario {
  std::string name;
  std::uint64_t seed = 1;
  Board board;
  std::string infer_workload;  // empty: none
  std::string train_workload;  // empty: none
  std::int64_t train_batch = 16;
  sim::TimeNs max_wait_ns = 0;
  sim::TimeNs latency_budget_ns = 0;
  sim::TimeNs mode_switch_ns = 0;
  sim::TimeNs reboot_ns = 0;  // added where the number of active SMs changes
  std::optional<sim::TimeNs> duration_ns;
  std::int64_t max_waiting = 10'000'000;
  ArrivalSource arrivals;
  sim::ServingOverhead serving_overhead;  // none unless given
  std::vector<ScenarioPhase> phases;      // at least one, the first at 0
  OrderedJson configuration;              // resolved: as given, and the defaults taken
  std::vector<InputFile> inputs() const;
  std::vector<std::string> notes() const;  // what the user should know of the costs and arrivals
};

Result<Scenario> read_scenario(const std::string& path);
Result<Scenario> parse_scenario(const std::string& text, const std::string& name, const std::string& base);

// Latencies of the result are the device's: with the serialised serving overhead, without the parallel one.
Result<sim::RunResult> run_scenario(const Scenario& scenario);

// One row: the figures of a run. Latencies and late requests are the clients', with all serving overhead;
// where there is some, the device's mean and maximum are given as well.
ResultTable figures_of(const Scenario& scenario, const sim::RunResult& run);

}  // namespace wattline::experiments
