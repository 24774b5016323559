#include "experiments/compare/comparison.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>

#include "experiments/compare/families.hpp"
#include "experiments/compare/prediction_errors.hpp"
#include "experiments/compare/replay.hpp"
#include "experiments/compare/session.hpp"
#include "experiments/compare/truths.hpp"
#include "experiments/parallel.hpp"

namespace wattline::experiments {

namespace {

// Problems that one policy solves one after the other on one thread; in one session if it shares.
struct Task {
  std::size_t policy = 0;
  std::vector<std::size_t> problems;
};

// What a task finds besides verdicts.
struct Findings {
  double decision_s = 0;  // wall clock of its solves
  std::vector<FailedSolve> failures;
  std::vector<PredictionErrors> predictions;
};

// Enough to keep threads busy, few enough that handing them out costs nothing.
constexpr std::size_t problems_a_task = 64;

std::vector<Task> tasks_of(const Experiment& experiment) {
  const auto families = families_of(experiment.problems);
  std::vector<Task> sharing, rest;
  for (std::size_t policy = 0; policy < experiment.policies.size(); ++policy) {
    const ComparedPolicy& compared = experiment.policies[policy];
    for (std::vector<std::size_t> problems : families) {
      if (compared.sample_only) {
        std::erase_if(problems, [&](std::size_t problem) {
          return !std::binary_search(experiment.sample.begin(), experiment.sample.end(), problem);
        });
      }
      if (compared.policy->sharing() == policies::Sharing::workloads) {
        sharing.push_back({policy, problems});
        continue;
      }
      for (std::size_t begin = 0; begin < problems.size(); begin += problems_a_task) {
        const std::size_t end = std::min(problems.size(), begin + problems_a_task);
        rest.push_back({policy,
                        {problems.begin() + static_cast<std::ptrdiff_t>(begin),
                         problems.begin() + static_cast<std::ptrdiff_t>(end)}});
      }
    }
  }
  // The long ones first, so that no thread is left with one at the end.
  sharing.insert(sharing.end(), rest.begin(), rest.end());
  return sharing;
}

policies::Spent difference(const policies::Spent& after, const policies::Spent& before) {
  return {after.profiles - before.profiles, after.modes - before.modes, after.time_ns - before.time_ns,
          after.energy_j - before.energy_j};
}

Verdict verdict_of(const PolicyResult& result, int known_profiles) {
  Verdict verdict;
  verdict.asked = true;
  verdict.termination = result.outcome.termination;
  verdict.profiles = result.spent.profiles;
  verdict.known_profiles = known_profiles;
  verdict.profiling_s = sim::ns_to_seconds(result.spent.time_ns);
  verdict.profiling_j = result.spent.energy_j;
  if (!result.score) return verdict;
  verdict.planned = true;
  verdict.solved = result.score->solved;
  verdict.keeps_up = result.score->truth.keeps_up;
  verdict.regret = result.score->regret.value_or(0);
  verdict.power_excess_w = result.score->power_excess_w;
  verdict.latency_excess_ms = sim::ns_to_ms(result.score->latency_excess_ns);
  return verdict;
}

// Every policy on every problem, on `jobs` threads.
class Run {
 public:
  Run(const Experiment& experiment, const ComparisonOptions& options)
      : experiment_(experiment), options_(options), truths_(experiment) {}

  Comparison all() {
    const std::size_t count = experiment_.problems.size();
    optima_.resize(count);
    comparison_.settings.resize(count);
    for_each_index(count, options_.jobs, [&](std::size_t i) { find_optimum(i); });
    comparison_.verdicts.assign(experiment_.policies.size(), std::vector<Verdict>(count));
    place_in_sample_.assign(count, not_in_sample);
    for (const std::size_t problem : experiment_.sample) {
      place_in_sample_[problem] = comparison_.by_problem.size();
      comparison_.by_problem.push_back(
          {problem, optima_[problem], std::vector<PolicyResult>(experiment_.policies.size())});
    }
    const std::vector<Task> tasks = tasks_of(experiment_);
    for (const Task& task : tasks) to_solve_ += task.problems.size();
    std::vector<Findings> findings(tasks.size());
    for_each_index(tasks.size(), options_.jobs, [&](std::size_t i) { run(tasks[i], findings[i]); });
    comparison_.decision_s.assign(experiment_.policies.size(), 0);
    for (std::size_t i = 0; i < tasks.size(); ++i)
      comparison_.decision_s[tasks[i].policy] += findings[i].decision_s;
    for (const Findings& some : findings) {
      comparison_.failures.insert(comparison_.failures.end(), some.failures.begin(), some.failures.end());
      comparison_.predictions.insert(comparison_.predictions.end(), some.predictions.begin(),
                                     some.predictions.end());
    }
    std::sort(comparison_.failures.begin(), comparison_.failures.end(),
              [](const FailedSolve& a, const FailedSolve& b) {
                return std::pair(a.problem, a.policy) < std::pair(b.problem, b.policy);
              });
    return std::move(comparison_);
  }

