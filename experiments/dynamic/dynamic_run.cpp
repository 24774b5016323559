#include "experiments/dynamic/dynamic_run.hpp"

#include <fmt/format.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>

#include "devices/operating_point.hpp"
#include "experiments/compare/session.hpp"
#include "experiments/compare/truths.hpp"
#include "experiments/parallel.hpp"

namespace wattline::experiments {

using devices::FixedOperatingPoint;
using policies::Problem;

namespace {

Result<Schedule> schedule_of_policy(const DynamicExperiment& experiment, std::size_t problem,
                                    const ComparedPolicy& compared, double& decision_s) {
  using Clock = std::chrono::steady_clock;
  const auto session = new_session(experiment.common);
  const auto solver = compared.policy->start(*session);
  const Chooser timed = [&](const Problem& now) {
    const auto start = Clock::now();
    auto outcome = solver->solve(now);
    decision_s += std::chrono::duration<double>(Clock::now() - start).count();
    return outcome;
  };
  auto schedule = plan_ahead(experiment, problem, timed, false);
  if (!schedule) return schedule;
  int profiles = 0;
  for (const Decision& decision : schedule->decisions) profiles += decision.profiles;
  if (profiles != session->spent().profiles) {
    return failure(fmt::format("{}: the step logs hold {} charged profiles, the session was charged for {}",
                               compared.label, profiles, session->spent().profiles));
  }
  return schedule;
}

Result<Schedule> schedule_of_optimum(const DynamicExperiment& experiment, std::size_t problem,
                                     const Truths& truths) {
  const Chooser knows_all = [&](const Problem& now) {
    const auto best = truths.index(problem).find(now);
    policies::Outcome outcome;
    if (best) outcome.plan = best->plan;
    outcome.termination = best ? policies::Termination::found : policies::Termination::infeasible;
    return outcome;
  };
  return plan_ahead(experiment, problem, knows_all, true);
}

// One operating point for each (mode, batch): decisions that change neither keep it.
class OperatingPoints {
 public:
  OperatingPoints(const DynamicExperiment& experiment, const Problem& problem)
      : truth_(*experiment.common.board.truth), problem_(problem) {}

  Result<FixedOperatingPoint*> at(const policies::Plan& plan) {
    const auto key = std::pair{plan.mode, plan.infer_batch};
    if (const auto known = points_.find(key); known != points_.end()) return known->second.get();
    std::vector<devices::MinibatchOf> training;
    if (problem_.trains())
      training.push_back({problem_.train_workload, problem_.train_batch, problem_.train_role()});
    auto point =
        FixedOperatingPoint::make(truth_, plan.mode, {{problem_.infer_workload, plan.infer_batch}}, training);
    if (!point) return point.error();
    return points_.emplace(key, std::make_unique<FixedOperatingPoint>(*std::move(point))).first->second.get();
  }

 private:
  const devices::CostModel& truth_;
  const Problem& problem_;
  std::map<std::pair<devices::PowerMode, int>, std::unique_ptr<FixedOperatingPoint>> points_;
};

sim::Configuration configuration_of(const DynamicExperiment& experiment, const Problem& problem,
                                    const Decision& decision, FixedOperatingPoint& point) {
  sim::Configuration configuration;
  configuration.start_ns = experiment.windows[decision.window].start_ns;
  configuration.point = &point;
  configuration.serving.push_back({.batch = decision.plan.infer_batch,
                                   .max_wait_ns = experiment.max_wait_ns,
                                   .expected_rate_hz = decision.rate_hz});
  configuration.training.push_back({.trains = problem.trains(),
                                    .time_ns = point.train_time_ns(),
                                    .max_per_cycle = decision.plan.train_per_cycle});
  configuration.switch_ns = decision.switch_ns;
  configuration.profiling = decision.profiling;
  return configuration;
}

MaybeError replay(const DynamicExperiment& experiment, DynamicResult& result) {
  const Problem& problem = experiment.common.problems[result.problem];
  OperatingPoints points(experiment, problem);
  WindowLog log(experiment, problem);
  sim::AcceleratorOptions options;
  options.end_ns = experiment.end_ns();
  options.observer = &log;
  for (const Decision& decision : result.schedule.decisions) {
    const auto point = points.at(decision.plan);
    if (!point) return point.error();
    options.configurations.push_back(configuration_of(experiment, problem, decision, **point));
  }
  const devices::SwitchingTimes times = switching_times_of(experiment.common);
  options.switch_ns = [&](std::size_t from, std::size_t to) {
    const auto& decisions = result.schedule.decisions;
    return times.between(decisions[from].plan.mode, decisions[to].plan.mode);
  };
  workloads::RecordedArrivals arrivals(experiment.instants_ns);
  options.streams.push_back({&arrivals, problem.latency_budget_ns});
  options.training.emplace_back();
  auto run = sim::run_accelerator(options);
  if (!run) return run.error();
  result.run = *std::move(run);
  result.windows = log.finish();
  return std::nullopt;
}

// Without a policy: the optimum.
MaybeError run_one(const DynamicExperiment& experiment, const Truths& truths, std::size_t problem,
                   const ComparedPolicy* policy, DynamicResult& result) {
  result.problem = problem;
  result.label = policy ? policy->label : "optimum";
  auto schedule = policy ? schedule_of_policy(experiment, problem, *policy, result.decision_s)
                         : schedule_of_optimum(experiment, problem, truths);
  if (!schedule) return schedule.error();
  result.schedule = *std::move(schedule);
  return replay(experiment, result);
}

}  // namespace

std::vector<DynamicResult> run_dynamic(const DynamicExperiment& experiment, int jobs) {
  const Truths truths(experiment.common);
  const auto& policies = experiment.common.policies;
  const std::size_t rows = 1 + policies.size();
  std::vector<DynamicResult> results(experiment.common.problems.size() * rows);
  for_each_index(results.size(), jobs, [&](std::size_t i) {
    const std::size_t row = i % rows;
    results[i].error =
        run_one(experiment, truths, i / rows, row == 0 ? nullptr : &policies[row - 1], results[i]);
  });
  return results;
}

}  // namespace wattline::experiments
