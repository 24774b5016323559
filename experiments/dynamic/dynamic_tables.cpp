#include "experiments/dynamic/dynamic_tables.hpp"

#include <algorithm>

#include "experiments/compare/cells.hpp"

namespace wattline::experiments {

namespace {

using sim::Activity;

std::int64_t whole(std::uint64_t count) {
  return static_cast<std::int64_t>(count);
}

double joules(sim::Int128 fj) {
  return static_cast<double>(fj) * 1e-15;
}

void append_decision(std::vector<Cell>& row, const Decision* made) {
  if (!made) return append(row, {std::int64_t{0}, {}, {}, {}, std::int64_t{0}, 0.0});
  append(row, {std::int64_t{1}, std::string(name_of(made->why)),
               made->why == Why::nothing_arrives ? Cell{} : Cell{policies::name_of(made->termination)},
               made->why == Why::nothing_arrives ? Cell{} : Cell{std::int64_t{made->found}},
               std::int64_t{made->profiles}, seconds_of(made->change_ns())});
}

void append_plan(std::vector<Cell>& row, const policies::Plan& plan) {
  append(row, mode_cells(plan.mode));
  append(row, {std::int64_t{plan.infer_batch}, plan.train_per_cycle});
}

void append_figures(std::vector<Cell>& row, const PlanningWindow& window, const WindowFigures& figures) {
  append(row, {whole(window.arrived), whole(figures.completed), whole(figures.late), whole(figures.backlog),
               whole(figures.trained)});
  for (const Activity activity :
       {Activity::infer, Activity::train, Activity::switching, Activity::profiling, Activity::idle})
    row.push_back(seconds_of(figures.spent_ns(activity)));
  append(row, {joules(figures.energy_fj), joules(figures.energy_fj) / window.length_s(),
               seconds_of(figures.over_power_ns)});
}

struct Totals {
  std::uint64_t late = 0;
  std::uint64_t most_waiting = 0;  // at the end of a window
  sim::TimeNs over_power_ns = 0;
  sim::Int128 profiling_fj = 0;
  std::int64_t plans = 0;
  std::int64_t profiles = 0;
  std::int64_t not_found = 0;
};

Totals totals_of(const DynamicResult& result) {
  Totals totals;
  for (const WindowFigures& window : result.windows) {
    totals.late += window.late;
    totals.most_waiting = std::max(totals.most_waiting, window.backlog);
    totals.over_power_ns += window.over_power_ns;
    totals.profiling_fj += window.profiling_fj;
  }
  for (const Decision& decision : result.schedule.decisions) {
    if (decision.why == Why::nothing_arrives) continue;
    ++totals.plans;
    totals.profiles += decision.profiles;
    if (!decision.found) ++totals.not_found;
  }
  return totals;
}

}  // namespace

ResultTable window_table(const DynamicExperiment& experiment, const std::vector<DynamicResult>& results) {
  ResultTable table;
  for (const char* key : {"problem",
                          "policy",
                          "window",
                          "start_s",
                          "end_s",
                          "rate_hz",
                          "told_hz",
                          "planned",
                          "why",
                          "termination",
                          "found",
                          "profiles",
                          "change_s",
                          "cores",
                          "cpu_khz",
                          "gpu_khz",
                          "emc_khz",
                          "active_sms",
                          "infer_batch",
                          "train_per_cycle",
                          "requests_arrived",
                          "requests_completed",
                          "requests_late",
                          "backlog",
                          "train_minibatches",
                          "infer_s",
                          "train_s",
                          "switching_s",
                          "profiling_s",
                          "idle_s",
                          "energy_j",
                          "power_mean_w",
                          "over_power_s",
                          "message"})
    table.columns.push_back({key});
  for (const DynamicResult& result : results) {
    if (result.error) continue;
    const auto& decisions = result.schedule.decisions;
    std::size_t latest = 0;
    for (std::size_t w = 0; w < experiment.windows.size(); ++w) {
      const PlanningWindow& window = experiment.windows[w];
      if (latest + 1 < decisions.size() && decisions[latest + 1].window == w) ++latest;
      const Decision& decision = decisions[latest];
      const bool made_here = decision.window == w;
      std::vector<Cell> row = {experiment.common.problems[result.problem].id, result.label, whole(w),
                               seconds_of(window.start_ns), seconds_of(window.end_ns)};
      append(row, {window.rate_hz, result.schedule.told_hz[w]});
      append_decision(row, made_here ? &decision : nullptr);
      append_plan(row, decision.plan);
      append_figures(row, window, result.windows[w]);
      row.push_back(made_here ? decision.message : std::string());
      table.rows.push_back(std::move(row));
    }
  }
  return table;
}

ResultTable dynamic_step_table(const DynamicExperiment& experiment,
                               const std::vector<DynamicResult>& results) {
  ResultTable table;
  table.columns = {{"problem"}, {"policy"}, {"window"}};
  for (const Column& column : step_columns()) table.columns.push_back(column);
  for (const DynamicResult& result : results) {
    std::int64_t number = 0;
    for (const Decision& decision : result.schedule.decisions) {
      for (const policies::Step& step : decision.steps) {
        std::vector<Cell> row = {experiment.common.problems[result.problem].id, result.label,
                                 whole(decision.window)};
        append(row, step_cells(step, ++number));
        table.rows.push_back(std::move(row));
      }
    }
  }
  return table;
}

ResultTable dynamic_summary_table(const DynamicExperiment& experiment,
                                  const std::vector<DynamicResult>& results) {
  ResultTable table;
  table.columns = {{"problem"},
                   {"policy"},
                   {"plans"},
                   {"not_found", 0, "not found"},
                   {"profiles"},
                   {"profiling_s", 1, "profiling s"},
                   {"switching_s", 2, "switching s"},
                   {"requests"},
                   {"late_pct", 2, "late %"},
                   {"latency_p50_ms", 0, "p50 ms"},
                   {"latency_p99_ms", 0, "p99 ms"},
                   {"backlog_max", 0, "backlog max"},
                   {"backlog_end", 0, "end"},
                   {"over_power_pct", 2, "over power %"},
                   {"train_rate_hz", 2, "train /s"},
                   {"power_mean_w", 2, "mean W"},
                   {"energy_j", 0, "J"},
                   {"profiling_j", 0, "profiling J"}};
  const double run_s = seconds_of(experiment.end_ns());
  for (const DynamicResult& result : results) {
    if (result.error) {
      table.rows.push_back({experiment.common.problems[result.problem].id, result.label});
      table.rows.back().resize(table.columns.size());
      continue;
    }
    const Totals totals = totals_of(result);
    const sim::RunResult& run = result.run;
    const auto seconds = [&](Activity activity) { return seconds_of(run.energy.time_ns(activity)); };
    const auto percentile_ms = [&](double q) {
      return run.requests().completed > 0 ? Cell{run.streams.front().latency_ns.percentile(q) * 1e-6}
                                          : Cell{};
    };
    const bool trains = experiment.common.problems[result.problem].trains();
    std::vector<Cell> row = {experiment.common.problems[result.problem].id, result.label, totals.plans,
                             totals.not_found, totals.profiles};
    append(row, {seconds(Activity::profiling), seconds(Activity::switching), whole(run.requests().arrived),
                 100.0 * static_cast<double>(totals.late) / static_cast<double>(run.requests().arrived)});
    append(row, {percentile_ms(0.5), percentile_ms(0.99), whole(totals.most_waiting),
                 whole(run.requests().pending), 100 * seconds_of(totals.over_power_ns) / run_s});
    append(row, {trains ? Cell{static_cast<double>(run.train().finished) / run_s} : Cell{},
                 run.energy.total_j() / run_s, run.energy.total_j(), joules(totals.profiling_fj)});
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace wattline::experiments
