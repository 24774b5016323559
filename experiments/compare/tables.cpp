#include "experiments/compare/tables.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "experiments/compare/cells.hpp"
#include "experiments/compare/families.hpp"

namespace wattline::experiments {

namespace {

std::int64_t whole(std::uint64_t count) {
  return static_cast<std::int64_t>(count);
}

Cell share_pct(std::size_t part, std::size_t all) {
  if (all == 0) return {};
  return 100.0 * static_cast<double>(part) / static_cast<double>(all);
}

void append_problem_cells(std::vector<Cell>& row, const policies::Problem& problem) {
  append(row, {problem.id, std::string(policies::name_of(problem.kind)), problem.train_workload,
               problem.infer_workload});
  append(row, {problem.infers() ? Cell{problem.arrival_rate_hz} : Cell{},
               problem.infers() ? Cell{sim::ns_to_ms(problem.latency_budget_ns)} : Cell{},
               problem.power_budget_w, problem.energy_budget_j ? Cell{*problem.energy_budget_j} : Cell{},
               std::string(policies::name_of(problem.objective))});
}

void append_plan_cells(std::vector<Cell>& row, const policies::Plan& plan,
                       const policies::Evaluation& truth) {
  append(row, mode_cells(plan.mode));
  append(row, {std::int64_t{plan.infer_batch}, plan.train_per_cycle, truth.power_w,
               sim::ns_to_ms(truth.latency_ns), truth.train_rate_hz, sim::ns_to_ms(truth.train_time_ns),
               truth.energy_j});
}

const std::vector<Column> plan_columns = {{"infer_batch"},        {"train_per_cycle"}, {"power_w"},
                                          {"latency_ms"},         {"train_rate_hz"},   {"train_time_ms"},
                                          {"energy_per_sample_j"}};

void append_replay_cells(std::vector<Cell>& row, const std::optional<ReplayFigures>& replay) {
  if (!replay) return append(row, std::vector<Cell>(8));
  append(row, {whole(replay->requests), whole(replay->late), replay->latency_mean_ms, replay->latency_p95_ms,
               replay->latency_p99_ms, replay->latency_max_ms, replay->train_rate_hz, replay->power_w});
}

}  // namespace

namespace {

// The least and the most of a replayed figure as a share of the planned one, over plans.
class Ratio {
 public:
  void take(double replayed, double planned) {
    if (planned <= 0) return;
    const double pct = 100 * replayed / planned;
    least_ = std::min(least_.value_or(pct), pct);
    most_ = std::max(most_.value_or(pct), pct);
  }
  Cell least() const { return least_ ? Cell{*least_} : Cell{}; }
  Cell most() const { return most_ ? Cell{*most_} : Cell{}; }

