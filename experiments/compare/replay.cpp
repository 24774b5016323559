#include "experiments/compare/replay.hpp"

#include "devices/operating_point.hpp"

namespace wattline::experiments {

namespace {

ReplayKey key_of(const policies::Problem& problem, const policies::Plan& plan) {
  ReplayKey key;
  if (problem.trains()) {
    key.train_workload = problem.train_workload;
    key.train_batch = problem.train_batch;
    key.train_role = problem.train_role();
  }
  key.infer_workload = problem.infer_workload;
  key.plan = plan;
  key.arrival_rate_hz = problem.arrival_rate_hz;
  key.latency_budget_ns = problem.latency_budget_ns;
  return key;
}

}  // namespace

ReplayAssignments distinct_replays(const Experiment& experiment, const Comparison& comparison) {
  std::map<ReplayKey, std::size_t> indices;
  const auto for_each_plan = [&](const auto& use) {
    for (std::size_t i = 0; i < comparison.by_problem.size(); ++i) {
      const policies::Problem& problem = experiment.problems[comparison.by_problem[i].problem];
      if (!problem.infers()) continue;
      const auto& results = comparison.by_problem[i].by_policy;
      for (std::size_t j = 0; j < results.size(); ++j) {
        if (results[j].outcome.plan) use(i, j, key_of(problem, *results[j].outcome.plan));
      }
    }
  };
  ReplayAssignments assignments;
  for_each_plan([&](std::size_t, std::size_t, const ReplayKey& key) { indices.emplace(key, 0); });
  for (auto& [key, index] : indices) {
    index = assignments.replays.size();
    assignments.replays.push_back(key);
  }
  for_each_plan([&](std::size_t problem, std::size_t policy, const ReplayKey& key) {
    assignments.users.push_back({problem, policy, indices.at(key)});
  });
  return assignments;
}

Result<RatedLogs> RatedLogs::make(const Experiment& experiment) {
  RatedLogs rated;
  for (const policies::Problem& problem : experiment.problems) {
    if (!problem.infers() || rated.logs_.contains(problem.arrival_rate_hz)) continue;
    auto instants = instants_at_rate(experiment.replay->arrivals, problem.arrival_rate_hz);
    if (!instants) return instants.error();
    rated.logs_.emplace(problem.arrival_rate_hz, *std::move(instants));
  }
  return rated;
}

Result<ReplayFigures> replay(const Experiment& experiment, const ReplayKey& key, const RatedLogs& logs) {
  const bool trains = !key.train_workload.empty();
  std::vector<devices::MinibatchOf> training;
  if (trains) training.push_back({key.train_workload, key.train_batch, key.train_role});
  auto point = devices::FixedOperatingPoint::make(*experiment.board.truth, key.plan.mode,
                                                  {{key.infer_workload, key.plan.infer_batch}}, training);
  if (!point) return point.error();

  sim::AcceleratorOptions options;
  sim::Configuration configuration;
  configuration.point = &*point;
  configuration.serving.push_back({.batch = key.plan.infer_batch, .expected_rate_hz = key.arrival_rate_hz});
  configuration.training.push_back(
      {.trains = trains, .time_ns = point->train_time_ns(), .max_per_cycle = key.plan.train_per_cycle});
  options.configurations.push_back(configuration);

  const auto arrivals = make_arrivals(experiment.replay->arrivals, key.arrival_rate_hz, experiment.seed,
                                      logs.at(key.arrival_rate_hz));
  options.streams.push_back({arrivals.get(), key.latency_budget_ns});
  options.training.emplace_back();
  const auto run = sim::run_accelerator(options);
  if (!run) return run.error();

  ReplayFigures figures;
  const sim::StreamResult& served = run->streams.front();
  figures.requests = served.requests.completed;
  figures.late = served.requests.late;
  figures.latency_mean_ms = served.latency_ns.mean() * 1e-6;
  figures.latency_p95_ms = served.latency_ns.percentile(0.95) * 1e-6;
  figures.latency_p99_ms = served.latency_ns.percentile(0.99) * 1e-6;
  figures.latency_max_ms = sim::ns_to_ms(served.latency_ns.max());
  figures.simulated_s = sim::ns_to_seconds(run->simulated_ns);
  figures.energy_j = run->energy.total_j();
  if (run->simulated_ns > 0) {
    figures.train_rate_hz = static_cast<double>(run->train().finished) / figures.simulated_s;
    figures.power_w = figures.energy_j / figures.simulated_s;
  }
  return figures;
}

}  // namespace wattline::experiments
