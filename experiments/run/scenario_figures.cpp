#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/report/row_writer.hpp"
#include "experiments/run/scenario.hpp"

namespace wattline::experiments {

namespace {

// What the clients see where there is serving overhead: the device's latency and the parallel part on top.
std::optional<sim::ClientLatency> client_latency(const Scenario& scenario, const sim::StreamResult& stream) {
  if (scenario.serving_overhead.none() || stream.requests.completed == 0) return std::nullopt;
  return sim::ClientLatency(stream.latency_ns, scenario.serving_overhead,
                            sim::RandomStream(scenario.seed, "serving_overhead"));
}

// Those served late, and those pending that are late already, whatever their clients' overhead will be.
// Without a budget none.
std::uint64_t requests_late(const sim::StreamResult& stream, const std::optional<sim::ClientLatency>& clients,
                            sim::TimeNs budget_ns) {
  if (budget_ns == 0) return 0;
  if (!clients) return stream.requests.late + stream.requests.overdue;
  const double late = clients->share_above(budget_ns) * static_cast<double>(stream.requests.completed);
  return static_cast<std::uint64_t>(std::llround(late)) + stream.requests.overdue;
}

void add_latency(const sim::StreamResult& stream, const std::optional<sim::ClientLatency>& clients,
                 RowWriter& row) {
  const auto add = [&](const char* key, double ns) {
    row.add(key, stream.requests.completed > 0 ? Cell{ns * 1e-6} : Cell{}, 3);
  };
  const auto percentile_ns = [&](double q) {
    return clients ? clients->percentile_ns(q) : stream.latency_ns.percentile(q);
  };
  add("latency_mean_ms", clients ? clients->mean_ns() : stream.latency_ns.mean());
  add("latency_p50_ms", percentile_ns(0.50));
  add("latency_p95_ms", percentile_ns(0.95));
  add("latency_p99_ms", percentile_ns(0.99));
  // The largest sum of a device's latency and an overhead is not known, only its distribution.
  if (clients) add("device_latency_mean_ms", stream.latency_ns.mean());
  add(clients ? "device_latency_max_ms" : "latency_max_ms", static_cast<double>(stream.latency_ns.max()));
}

// Of minibatches, from when they are formed.
void add_response(const sim::StreamResult& stream, RowWriter& row) {
  const sim::StreamingStatistics& response_ns = stream.response_ns;
  const auto add = [&](const char* key, double ns) {
    row.add(key, response_ns.count() > 0 ? Cell{ns * 1e-6} : Cell{}, 3);
  };
  add("minibatch_mean_ms", response_ns.mean());
  add("minibatch_p50_ms", response_ns.percentile(0.50));
  add("minibatch_p99_ms", response_ns.percentile(0.99));
  add("minibatch_max_ms", static_cast<double>(response_ns.max()));
  add("minibatch_std_ms", std::sqrt(response_ns.variance()));
}

// Of one stream, what concerns its requests.
void add_requests(const Scenario& scenario, const ScenarioStream& options, const sim::StreamResult& stream,
                  double simulated_s, RowWriter& row) {
  row.add("requests_arrived", count_cell(stream.requests.arrived));
  row.add("requests_completed", count_cell(stream.requests.completed));
  if (options.admission_limit) row.add("requests_dropped", count_cell(stream.requests.dropped));
  row.add("requests_pending", count_cell(stream.requests.pending));
  const auto clients = client_latency(scenario, stream);
  if (options.latency_budget_ns > 0)
    row.add("requests_late", count_cell(requests_late(stream, clients, options.latency_budget_ns)));
  row.add("throughput_rps",
          simulated_s > 0 ? Cell{static_cast<double>(stream.requests.completed) / simulated_s} : Cell{}, 3);
  add_latency(stream, clients, row);
  row.add("infer_minibatches", count_cell(stream.minibatches.finished));
}

// Of all streams together.
void add_totals(const Scenario& scenario, const sim::RunResult& run, double simulated_s, RowWriter& row) {
  const sim::RequestCounts requests = run.requests();
  row.add("requests_arrived", count_cell(requests.arrived));
  row.add("requests_completed", count_cell(requests.completed));
  row.add("requests_dropped", count_cell(requests.dropped));
  row.add("requests_pending", count_cell(requests.pending));
  std::uint64_t late = 0;
  for (std::size_t i = 0; i < run.streams.size(); ++i)
    late += requests_late(run.streams[i], client_latency(scenario, run.streams[i]),
                          scenario.streams[i].latency_budget_ns);
  row.add("requests_late", count_cell(late));
  row.add("throughput_rps",
          simulated_s > 0 ? Cell{static_cast<double>(requests.completed) / simulated_s} : Cell{}, 3);
  row.add("infer_minibatches", count_cell(run.infer().finished));
}

std::vector<sim::Activity> activities_of(const sim::Dispatcher& dispatcher) {
  std::vector<sim::Activity> all = {sim::Activity::infer, sim::Activity::train};
  if (std::holds_alternative<sim::CudaStreams>(dispatcher)) all.push_back(sim::Activity::shared);
  if (std::holds_alternative<sim::TimeSlicing>(dispatcher)) all.push_back(sim::Activity::context_switch);
  all.insert(all.end(), {sim::Activity::switching, sim::Activity::idle});
  return all;
}

const char* ended_by(const Scenario& scenario, const sim::RunResult& run) {
  if (run.shut_down) return "heat";
  if (run.energy_spent) return "energy_budget";
  if (scenario.duration_ns && run.simulated_ns == *scenario.duration_ns) return "duration";
  return scenario.streams.empty() ? "all_trained" : "all_served";
}

void add_thermal(const devices::ThermalTotals& totals, double simulated_s, RowWriter& row) {
  const auto share = [&](sim::TimeNs time_ns) {
    return simulated_s > 0 ? Cell{100 * sim::ns_to_seconds(time_ns) / simulated_s} : Cell{};
  };
  row.add("temperature_max_c", totals.max_temperature_c, 2);
  row.add("throttled_pct", share(totals.throttled_ns), 2);
  row.add("software_throttled_pct", share(totals.software_throttled_ns), 2);
  row.add("hardware_throttled_pct", share(totals.hardware_throttled_ns), 2);
  row.add("over_current_pct", share(totals.over_current_ns), 2);
}

// Of the readings, and how far their energy is from what was drawn until the last of them.
void add_sensor(const SensorRecord& record, RowWriter& row) {
  const PollSums& all = record.all;
  const double read_mw = static_cast<double>(all.total_mw);
  const double read_j = read_mw * 1e-3 * sim::ns_to_seconds(record.poll_ns);
  const double drawn_j = static_cast<double>(all.drawn_fj) * 1e-15;
  row.add("sensor_readings", all.polls);
  row.add("sensor_power_mean_w",
          all.polls > 0 ? Cell{read_mw * 1e-3 / static_cast<double>(all.polls)} : Cell{}, 3);
  row.add("sensor_energy_j", all.polls > 0 ? Cell{read_j} : Cell{}, 3);
  row.add("sensor_energy_error_pct", drawn_j > 0 ? Cell{100 * (read_j / drawn_j - 1)} : Cell{}, 2);
}

}  // namespace

ResultTable thermal_figures_of(const ScenarioRun& run) {
  ResultTable table;
  if (!run.thermal) return table;
  for (const ThermalRow& each : run.thermal->rows) {
    RowWriter row(table);
    row.add("time_s", sim::ns_to_seconds(each.end_ns), 3);
    row.add("temperature_c", each.temperature_c, 2);
    row.add("power_w", each.power_w, 3);
    row.add("fan_pwm", each.fan_pwm, 3);
    row.add("software_level", std::int64_t{each.software_level});
    row.add("hardware_throttled", std::int64_t{each.hardware_throttled});
    row.add("over_current_share", each.over_current_share, 4);
    row.add("cpu_khz", std::int64_t{each.mode.cpu_khz});
    row.add("gpu_khz", std::int64_t{each.mode.gpu_khz});
  }
  return table;
}

ResultTable readings_figures_of(const Scenario& scenario, const ScenarioRun& run) {
  ResultTable table;
  if (!run.sensor) return table;
  for (const PollSums& each : run.sensor->rows) {
    const auto polls = static_cast<double>(each.polls);
    const auto mean_mw = [&](std::int64_t sum_mw) { return static_cast<double>(sum_mw) / polls; };
    const double over_ns = polls * static_cast<double>(run.sensor->poll_ns);
    RowWriter row(table);
    row.add("time_s", sim::ns_to_seconds(each.end_ns), 3);
    for (std::size_t i = 0; i < scenario.sensor->chip.channels.size(); ++i)
      row.add(fmt::format("power_{}_mw", scenario.sensor->chip.channels[i].name),
              mean_mw(each.channel_mw[i]));
    row.add("total_mw", mean_mw(each.total_mw));
    row.add("true_mean_mw", static_cast<double>(each.drawn_fj) / over_ns * 1e-3, 1);
    row.add("settled", std::int64_t{each.settled});
  }
  return table;
}

ResultTable figures_of(const Scenario& scenario, const ScenarioRun& run) {
  ResultTable table;
  RowWriter row(table);
  const double simulated_s = sim::ns_to_seconds(run.simulated_ns);
  const auto per_second = [&](double value) { return simulated_s > 0 ? Cell{value / simulated_s} : Cell{}; };

  row.add("scenario", scenario.name);
  row.add("device", scenario.board.name);
  row.add("simulated_s", simulated_s, 3);
  if (scenario.energy_budget_fj || scenario.thermal)
    row.add("ended_by", std::string(ended_by(scenario, run)));
  if (scenario.streams.size() == 1)
    add_requests(scenario, scenario.streams.front(), run.streams.front(), simulated_s, row);
  else if (!scenario.streams.empty())
    add_totals(scenario, run, simulated_s, row);
  if (!scenario.training.empty()) {
    row.add("train_minibatches", count_cell(run.train().finished));
    row.add("train_rate_hz", per_second(static_cast<double>(run.train().finished)), 4);
    if (has_input_pipeline(scenario)) {
      std::int64_t epochs = 0;
      for (const ScenarioRun::Epochs& job : run.epochs) epochs += job.finished;
      row.add("epochs", epochs);
    }
  }
  row.add("mode_switches", count_cell(run.mode_switches));
  for (const sim::Activity activity : activities_of(scenario.dispatcher)) {
    row.add(fmt::format("{}_pct", sim::name_of(activity)),
            per_second(100 * sim::ns_to_seconds(run.energy.time_ns(activity))), 2);
  }
  row.add("energy_j", run.energy.total_j(), 3);
  row.add("power_mean_w", per_second(run.energy.total_j()), 3);
  const std::vector<std::string>& rails = scenario.board.truth->rails();
  for (std::size_t i = 0; i < rails.size(); ++i)
    row.add(fmt::format("energy_{}_j", rails[i]), run.energy.rail_j(i), 3);
  if (run.thermal) add_thermal(run.thermal->totals, simulated_s, row);
  if (run.sensor) add_sensor(*run.sensor, row);
  row.add("events", count_cell(run.events));
  return table;
}

ResultTable stream_figures_of(const Scenario& scenario, const sim::RunResult& run) {
  ResultTable table;
  const double simulated_s = sim::ns_to_seconds(run.simulated_ns);
  for (std::size_t i = 0; i < run.streams.size(); ++i) {
    const ScenarioStream& options = scenario.streams[i];
    const sim::StreamResult& stream = run.streams[i];
    RowWriter row(table);
    row.add("stream", count_cell(i));
    row.add("workload", options.workload);
    row.add("batch", scenario.phases.front().infer_batch[i]);
    row.add("requests_arrived", count_cell(stream.requests.arrived));
    row.add("requests_completed", count_cell(stream.requests.completed));
    row.add("requests_dropped", count_cell(stream.requests.dropped));
    row.add("requests_pending", count_cell(stream.requests.pending));
    const auto clients = client_latency(scenario, stream);
    row.add("requests_late", options.latency_budget_ns > 0
                                 ? count_cell(requests_late(stream, clients, options.latency_budget_ns))
                                 : Cell{});
    row.add("throughput_rps",
            simulated_s > 0 ? Cell{static_cast<double>(stream.requests.completed) / simulated_s} : Cell{}, 3);
    row.add("infer_minibatches", count_cell(stream.minibatches.finished));
    add_latency(stream, clients, row);
    row.add(clients ? "device_latency_std_ms" : "latency_std_ms",
            stream.requests.completed > 1 ? Cell{std::sqrt(stream.latency_ns.variance()) * 1e-6} : Cell{}, 3);
    add_response(stream, row);
  }
  return table;
}

ResultTable training_figures_of(const Scenario& scenario, const ScenarioRun& run) {
  ResultTable table;
  const double simulated_s = sim::ns_to_seconds(run.simulated_ns);
  for (std::size_t i = 0; i < run.training.size(); ++i) {
    RowWriter row(table);
    row.add("job", count_cell(i));
    row.add("workload", scenario.training[i].workload);
    row.add("batch", scenario.training[i].batch);
    row.add("train_minibatches", count_cell(run.training[i].finished));
    row.add("train_rate_hz",
            simulated_s > 0 ? Cell{static_cast<double>(run.training[i].finished) / simulated_s} : Cell{}, 4);
    if (has_input_pipeline(scenario))
      row.add("epochs", scenario.training[i].input_pipeline ? Cell{run.epochs[i].finished} : Cell{});
  }
  return table;
}

}  // namespace wattline::experiments
