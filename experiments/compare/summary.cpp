#include "experiments/compare/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "experiments/compare/families.hpp"
#include "sim/random.hpp"

namespace wattline::experiments {

namespace {

using Problems = std::vector<std::size_t>;

Cell share_pct(std::size_t part, std::size_t all) {
  if (all == 0) return {};
  return 100.0 * static_cast<double>(part) / static_cast<double>(all);
}

Cell quantile_pct(const std::vector<double>& values, double q) {
  if (values.empty()) return {};
  return 100.0 * quantile(values, q);
}

Cell mean(double sum, std::size_t count) {
  if (count == 0) return {};
  return sum / static_cast<double>(count);
}

std::int64_t whole(std::size_t count) {
  return static_cast<std::int64_t>(count);
}

const std::vector<Column> figure_columns = {{"problems"},
                                            {"feasible"},
                                            {"solved_pct", 1, "solved %"},
                                            {"no_plan_pct", 1, "no plan %"},
                                            {"overloaded_pct", 1, "overload %"},
                                            {"regret_median_pct", 1, "regret p50 %"},
                                            {"regret_mean_pct", 1, "mean %"},
                                            {"regret_p95_pct", 1, "p95 %"},
                                            {"loss_mean_pct", 1, "loss %"},
                                            {"power_excess_mean_w", 2, "power over W"},
                                            {"worst_power_excess_w", 2, "worst W"},
                                            {"latency_excess_mean_ms", 1, "latency over ms"},
                                            {"worst_latency_excess_ms", 1, "worst ms"},
                                            {"profiles_mean", 1, "profiles"},
                                            {"profiles_max", 0, "max"},
                                            {"known_profiles_mean", 1, "known"},
                                            {"profiling_time_mean_s", 0, "profiling s"},
                                            {"profiling_energy_mean_j", 0, "J"}};

double loss_of(const Verdict& verdict) {
  return verdict.solved ? std::min(1.0, verdict.regret) : 1.0;
}

// Mean and largest of what exceeds a budget, over the plans that exceed it.
class Excess {
 public:
  void take(double excess) {
    if (excess <= 0) return;
    ++count_;
    sum_ += excess;
    worst_ = std::max(worst_, excess);
  }
  Cell mean() const { return count_ > 0 ? sum_ / static_cast<double>(count_) : 0.0; }
  Cell worst() const { return worst_; }

