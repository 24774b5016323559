#include "experiments/compare/tables.hpp"

#include <algorithm>
#include <cmath>

namespace wattline::experiments {

namespace {

std::int64_t whole(std::uint64_t count) {
  return static_cast<std::int64_t>(count);
}

Cell share_pct(std::size_t part, std::size_t all) {
  if (all == 0) return {};
  return 100.0 * static_cast<double>(part) / static_cast<double>(all);
}

Cell quantile_pct(const std::vector<double>& values, double q) {
  if (values.empty()) return {};
  return 100.0 * quantile(values, q);
}

// What a row of the summary is made of.
struct Tally {
  std::size_t feasible = 0, solved = 0, no_plan = 0, overloaded = 0;
  std::vector<double> regrets;
  double worst_power_w = 0, worst_latency_ms = 0;
  std::int64_t profiles = 0, most_profiles = 0;
  double time_s = 0, energy_j = 0;
};

// A problem whose optimum cannot train at all would count as no regret for whoever solves it.
bool worth_regretting(const policies::Problem& problem, const policies::Optimum& optimum) {
  return problem.kind != policies::ProblemKind::concurrent || optimum.value.train_rate_hz > 0;
}

Tally tally(const Experiment& experiment, const Comparison& comparison, std::size_t policy) {
  Tally sum;
  for (std::size_t i = 0; i < comparison.by_problem.size(); ++i) {
    const ProblemResult& problem = comparison.by_problem[i];
    const PolicyResult& result = problem.by_policy[policy];
    sum.profiles += result.spent.profiles;
    sum.most_profiles = std::max<std::int64_t>(sum.most_profiles, result.spent.profiles);
    sum.time_s += sim::ns_to_seconds(result.spent.time_ns);
    sum.energy_j += result.spent.energy_j;
    if (!problem.optimum) continue;
    ++sum.feasible;
    if (!result.score) {
      ++sum.no_plan;
      continue;
    }
    if (result.score->solved) ++sum.solved;
    if (result.score->regret && worth_regretting(experiment.problems[i], *problem.optimum)) {
      sum.regrets.push_back(*result.score->regret);
    }
    if (!result.score->truth.keeps_up) ++sum.overloaded;
    sum.worst_power_w = std::max(sum.worst_power_w, result.score->power_excess_w);
    sum.worst_latency_ms = std::max(sum.worst_latency_ms, sim::ns_to_ms(result.score->latency_excess_ns));
  }
  return sum;
}

std::vector<Cell> mode_cells(const devices::PowerMode& mode) {
  return {Cell{std::int64_t{mode.cores}}, std::int64_t{mode.cpu_khz}, std::int64_t{mode.gpu_khz},
          std::int64_t{mode.emc_khz}, std::int64_t{mode.active_sms}};
}

void append(std::vector<Cell>& row, const std::vector<Cell>& more) {
  row.insert(row.end(), more.begin(), more.end());
}

const std::vector<Column> mode_columns = {{"cores"}, {"cpu_khz"}, {"gpu_khz"}, {"emc_khz"}, {"active_sms"}};

void append_problem_cells(std::vector<Cell>& row, const policies::Problem& problem) {
  append(row, {problem.id, std::string(policies::name_of(problem.kind)), problem.train_workload,
               problem.infer_workload});
  append(row, {problem.infers() ? Cell{problem.arrival_rate_hz} : Cell{},
               problem.infers() ? Cell{sim::ns_to_ms(problem.latency_budget_ns)} : Cell{},
               problem.power_budget_w});
}

void append_plan_cells(std::vector<Cell>& row, const policies::Plan& plan,
                       const policies::Evaluation& truth) {
  append(row, mode_cells(plan.mode));
  append(row, {std::int64_t{plan.infer_batch}, plan.train_per_cycle, truth.power_w,
               sim::ns_to_ms(truth.latency_ns), truth.train_rate_hz, sim::ns_to_ms(truth.train_time_ns)});
}

const std::vector<Column> plan_columns = {{"infer_batch"}, {"train_per_cycle"}, {"power_w"},
                                          {"latency_ms"},  {"train_rate_hz"},   {"train_time_ms"}};

void append_replay_cells(std::vector<Cell>& row, const std::optional<ReplayFigures>& replay) {
  if (!replay) return append(row, std::vector<Cell>(7));
  append(row, {whole(replay->requests), whole(replay->late), replay->latency_mean_ms, replay->latency_p95_ms,
               replay->latency_p99_ms, replay->train_rate_hz, replay->power_w});
}

}  // namespace

double quantile(std::vector<double> values, double q) {
  const auto rank =
      static_cast<std::size_t>(std::max(1.0, std::ceil(q * static_cast<double>(values.size()))));
  const auto nth = values.begin() + static_cast<std::ptrdiff_t>(rank - 1);
  std::nth_element(values.begin(), nth, values.end());
  return *nth;
}

ResultTable summary_table(const Experiment& experiment, const Comparison& comparison) {
  ResultTable table;
  table.columns = {{"policy"},
                   {"problems"},
                   {"feasible"},
                   {"solved_pct", 1, "solved %"},
                   {"no_plan_pct", 1, "no plan %"},
                   {"overloaded_pct", 1, "overload %"},
                   {"regret_median_pct", 1, "regret p50 %"},
                   {"regret_p95_pct", 1, "p95 %"},
                   {"worst_power_excess_w", 2, "power over W"},
                   {"worst_latency_excess_ms", 1, "latency over ms"},
                   {"profiles_mean", 1, "profiles"},
                   {"profiles_max", 0, "max"},
                   {"profiling_time_mean_s", 0, "profiling s"},
                   {"profiling_energy_mean_j", 0, "J"}};
  const auto problems = static_cast<double>(comparison.by_problem.size());
  for (std::size_t i = 0; i < experiment.policies.size(); ++i) {
    const Tally sum = tally(experiment, comparison, i);
    table.rows.push_back({experiment.policies[i].label, whole(comparison.by_problem.size()),
                          whole(sum.feasible), share_pct(sum.solved, sum.feasible),
                          share_pct(sum.no_plan, sum.feasible), share_pct(sum.overloaded, sum.feasible),
                          quantile_pct(sum.regrets, 0.5), quantile_pct(sum.regrets, 0.95), sum.worst_power_w,
                          sum.worst_latency_ms, static_cast<double>(sum.profiles) / problems,
                          sum.most_profiles, sum.time_s / problems, sum.energy_j / problems});
  }
  return table;
}

ResultTable replay_table(const Experiment& experiment, const Comparison& comparison) {
  ResultTable table;
  table.columns = {{"policy"},
                   {"plans_replayed", 0, "plans"},
                   {"requests"},
                   {"late_requests_pct", 2, "late requests %"},
                   {"plans_p99_within_pct", 1, "plans with p99 in budget %"},
                   {"train_rate_of_plan_pct", 1, "training of planned %"},
                   {"power_within_pct", 1, "power in budget %"},
                   {"power_mean_w", 2, "mean power W"}};
  for (std::size_t i = 0; i < experiment.policies.size(); ++i) {
    std::size_t plans = 0, within = 0, power_within = 0, requests = 0, late = 0;
    double planned_hz = 0, trained_hz = 0, power_w = 0;
    for (std::size_t j = 0; j < comparison.by_problem.size(); ++j) {
      const PolicyResult& result = comparison.by_problem[j].by_policy[i];
      if (!result.replay || !result.score || !result.score->solved) continue;
      const policies::Problem& problem = experiment.problems[j];
      ++plans;
      requests += result.replay->requests;
      late += result.replay->late;
      if (result.replay->latency_p99_ms <= sim::ns_to_ms(problem.latency_budget_ns)) ++within;
      if (result.replay->power_w <= problem.power_budget_w) ++power_within;
      planned_hz += result.score->truth.train_rate_hz;
      trained_hz += result.replay->train_rate_hz;
      power_w += result.replay->power_w;
    }
    table.rows.push_back(
        {experiment.policies[i].label, whole(plans), whole(requests), share_pct(late, requests),
         share_pct(within, plans), planned_hz > 0 ? Cell{100 * trained_hz / planned_hz} : Cell{},
         share_pct(power_within, plans), plans > 0 ? Cell{power_w / static_cast<double>(plans)} : Cell{}});
  }
  return table;
}

ResultTable problem_table(const Experiment& experiment, const Comparison& comparison) {
  ResultTable table;
  table.columns = {{"policy"},
                   {"problem"},
                   {"kind"},
                   {"train"},
                   {"infer"},
                   {"arrival_rate_hz"},
                   {"latency_budget_ms"},
                   {"power_budget_w"},
                   {"feasible"},
                   {"termination"},
                   {"solved"},
                   {"regret"}};
  table.columns.insert(table.columns.end(), mode_columns.begin(), mode_columns.end());
  table.columns.insert(table.columns.end(), plan_columns.begin(), plan_columns.end());
  for (const char* key : {"power_excess_w", "latency_excess_ms", "keeps_up", "profiles", "modes",
                          "profiling_time_s", "profiling_energy_j", "replay_requests", "replay_late",
                          "replay_latency_mean_ms", "replay_latency_p95_ms", "replay_latency_p99_ms",
                          "replay_train_rate_hz", "replay_power_w", "message"}) {
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
    const policies::Problem& problem = experiment.problems[j];
    // The optimum's row comes first: it profiles nothing, it knows.
    std::vector<Cell>& best = add("optimum", problem, all, all.optimum ? "found" : "infeasible");
    append(best, {std::int64_t{all.optimum.has_value()}, all.optimum ? Cell{0.0} : Cell{}});
    if (all.optimum) append_plan_cells(best, all.optimum->plan, all.optimum->value);
    best.resize(table.columns.size());
    for (std::size_t i = 0; i < all.by_policy.size(); ++i) {
      const PolicyResult& result = all.by_policy[i];
      std::vector<Cell>& row =
          add(experiment.policies[i].label, problem, all, policies::name_of(result.outcome.termination));
      const auto& score = result.score;
      append(row,
             {std::int64_t{score && score->solved}, score && score->regret ? Cell{*score->regret} : Cell{}});
      if (score)
        append_plan_cells(row, *result.outcome.plan, score->truth);
      else
        append(row, std::vector<Cell>(mode_columns.size() + plan_columns.size()));
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

ResultTable step_table(const Experiment& experiment, const Comparison& comparison) {
  ResultTable table;
  table.columns = {{"policy"}, {"problem"}, {"step"}, {"role"}, {"batch"}};
  table.columns.insert(table.columns.end(), mode_columns.begin(), mode_columns.end());
  for (const char* key : {"time_ms", "power_w", "charged", "reason"}) table.columns.push_back({key});
  for (std::size_t j = 0; j < comparison.by_problem.size(); ++j) {
    for (std::size_t i = 0; i < experiment.policies.size(); ++i) {
      std::int64_t number = 0;
      for (const policies::Step& step : comparison.by_problem[j].by_policy[i].outcome.steps) {
        std::vector<Cell> row = {experiment.policies[i].label, experiment.problems[j].id, ++number,
                                 std::string(workloads::name_of(step.role)), std::int64_t{step.batch}};
        append(row, mode_cells(step.mode));
        append(row, {sim::ns_to_ms(step.seen.time_ns), step.seen.power_w, std::int64_t{step.charged},
                     step.reason});
        table.rows.push_back(std::move(row));
      }
    }
  }
  return table;
}

}  // namespace wattline::experiments
