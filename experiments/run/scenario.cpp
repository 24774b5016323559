#include "experiments/run/scenario.hpp"

#include <fmt/format.h>

#include <cmath>
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

  sim::MinibatchCost minibatch(sim::Work work) override {
    sim::MinibatchCost cost = device_.minibatch(work);
    if (work == sim::Work::train || serialised_ns_ == 0) return cost;
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
  sim::RailPowerUw idle_power_uw() const override { return device_.idle_power_uw(); }
  sim::TimeNs train_time_ns() const { return device_.train_time_ns(); }

 private:
  FixedOperatingPoint device_;
  sim::TimeNs serialised_ns_;
};

// One operating point for each (mode, batch) of the scenario: a phase that changes neither keeps the
// same one, and so pays for no mode switch.
class OperatingPoints {
 public:
  explicit OperatingPoints(const Scenario& scenario) : scenario_(scenario) {}

  Result<ServedPoint*> at(const ScenarioPhase& phase) {
    const auto key = std::pair{phase.mode, phase.infer_batch};
    if (const auto known = points_.find(key); known != points_.end()) return known->second.get();
    std::optional<devices::MinibatchOf> infer, train;
    if (!scenario_.infer_workload.empty())
      infer = devices::MinibatchOf{scenario_.infer_workload, phase.infer_batch};
    if (!scenario_.train_workload.empty())
      train = devices::MinibatchOf{scenario_.train_workload, scenario_.train_batch};
    auto point = FixedOperatingPoint::make(*scenario_.board.truth, phase.mode, infer, train);
    if (!point) return point.error();
    auto served = std::make_unique<ServedPoint>(*std::move(point), scenario_.serving_overhead.serialised_ns);
    return points_.emplace(key, std::move(served)).first->second.get();
  }

 private:
  const Scenario& scenario_;
  std::map<std::pair<devices::PowerMode, std::int64_t>, std::unique_ptr<ServedPoint>> points_;
};

sim::ManagedInterleaving rule_of(const Scenario& scenario, const ScenarioPhase& phase,
                                 const ServedPoint& point) {
  sim::ManagedInterleaving rule;
  rule.infer_batch = phase.infer_batch;
  rule.trains = !scenario.train_workload.empty();
  rule.train_time_ns = point.train_time_ns();
  rule.expected_rate_hz = phase.expected_rate_hz;
  rule.max_train_per_cycle = phase.train_per_cycle;
  rule.max_wait_ns = scenario.max_wait_ns;
  return rule;
}

// Adds columns to a table of one row.
class RowWriter {
 public:
  explicit RowWriter(ResultTable& table) : table_(table) { table_.rows.emplace_back(); }
  void add(const std::string& key, Cell cell, int decimals = 0) {
    table_.columns.push_back({key, decimals});
    table_.rows.front().push_back(std::move(cell));
  }

 private:
  ResultTable& table_;
};

Cell count_cell(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}

// What the clients see where there is serving overhead: the device's latency and the parallel part on top.
std::optional<sim::ClientLatency> client_latency(const Scenario& scenario, const sim::RunResult& run) {
  if (scenario.serving_overhead.none() || run.requests_completed == 0) return std::nullopt;
  return sim::ClientLatency(run.latency_ns, scenario.serving_overhead,
                            sim::RandomStream(scenario.seed, "serving_overhead"));
}

std::uint64_t requests_late(const sim::RunResult& run, const std::optional<sim::ClientLatency>& clients,
                            sim::TimeNs budget_ns) {
  if (!clients) return run.requests_late;
  const double late = clients->share_above(budget_ns) * static_cast<double>(run.requests_completed);
  return static_cast<std::uint64_t>(std::llround(late));
}

void add_latency(const sim::RunResult& run, const std::optional<sim::ClientLatency>& clients,
                 RowWriter& row) {
  const auto add = [&](const char* key, double ns) {
    row.add(key, run.requests_completed > 0 ? Cell{ns * 1e-6} : Cell{}, 3);
  };
  const auto percentile_ns = [&](double q) {
    return clients ? clients->percentile_ns(q) : run.latency_ns.percentile(q);
  };
  add("latency_mean_ms", clients ? clients->mean_ns() : run.latency_ns.mean());
  add("latency_p50_ms", percentile_ns(0.50));
  add("latency_p95_ms", percentile_ns(0.95));
  add("latency_p99_ms", percentile_ns(0.99));
  // The largest sum of a device's latency and an overhead is not known, only its distribution.
  if (clients) add("device_latency_mean_ms", run.latency_ns.mean());
  add(clients ? "device_latency_max_ms" : "latency_max_ms", static_cast<double>(run.latency_ns.max()));
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
  RowWriter row(table);
  const double simulated_s = sim::ns_to_seconds(run.simulated_ns);
  const auto per_second = [&](double value) { return simulated_s > 0 ? Cell{value / simulated_s} : Cell{}; };

  row.add("scenario", scenario.name);
  row.add("device", scenario.board.name);
  row.add("simulated_s", simulated_s, 3);
  if (!scenario.infer_workload.empty()) {
    row.add("requests_arrived", count_cell(run.requests_arrived));
    row.add("requests_completed", count_cell(run.requests_completed));
    row.add("requests_pending", count_cell(run.requests_pending));
    const auto clients = client_latency(scenario, run);
    if (scenario.latency_budget_ns > 0)
      row.add("requests_late", count_cell(requests_late(run, clients, scenario.latency_budget_ns)));
    row.add("throughput_rps", per_second(static_cast<double>(run.requests_completed)), 3);
    add_latency(run, clients, row);
    row.add("infer_minibatches", count_cell(run.infer.finished));
  }
  if (!scenario.train_workload.empty()) {
    row.add("train_minibatches", count_cell(run.train.finished));
    row.add("train_rate_hz", per_second(static_cast<double>(run.train.finished)), 4);
  }
  row.add("mode_switches", count_cell(run.mode_switches));
  for (const sim::Activity activity :
       {sim::Activity::infer, sim::Activity::train, sim::Activity::switching, sim::Activity::idle}) {
    row.add(fmt::format("{}_pct", sim::name_of(activity)),
            per_second(100 * sim::ns_to_seconds(run.energy.time_ns(activity))), 2);
  }
  row.add("energy_j", run.energy.total_j(), 3);
  row.add("power_mean_w", per_second(run.energy.total_j()), 3);
  const std::vector<std::string>& rails = scenario.board.truth->rails();
  for (std::size_t i = 0; i < rails.size(); ++i)
    row.add(fmt::format("energy_{}_j", rails[i]), run.energy.rail_j(i), 3);
  row.add("events", count_cell(run.events));
  return table;
}

}  // namespace wattline::experiments
