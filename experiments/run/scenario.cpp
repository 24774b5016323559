#include "experiments/run/scenario.hpp"

#include <fmt/format.h>

#include <map>

namespace wattline::experiments {

namespace {

using devices::FixedOperatingPoint;

// One operating point for each (mode, batch) of the scenario: a phase that changes neither keeps the
// same one, and so pays for no mode switch.
class OperatingPoints {
 public:
  explicit OperatingPoints(const Scenario& scenario) : scenario_(scenario) {}

  Result<FixedOperatingPoint*> at(const ScenarioPhase& phase) {
    const auto key = std::pair{phase.mode, phase.infer_batch};
    if (const auto known = points_.find(key); known != points_.end()) return known->second.get();
    std::optional<devices::MinibatchOf> infer, train;
    if (!scenario_.infer_workload.empty())
      infer = devices::MinibatchOf{scenario_.infer_workload, phase.infer_batch};
    if (!scenario_.train_workload.empty())
      train = devices::MinibatchOf{scenario_.train_workload, scenario_.train_batch};
    auto point = FixedOperatingPoint::make(*scenario_.board.truth, phase.mode, infer, train);
    if (!point) return point.error();
    return points_.emplace(key, std::make_unique<FixedOperatingPoint>(*std::move(point))).first->second.get();
  }

 private:
  const Scenario& scenario_;
  std::map<std::pair<devices::PowerMode, std::int64_t>, std::unique_ptr<FixedOperatingPoint>> points_;
};

sim::ManagedInterleaving rule_of(const Scenario& scenario, const ScenarioPhase& phase,
                                 const FixedOperatingPoint& point) {
  sim::ManagedInterleaving rule;
  rule.infer_batch = phase.infer_batch;
  rule.trains = !scenario.train_workload.empty();
  rule.train_time_ns = point.train_time_ns();
  rule.expected_rate_hz = phase.expected_rate_hz;
  rule.max_train_per_cycle = phase.train_per_cycle;
  rule.max_wait_ns = scenario.max_wait_ns;
  return rule;
}

}  // namespace

Result<sim::RunResult> run_scenario(const Scenario& scenario) {
  OperatingPoints points(scenario);
  sim::AcceleratorOptions options;
  for (std::size_t i = 0; i < scenario.phases.size(); ++i) {
    const ScenarioPhase& phase = scenario.phases[i];
    const auto point = points.at(phase);
    if (!point) return point.error();
    const devices::PowerMode before = scenario.phases[i > 0 ? i - 1 : 0].mode;
    sim::TimeNs switch_ns = before == phase.mode ? 0 : scenario.mode_switch_ns;
    if (before.active_sms != phase.mode.active_sms) switch_ns += scenario.reboot_ns;
    options.configurations.push_back({phase.start_ns, *point, rule_of(scenario, phase, **point), switch_ns});
  }
  options.end_ns = scenario.duration_ns;
  options.latency_budget_ns = scenario.latency_budget_ns;
  options.max_waiting = scenario.max_waiting;
  const auto log_ns = instants_at_rate(scenario.arrivals, scenario.arrivals.rate_hz);
  if (!log_ns) return log_ns.error();
  const auto arrivals = make_arrivals(scenario.arrivals, scenario.arrivals.rate_hz, scenario.seed, *log_ns);
  return sim::run_accelerator(options, arrivals.get());
}

ResultTable figures_of(const Scenario& scenario, const sim::RunResult& run) {
  ResultTable table;
  table.rows.emplace_back();
  const auto add = [&](const std::string& key, Cell cell, int decimals = 0) {
    table.columns.push_back({key, decimals});
    table.rows.front().push_back(std::move(cell));
  };
  const auto count = [](std::uint64_t value) { return Cell{static_cast<std::int64_t>(value)}; };
  const double simulated_s = sim::ns_to_seconds(run.simulated_ns);
  const auto per_second = [&](double value) { return simulated_s > 0 ? Cell{value / simulated_s} : Cell{}; };

  add("scenario", scenario.name);
  add("device", scenario.board.name);
  add("simulated_s", simulated_s, 3);
  if (!scenario.infer_workload.empty()) {
    add("requests_arrived", count(run.requests_arrived));
    add("requests_completed", count(run.requests_completed));
    add("requests_pending", count(run.requests_pending));
    if (scenario.latency_budget_ns > 0) add("requests_late", count(run.requests_late));
    add("throughput_rps", per_second(static_cast<double>(run.requests_completed)), 3);
    const auto latency = [&](double ns) { return run.requests_completed > 0 ? Cell{ns * 1e-6} : Cell{}; };
    add("latency_mean_ms", latency(run.latency_ns.mean()), 3);
    add("latency_p50_ms", latency(run.latency_ns.percentile(0.50)), 3);
    add("latency_p95_ms", latency(run.latency_ns.percentile(0.95)), 3);
    add("latency_p99_ms", latency(run.latency_ns.percentile(0.99)), 3);
    add("latency_max_ms", latency(static_cast<double>(run.latency_ns.max())), 3);
    add("infer_minibatches", count(run.infer.finished));
  }
  if (!scenario.train_workload.empty()) {
    add("train_minibatches", count(run.train.finished));
    add("train_rate_hz", per_second(static_cast<double>(run.train.finished)), 4);
  }
  add("mode_switches", count(run.mode_switches));
  for (const sim::Activity activity :
       {sim::Activity::infer, sim::Activity::train, sim::Activity::switching, sim::Activity::idle}) {
    add(fmt::format("{}_pct", sim::name_of(activity)),
        per_second(100 * sim::ns_to_seconds(run.energy.time_ns(activity))), 2);
  }
  add("energy_j", run.energy.total_j(), 3);
  add("power_mean_w", per_second(run.energy.total_j()), 3);
  const std::vector<std::string>& rails = scenario.board.truth->rails();
  for (std::size_t i = 0; i < rails.size(); ++i)
    add(fmt::format("energy_{}_j", rails[i]), run.energy.rail_j(i), 3);
  add("events", count(run.events));
  return table;
}

}  // namespace wattline::experiments