 private:
  std::size_t count_ = 0;
  double sum_ = 0, worst_ = 0;
};

// The figures of one policy over some problems.
void append_figures(std::vector<Cell>& row, const Comparison& comparison, std::size_t policy,
                    const Problems& problems) {
  std::size_t asked = 0, feasible = 0, solved = 0, no_plan = 0, overloaded = 0;
  std::vector<double> regrets;
  std::size_t losses = 0;
  double regret_sum = 0, loss_sum = 0, time_s = 0, energy_j = 0;
  Excess power_w, latency_ms;
  double profiles = 0, known = 0;
  int most_profiles = 0;
  for (const std::size_t problem : problems) {
    const Verdict& verdict = comparison.verdicts[policy][problem];
    if (!verdict.asked) continue;
    ++asked;
    profiles += verdict.profiles;
    known += verdict.known_profiles;
    most_profiles = std::max(most_profiles, verdict.profiles);
    time_s += verdict.profiling_s;
    energy_j += verdict.profiling_j;
    if (!comparison.settings[problem].feasible) continue;
    ++feasible;
    if (comparison.settings[problem].worth_regretting) {
      ++losses;
      loss_sum += loss_of(verdict);
    }
    if (!verdict.planned) {
      ++no_plan;
      continue;
    }
    if (verdict.solved) ++solved;
    if (verdict.solved && comparison.settings[problem].worth_regretting) {
      regrets.push_back(verdict.regret);
      regret_sum += verdict.regret;
    }
    if (!verdict.keeps_up) ++overloaded;
    power_w.take(verdict.power_excess_w);
    latency_ms.take(verdict.latency_excess_ms);
  }
  const std::vector<Cell> figures = {whole(asked),
                                     whole(feasible),
                                     share_pct(solved, feasible),
                                     share_pct(no_plan, feasible),
                                     share_pct(overloaded, feasible),
                                     quantile_pct(regrets, 0.5),
                                     mean(100 * regret_sum, regrets.size()),
                                     quantile_pct(regrets, 0.95),
                                     mean(100 * loss_sum, losses),
                                     power_w.mean(),
                                     power_w.worst(),
                                     latency_ms.mean(),
                                     latency_ms.worst(),
                                     mean(profiles, asked),
                                     std::int64_t{most_profiles},
                                     mean(known, asked),
                                     mean(time_s, asked),
                                     mean(energy_j, asked)};
  row.insert(row.end(), figures.begin(), figures.end());
}

std::string tightness_of(double looseness) {
  if (looseness < 1.0 / 3) return "1 tight";
  if (looseness < 2.0 / 3) return "2 medium";
  return looseness < 1 ? "3 loose" : "4 slack";
}

// Of one family: the sum of differences of loss, and over how many problems.
struct FamilyDifference {
  double sum = 0;
  double problems = 0;
};

double mean_difference(const std::vector<FamilyDifference>& families) {
  FamilyDifference total;
  for (const FamilyDifference& family : families) {
    total.sum += family.sum;
    total.problems += family.problems;
  }
  return total.problems > 0 ? total.sum / total.problems : 0;
}

// The 2.5 % and 97.5 % quantiles of the mean difference over families drawn with replacement.
std::vector<Cell> bootstrap_interval(const std::vector<FamilyDifference>& families,
                                     sim::RandomStream random) {
  constexpr std::size_t fewest_families = 5;
  constexpr int resamples = 2'000;
  if (families.size() < fewest_families) return {Cell{}, Cell{}};
  std::vector<double> means;
  for (int i = 0; i < resamples; ++i) {
    std::vector<FamilyDifference> drawn;
    for (std::size_t j = 0; j < families.size(); ++j)
      drawn.push_back(families[random.below(families.size())]);
    means.push_back(mean_difference(drawn));
  }
  return {100 * quantile(means, 0.025), 100 * quantile(means, 0.975)};
}

std::vector<Cell> paired_row(const Experiment& experiment, const Comparison& comparison,
                             const std::vector<Problems>& families, std::size_t a, std::size_t b) {
  std::size_t better = 0, equal = 0, worse = 0;
  std::vector<FamilyDifference> differences;
  for (const Problems& family : families) {
    FamilyDifference difference;
    for (const std::size_t problem : family) {
      const Verdict& first = comparison.verdicts[a][problem];
      const Verdict& second = comparison.verdicts[b][problem];
      if (!first.asked || !second.asked || !comparison.settings[problem].worth_regretting) continue;
      const double lost = loss_of(first) - loss_of(second);
      ++(lost < 0 ? better : lost > 0 ? worse : equal);
      difference.sum += lost;
      ++difference.problems;
    }
    if (difference.problems > 0) differences.push_back(difference);
  }
  std::vector<Cell> row = {experiment.policies[a].label,
                           experiment.policies[b].label,
                           whole(better + equal + worse),
                           whole(better),
                           whole(equal),
                           whole(worse),
                           differences.empty() ? Cell{} : Cell{100 * mean_difference(differences)}};
  const std::string name =
      fmt::format("bootstrap/{}/{}", experiment.policies[a].label, experiment.policies[b].label);
  for (Cell& cell : bootstrap_interval(differences, sim::RandomStream(experiment.seed, name)))
    row.push_back(std::move(cell));
  return row;
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
  table.columns = {{"policy"}};
  table.columns.insert(table.columns.end(), figure_columns.begin(), figure_columns.end());
  Problems all(experiment.problems.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  for (std::size_t policy = 0; policy < experiment.policies.size(); ++policy) {
    std::vector<Cell> row = {experiment.policies[policy].label};
    append_figures(row, comparison, policy, all);
    table.rows.push_back(std::move(row));
  }
  return table;
}

ResultTable breakdown_table(const Experiment& experiment, const Comparison& comparison) {
  std::map<std::pair<std::string, std::string>, Problems> groups;
  for (std::size_t i = 0; i < experiment.problems.size(); ++i) {
    const policies::Problem& problem = experiment.problems[i];
    groups[{"kind", policies::name_of(problem.kind)}].push_back(i);
    groups[{"workloads", workloads_of(problem)}].push_back(i);
    groups[{"power_tightness", tightness_of(comparison.settings[i].power_looseness)}].push_back(i);
  }
  ResultTable table;
  table.columns = {{"by"}, {"group"}, {"policy"}};
  table.columns.insert(table.columns.end(), figure_columns.begin(), figure_columns.end());
  for (const auto& [name, problems] : groups) {
    for (std::size_t policy = 0; policy < experiment.policies.size(); ++policy) {
      std::vector<Cell> row = {name.first, name.second, experiment.policies[policy].label};
      append_figures(row, comparison, policy, problems);
      table.rows.push_back(std::move(row));
    }
  }
  return table;
}

ResultTable paired_table(const Experiment& experiment, const Comparison& comparison) {
  ResultTable table;
  table.columns = {{"policy"},
                   {"against"},
                   {"problems"},
                   {"better"},
                   {"equal"},
                   {"worse"},
                   {"difference_pct", 2, "difference %"},
                   {"difference_low_pct", 2, "low %"},
                   {"difference_high_pct", 2, "high %"}};
  const auto families = families_of(experiment.problems);
  for (std::size_t a = 0; a < experiment.policies.size(); ++a) {
    for (std::size_t b = a + 1; b < experiment.policies.size(); ++b)
      table.rows.push_back(paired_row(experiment, comparison, families, a, b));
  }
  return table;
}

}  // namespace wattline::experiments