 private:
  static constexpr std::size_t not_in_sample = SIZE_MAX;

  void find_optimum(std::size_t i) {
    optima_[i] = truths_.optimum(i);
    Setting& setting = comparison_.settings[i];
    setting.feasible = optima_[i].has_value();
    setting.worth_regretting =
        setting.feasible && (!experiment_.problems[i].interleaves() || optima_[i]->value.train_rate_hz > 0);
    setting.power_looseness = truths_.power_looseness(i);
  }

  void run(const Task& task, Findings& findings) {
    using Clock = std::chrono::steady_clock;
    const policies::Policy& policy = *experiment_.policies[task.policy].policy;
    const bool shares = policy.sharing() == policies::Sharing::workloads;
    std::unique_ptr<policies::Platform> session;
    std::unique_ptr<policies::Solver> solver;
    for (const std::size_t problem : task.problems) {
      if (!session || !shares) {
        solver.reset();
        session = new_session(experiment_);
        solver = policy.start(*session);
      }
      const policies::Spent before = session->spent();
      PolicyResult result;
      const auto start = Clock::now();
      result.outcome = solver->solve(experiment_.problems[problem]);
      findings.decision_s += std::chrono::duration<double>(Clock::now() - start).count();
      result.spent = difference(session->spent(), before);
      score_plan(problem, result);
      if (result.outcome.termination == policies::Termination::error)
        findings.failures.push_back({problem, task.policy, result.outcome.message});
      keep(task.policy, problem, std::move(result), session->spent().profiles);
      const std::size_t solved = ++solved_;
      if (options_.on_progress) options_.on_progress(solved, to_solve_);
    }
    if (shares && solver) findings.predictions = errors_of(*solver, task);
  }

  // Of what a solver came to predict of the task's family.
  std::vector<PredictionErrors> errors_of(const policies::Solver& solver, const Task& task) const {
    const std::size_t problem = task.problems.front();
    const policies::Problem& like = experiment_.problems[problem];
    const policies::Predictions* const predictions = solver.predictions(like);
    if (!predictions) return {};
    auto errors = prediction_errors(like, *predictions, experiment_.modes->size(), truths_.train_table(like),
                                    truths_.infer_table(like));
    for (PredictionErrors& some : errors) {
      some.policy = task.policy;
      some.problem = problem;
    }
    return errors;
  }

  // A plan that the truth cannot judge (one that was only predicted, in a hole of a table) is its policy's
  // error.
  void score_plan(std::size_t problem, PolicyResult& result) const {
    if (!result.outcome.plan) return;
    const auto scored = policies::score(experiment_.problems[problem], *result.outcome.plan,
                                        *experiment_.board.truth, optima_[problem]);
    if (scored) {
      result.score = *scored;
      return;
    }
    result.outcome.plan.reset();
    result.outcome.termination = policies::Termination::error;
    result.outcome.message = "the plan cannot be scored: " + scored.error().message;
  }

  void keep(std::size_t policy, std::size_t problem, PolicyResult result, int known_profiles) {
    comparison_.verdicts[policy][problem] = verdict_of(result, known_profiles);
    if (place_in_sample_[problem] == not_in_sample) return;
    if (!options_.keep_steps) result.outcome.steps.clear();
    comparison_.by_problem[place_in_sample_[problem]].by_policy[policy] = std::move(result);
  }

  const Experiment& experiment_;
  const ComparisonOptions& options_;
  Truths truths_;
  std::vector<std::optional<policies::Optimum>> optima_;
  std::vector<std::size_t> place_in_sample_;
  Comparison comparison_;
  std::size_t to_solve_ = 0;
  std::atomic<std::size_t> solved_ = 0;
};

}  // namespace

Result<Comparison> compare(const Experiment& experiment, const ComparisonOptions& options) {
  Comparison comparison = Run(experiment, options).all();
  std::vector<MaybeError> errors;
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
  for (const auto& [place, policy, replay_index] : assignments.users) {
    ProblemResult& result = comparison.by_problem[place];
    if (errors[replay_index])
      comparison.failures.push_back({result.problem, policy, "replay: " + errors[replay_index]->message});
    else
      result.by_policy[policy].replay = figures[replay_index];
  }
  return comparison;
}

}  // namespace wattline::experiments
