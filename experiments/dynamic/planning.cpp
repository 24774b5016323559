#include "experiments/dynamic/planning.hpp"

#include <cmath>
#include <optional>

namespace wattline::experiments {

using policies::Measured;
using policies::Plan;
using policies::Problem;

const char* name_of(Why why) {
  switch (why) {
    case Why::first:
      return "first";
    case Why::rate:
      return "rate";
    case Why::keep_up:
      return "keep up";
    case Why::nothing_arrives:
      return "nothing arrives";
  }
  return "?";
}

sim::TimeNs Decision::change_ns() const {
  sim::TimeNs sum_ns = switch_ns;
  for (const sim::ProfilingStretch& stretch : profiling) sum_ns += stretch.time_ns;
  return sum_ns;
}

devices::SwitchingTimes switching_times_of(const Experiment& experiment) {
  if (experiment.board.table) return {};
  return {std::llround(experiment.profiling.mode_switch_s * 1e9),
          std::llround(experiment.profiling.reboot_s * 1e9)};
}

namespace {

sim::TimeNs settle_ns_of(const Experiment& experiment) {
  return experiment.board.table ? 0 : std::llround(experiment.profiling.settle_s * 1e9);
}

Plan plan_without_knowledge(const Problem& problem, const devices::PowerMode& top) {
  Plan plan{top, problem.infer_batches.front(), 0};
  if (problem.arrival_rate_hz == 0) return plan;
  for (const int batch : problem.infer_batches) {
    if (policies::gathering_ns(problem, batch) < problem.latency_budget_ns) plan.infer_batch = batch;
  }
  return plan;
}

class Planner {
 public:
  Planner(const DynamicExperiment& experiment, std::size_t problem, const Chooser& chooser, bool clairvoyant)
      : experiment_(experiment),
        truth_(*experiment.common.board.truth),
        times_(switching_times_of(experiment.common)),
        settle_ns_(settle_ns_of(experiment.common)),
        problem_(experiment.common.problems[problem]),
        chooser_(chooser),
        clairvoyant_(clairvoyant),
        board_mode_(top_mode()) {}

  Result<Schedule> run() {
    for (std::size_t window = 0; window < experiment_.windows.size(); ++window) {
      problem_.arrival_rate_hz = told_hz(window);
      schedule_.told_hz.push_back(problem_.arrival_rate_hz);
      const auto why = reason(window);
      if (!why) return why.error();
      if (!*why) continue;
      auto decision = decide(window, **why);
      if (!decision) return decision.error();
      busy_until_ns_ = experiment_.windows[window].start_ns + decision->change_ns();
      schedule_.decisions.push_back(*std::move(decision));
    }
    return std::move(schedule_);
  }

 private:
  devices::PowerMode top_mode() const {
    const devices::ModeSpace& modes = *experiment_.common.modes;
    return modes.at(modes.size() - 1);
  }

  double told_hz(std::size_t window) const {
    return clairvoyant_ ? experiment_.peak_factor * experiment_.windows[window].rate_hz
                        : experiment_.told_hz(window);
  }

  // Why a plan is to be made at the start of this window, or nothing.
  Result<std::optional<Why>> reason(std::size_t window) const {
    const double rate_hz = problem_.arrival_rate_hz;
    if (rate_hz == 0) return window == 0 ? std::optional(Why::nothing_arrives) : std::nullopt;
    if (experiment_.windows[window].start_ns < busy_until_ns_) return std::optional<Why>();
    if (asked_hz_ == 0) return std::optional(Why::first);
    const double change = std::abs(rate_hz - asked_hz_) / asked_hz_;
    if (change > (clairvoyant_ ? 0 : experiment_.replan_change)) return std::optional(Why::rate);
    // A plan that did not keep up when it was made is all that was to be had.
    if (rate_hz <= asked_hz_) return std::optional<Why>();
    const auto keeps_up = plan_keeps_up();
    if (!keeps_up) return keeps_up.error();
    return *keeps_up ? std::nullopt : std::optional(Why::keep_up);
  }

  Result<bool> plan_keeps_up() const {
    std::optional<Measured> train;
    if (problem_.trains()) {
      const auto cost =
          truth_.minibatch(problem_.train_workload, problem_.train_role(), problem_.train_batch, plan_->mode);
      if (!cost) return cost.error();
      train = Measured{cost->time_ns, cost->total_power_w()};
    }
    const auto cost =
        truth_.minibatch(problem_.infer_workload, workloads::Role::infer, plan_->infer_batch, plan_->mode);
    if (!cost) return cost.error();
    return policies::evaluate(problem_, plan_->infer_batch, train,
                              Measured{cost->time_ns, cost->total_power_w()}, plan_->train_per_cycle)
        .keeps_up;
  }

  Result<Decision> decide(std::size_t window, Why why) {
    Decision decision;
    decision.window = window;
    decision.why = why;
    decision.rate_hz = problem_.arrival_rate_hz;
    std::optional<Plan> found;
    if (why != Why::nothing_arrives) {
      policies::Outcome outcome = chooser_(problem_);
      asked_hz_ = problem_.arrival_rate_hz;
      decision.termination = outcome.termination;
      decision.message = outcome.message;
      found = outcome.plan;
      decision.steps = std::move(outcome.steps);
      if (auto error = profile(decision)) return *error;
    }
    decision.found = found.has_value();
    if (found)
      plan_ = found;
    else if (!plan_)
      plan_ = plan_without_knowledge(problem_, top_mode());
    decision.plan = *plan_;
    // The run begins in the mode of its first plan, unless profiling led away from it.
    if (window > 0 || !decision.profiling.empty())
      decision.switch_ns = times_.between(board_mode_, plan_->mode);
    board_mode_ = plan_->mode;
    return decision;
  }

  // What the board goes through for the decision's profiles, from the mode that it is in. A session of its
  // own counts from the mode that it profiled last, and would miss that a plan has been in force since.
  MaybeError profile(Decision& decision) {
    for (const policies::Step& step : decision.steps) {
      if (!step.charged) continue;
      const auto cost = truth_.minibatch(step.workload, step.role, step.batch, step.mode);
      if (!cost) return cost.error();
      const auto idle_w = truth_.idle_power_w(step.mode);
      if (!idle_w) return idle_w.error();
      const bool switches = step.mode != board_mode_;
      const sim::TimeNs away_ns = times_.between(board_mode_, step.mode);
      if (away_ns > 0) decision.profiling.push_back({away_ns, devices::to_microwatts(*idle_w)});
      const sim::TimeNs running_ns = experiment_.common.profiling.minibatches * step.seen.time_ns;
      decision.profiling.push_back(
          {running_ns + (switches ? settle_ns_ : 0), devices::to_microwatts(cost->power_w)});
      board_mode_ = step.mode;
      ++decision.profiles;
    }
    return std::nullopt;
  }

  const DynamicExperiment& experiment_;
  const devices::CostModel& truth_;
  devices::SwitchingTimes times_;
  sim::TimeNs settle_ns_;
  Problem problem_;  // at the rate that is told
  const Chooser& chooser_;
  bool clairvoyant_;
  devices::PowerMode board_mode_;
  std::optional<Plan> plan_;  // in force, or about to be
  double asked_hz_ = 0;       // the rate that the chooser was asked about last
  sim::TimeNs busy_until_ns_ = 0;
  Schedule schedule_;
};

}  // namespace

Result<Schedule> plan_ahead(const DynamicExperiment& experiment, std::size_t problem, const Chooser& chooser,
                            bool clairvoyant) {
  return Planner(experiment, problem, chooser, clairvoyant).run();
}

}  // namespace wattline::experiments