 private:
  std::optional<double> least_, most_;
};

const std::vector<Column> replay_columns = {{"policy"},
                                            {"plans_replayed", 0, "plans"},
                                            {"requests"},
                                            {"late_requests_pct", 2, "late requests %"},
                                            {"plans_p99_within_pct", 1, "plans with p99 in budget %"},
                                            {"train_rate_of_plan_pct", 1, "training of planned %"},
                                            {"train_rate_of_plan_least_pct", 1, "least"},
                                            {"train_rate_of_plan_most_pct", 1, "most"},
                                            {"latency_of_plan_least_pct", 1, "longest latency of planned %"},
                                            {"latency_of_plan_most_pct", 1, "most"},
                                            {"power_of_plan_least_pct", 1, "power of planned %"},
                                            {"power_of_plan_most_pct", 1, "most"},
                                            {"power_within_pct", 1, "power in budget %"},
                                            {"power_mean_w", 2, "mean power W"}};

}  // namespace

ResultTable replay_table(const Experiment& experiment, const Comparison& comparison) {
  ResultTable table;
  table.columns = replay_columns;
  for (std::size_t i = 0; i < experiment.policies.size(); ++i) {
    std::size_t plans = 0, within = 0, power_within = 0, requests = 0, late = 0;
    double planned_hz = 0, trained_hz = 0, power_w = 0;
    Ratio training, latency, power;
    for (const ProblemResult& all : comparison.by_problem) {
      const PolicyResult& result = all.by_policy[i];
      if (!result.replay || !result.score || !result.score->solved) continue;
      const policies::Problem& problem = experiment.problems[all.problem];
      const policies::Evaluation& planned = result.score->truth;
      const ReplayFigures& replay = *result.replay;
      ++plans;
      requests += replay.requests;
      late += replay.late;
      if (replay.latency_p99_ms <= sim::ns_to_ms(problem.latency_budget_ns)) ++within;
      if (replay.power_w <= problem.power_budget_w) ++power_within;
      planned_hz += planned.train_rate_hz;
      trained_hz += replay.train_rate_hz;
      power_w += replay.power_w;
      training.take(replay.train_rate_hz, planned.train_rate_hz);
      latency.take(replay.latency_max_ms, sim::ns_to_ms(planned.latency_ns));
      power.take(replay.power_w, planned.power_w);
    }
    table.rows.push_back(
        {experiment.policies[i].label, whole(plans), whole(requests), share_pct(late, requests),
         share_pct(within, plans), planned_hz > 0 ? Cell{100 * trained_hz / planned_hz} : Cell{},
         training.least(), training.most(), latency.least(), latency.most(), power.least(), power.most(),
         share_pct(power_within, plans), plans > 0 ? Cell{power_w / static_cast<double>(plans)} : Cell{}});
  }
  return table;
}

ResultTable problem_table(const Experiment& experiment, const Comparison& comparison) {
  ResultTable table;
  table.columns = {
      {"policy"},          {"problem"},           {"kind"},           {"train"},           {"infer"},
      {"arrival_rate_hz"}, {"latency_budget_ms"}, {"power_budget_w"}, {"energy_budget_j"}, {"objective"},
      {"feasible"},        {"termination"},       {"solved"},         {"regret"}};
  for (const Column& column : mode_columns()) table.columns.push_back(column);
  table.columns.insert(table.columns.end(), plan_columns.begin(), plan_columns.end());
  for (const char* key : {"power_excess_w", "latency_excess_ms", "keeps_up", "profiles", "modes",
                          "profiling_time_s", "profiling_energy_j", "replay_requests", "replay_late",
                          "replay_latency_mean_ms", "replay_latency_p95_ms", "replay_latency_p99_ms",
                          "replay_latency_max_ms", "replay_train_rate_hz", "replay_power_w", "message"}) {
    table.columns.push_back({key});
  }
  const auto add = [&](const std::string& label, const policies::Problem& problem, const ProblemResult& all,
                       const std::string& termination) -> std::vector<Cell>& {
    std::vector<Cell> row = {label};
    append_problem_cells(row, problem);
    append(row, {std::int64_t{all.optimum.has_value()}, termination});
    return table.rows.emplace_back(std::move(row));
  };
  for (std::size_t j = 0; j < comparison.by_problem.size(); ++j) {
    const ProblemResult& all = comparison.by_problem[j];
    const policies::Problem& problem = experiment.problems[all.problem];
    // The optimum's row comes first: it profiles nothing, it knows.
    std::vector<Cell>& best = add("optimum", problem, all, all.optimum ? "found" : "infeasible");
    append(best, {std::int64_t{all.optimum.has_value()}, all.optimum ? Cell{0.0} : Cell{}});
    if (all.optimum) append_plan_cells(best, all.optimum->plan, all.optimum->value);
    best.resize(table.columns.size());
    for (std::size_t i = 0; i < all.by_policy.size(); ++i) {
      const PolicyResult& result = all.by_policy[i];
      if (!comparison.verdicts[i][all.problem].asked) continue;
      std::vector<Cell>& row =
          add(experiment.policies[i].label, problem, all, policies::name_of(result.outcome.termination));
      const auto& score = result.score;
      append(row,
             {std::int64_t{score && score->solved}, score && score->regret ? Cell{*score->regret} : Cell{}});
      if (score)
        append_plan_cells(row, *result.outcome.plan, score->truth);
      else
        append(row, std::vector<Cell>(mode_columns().size() + plan_columns.size()));
      append(row, {score ? Cell{score->power_excess_w} : Cell{},
                   score ? Cell{sim::ns_to_ms(score->latency_excess_ns)} : Cell{},
                   score ? Cell{std::int64_t{score->truth.keeps_up}} : Cell{},
                   std::int64_t{result.spent.profiles}, std::int64_t{result.spent.modes},
                   sim::ns_to_seconds(result.spent.time_ns), result.spent.energy_j});
      append_replay_cells(row, result.replay);
      row.push_back(result.outcome.message);
    }
  }
  return table;
}

ResultTable prediction_table(const Experiment& experiment, const Comparison& comparison) {
  ResultTable table;
  table.columns = {{"policy"},
                   {"workloads"},
                   {"workload"},
                   {"role"},
                   {"batch"},
                   {"modes"},
                   {"missing"},
                   {"time_error_mean_pct", 1, "time error mean %"},
                   {"time_error_p95_pct", 1, "p95 %"},
                   {"power_error_mean_pct", 1, "power error mean %"},
                   {"power_error_p95_pct", 1, "p95 %"}};
  for (const PredictionErrors& errors : comparison.predictions) {
    const policies::Problem& like = experiment.problems[errors.problem];
    std::vector<Cell> row = {experiment.policies[errors.policy].label, workloads_of(like),
                             errors.background ? like.train_workload : like.infer_workload,
                             std::string(workloads::name_of(errors.role)), std::int64_t{errors.batch}};
    append(row, {whole(errors.modes), whole(errors.missing)});
    for (const double error : {errors.time_mean, errors.time_p95, errors.power_mean, errors.power_p95})
      row.push_back(errors.modes > 0 ? Cell{100 * error} : Cell{});
    table.rows.push_back(std::move(row));
  }
  return table;
}

ResultTable step_table(const Experiment& experiment, const Comparison& comparison) {
  ResultTable table;
  table.columns = {{"policy"}, {"problem"}};
  for (const Column& column : step_columns()) table.columns.push_back(column);
  for (std::size_t j = 0; j < comparison.by_problem.size(); ++j) {
    for (std::size_t i = 0; i < experiment.policies.size(); ++i) {
      std::int64_t number = 0;
      for (const policies::Step& step : comparison.by_problem[j].by_policy[i].outcome.steps) {
        std::vector<Cell> row = {experiment.policies[i].label,
                                 experiment.problems[comparison.by_problem[j].problem].id};
        append(row, step_cells(step, ++number));
        table.rows.push_back(std::move(row));
      }
    }
  }
  return table;
}

}  // namespace wattline::experiments
