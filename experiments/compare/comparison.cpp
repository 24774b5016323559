#include "experiments/compare/comparison.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "experiments/compare/replay.hpp"
#include "experiments/parallel.hpp"
#include "experiments/platforms/table.hpp"
#include "policies/optimum_index.hpp"

namespace wattline::experiments {

using policies::CostTable;
using policies::OptimumIndex;
using policies::Problem;
using workloads::Role;

namespace {

// The ground truth of every workload of the experiment, tabulated over the mode space.
class Truths {
 public:
  explicit Truths(const Experiment& experiment) {
    std::map<Key, std::set<int>> batches;
    for (const Problem& problem : experiment.problems) {
      if (problem.trains()) batches[{problem.train_workload, Role::train}].insert(problem.train_batch);
      if (problem.infers()) {
        batches[{problem.infer_workload, Role::infer}].insert(problem.infer_batches.begin(),
                                                              problem.infer_batches.end());
      }
    }
    for (const auto& [key, sizes] : batches) {
      tables_.emplace(key, CostTable(*experiment.board.truth, *experiment.modes, key.first, key.second,
                                     std::vector<int>(sizes.begin(), sizes.end())));
    }
    for (const Problem& problem : experiment.problems) {
      if (indexes_.contains(alike(problem))) continue;
      indexes_.emplace(alike(problem),
                       OptimumIndex(problem, *experiment.modes, train(problem), infer(problem)));
    }
  }

  const OptimumIndex& index(const Problem& problem) const { return indexes_.at(alike(problem)); }

  const CostTable* train(const Problem& problem) const {
    return find(problem.trains(), problem.train_workload, Role::train);
  }
  const CostTable* infer(const Problem& problem) const {
    return find(problem.infers(), problem.infer_workload, Role::infer);
  }

 private:
  using Key = std::pair<std::string, Role>;

  // What problems have in common that one index serves.
  using Alike = std::tuple<policies::ProblemKind, std::string, int, std::string, std::vector<int>>;
  static Alike alike(const Problem& problem) {
    return {problem.kind, problem.train_workload, problem.train_batch, problem.infer_workload,
            problem.infer_batches};
  }

  const CostTable* find(bool needed, const std::string& workload, Role role) const {
    return needed ? &tables_.at({workload, role}) : nullptr;
  }

  std::map<Key, CostTable> tables_;
  std::map<Alike, OptimumIndex> indexes_;
};

std::unique_ptr<policies::Platform> new_session(const Experiment& experiment) {
  if (experiment.board.table) {
    return std::make_unique<TablePlatform>(*experiment.board.table, *experiment.modes,
                                           experiment.profiling.minibatches);
  }
  return std::make_unique<SimulatedPlatform>(*experiment.board.truth, *experiment.modes, experiment.presets,
                                             experiment.profiling);
}

Result<ProblemResult> solve(const Experiment& experiment, const Problem& problem, const Truths& truths,
                            bool keep_steps) {
  ProblemResult result;
  result.optimum = truths.index(problem).find(problem);
  for (const ComparedPolicy& compared : experiment.policies) {
    const auto session = new_session(experiment);
    PolicyResult row;
    row.outcome = compared.policy->solve(problem, *session);
    row.spent = session->spent();
    if (!keep_steps) row.outcome.steps.clear();
    if (row.outcome.plan) {
      const auto scored =
          policies::score(problem, *row.outcome.plan, *experiment.board.truth, result.optimum);
      if (!scored) return scored.error();
      row.score = *scored;
    }
    result.by_policy.push_back(std::move(row));
  }
  return result;
}

}  // namespace

Result<Comparison> compare(const Experiment& experiment, const ComparisonOptions& options) {
  const Truths truths(experiment);
  const std::size_t count = experiment.problems.size();
  Comparison comparison;
  comparison.by_problem.resize(count);
  std::vector<MaybeError> errors(count);
  for_each_index(count, options.jobs, [&](std::size_t i) {
    auto solved = solve(experiment, experiment.problems[i], truths, options.keep_steps);
    if (solved)
      comparison.by_problem[i] = *std::move(solved);
    else
      errors[i] = solved.error();
  });
  // The first in order, whichever thread came first.
  for (const MaybeError& error : errors) {
    if (error) return *error;
  }
  if (!experiment.replay) return comparison;

  // Many policies choose the same plan on many problems: each distinct replay runs once.
  const auto assignments = distinct_replays(experiment, comparison);
  const auto rates = RatedLogs::make(experiment);
  if (!rates) return rates.error();
  std::vector<ReplayFigures> figures(assignments.replays.size());
  errors.assign(figures.size(), std::nullopt);
  for_each_index(figures.size(), options.jobs, [&](std::size_t i) {
    auto replayed = replay(experiment, assignments.replays[i], *rates);
    if (replayed)
      figures[i] = *replayed;
    else
      errors[i] = replayed.error();
  });
  for (const MaybeError& error : errors) {
    if (error) return *error;
  }
  for (const auto& [problem, policy, replay_index] : assignments.users) {
    comparison.by_problem[problem].by_policy[policy].replay = figures[replay_index];
  }
  return comparison;
}

}  // namespace wattline::experiments
