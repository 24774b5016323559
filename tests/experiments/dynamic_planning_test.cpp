// The planning loop of dynamic problems: when a plan is made anew, for which rate, and what that costs the
// board.
#include "experiments/dynamic/planning.hpp"
#include "tests/experiments/dynamic_experiments.hpp"

namespace wattline::experiments {
namespace {

using policies::Outcome;
using policies::Plan;
using policies::Problem;
using policies::Step;
using sim::ns_per_ms;
using workloads::Role;

// The planning loop alone, with choosers of the tests' own, on a board whose changes cost round numbers.
DynamicExperiment stepped(const std::string& rates, const Json& more = Json::object()) {
  Json json = Json::parse(R"({
    "schema": "wattline-dynamic/1", "name": "d", "device": "orin-agx-64gb", "mode_space": "fulcrum",
    "profiling": {"minibatches": 10, "settle_s": 2, "mode_switch_s": 0.1, "reboot_s": 100},
    "window_s": 10, "rate": "known",
    "problems": [{"kind": "infer", "infer": "resnet50", "infer_batches": [1, 4, 16], "power_budgets_w": [30],
                  "latency_budgets_ms": [500]}],
    "policies": [{"policy": "maxn"}]
  })");
  json.update(more);
  json["arrivals"] = {{"kind", "piecewise"}, {"segments", Json::array()}};
  for (const double rate_hz : Json::parse(rates).get<std::vector<double>>())
    json["arrivals"]["segments"].push_back({{"duration_s", 10}, {"rate_hz", rate_hz}});
  return experiment_of(json);
}

Schedule planned(const DynamicExperiment& experiment, const Chooser& chooser) {
  auto schedule = plan_ahead(experiment, 0, chooser, false);
  REQUIRE(schedule.ok());
  return *std::move(schedule);
}

std::vector<std::size_t> windows_of(const Schedule& schedule) {
  std::vector<std::size_t> windows;
  for (const Decision& decision : schedule.decisions) windows.push_back(decision.window);
  return windows;
}

devices::PowerMode top_of(const DynamicExperiment& experiment) {
  return experiment.common.modes->at(experiment.common.modes->size() - 1);
}

Chooser always(const Plan& plan) {
  return [plan](const Problem&) { return Outcome{plan, policies::Termination::found, {}, {}}; };
}

TEST_CASE("A plan is made anew when the rate has changed enough since the last, not since the last window") {
  // From 10 on: 10.5 and 11 are within a tenth, 11.5 is not; from there 12 is, 10 is not.
  const DynamicExperiment experiment = stepped("[10, 10.5, 11, 11.5, 12, 10]");
  const Schedule schedule = planned(experiment, always({top_of(experiment), 4, 0}));
  CHECK(windows_of(schedule) == std::vector<std::size_t>{0, 3, 5});
  CHECK(schedule.decisions[1].why == Why::rate);
  CHECK(schedule.decisions[1].rate_hz == 11.5);
}

TEST_CASE("A plan that will not keep up is left however small the change") {
  // Of a batch of 1 the top mode truly takes t; 0.97 / t is kept up with, 1.03 / t is not.
  DynamicExperiment experiment = stepped("[10, 10]");
  const auto cost = experiment.common.board.truth->minibatch("resnet50", Role::infer, 1, top_of(experiment));
  REQUIRE(cost.ok());
  const double most_hz = 1e9 / static_cast<double>(cost->time_ns);
  const Plan plan{top_of(experiment), 1, 0};
  for (const double second : {0.99, 1.03}) {
    experiment.windows[0].rate_hz = 0.97 * most_hz;
    experiment.windows[1].rate_hz = second * most_hz;
    const Schedule schedule = planned(experiment, always(plan));
    CHECK(schedule.decisions.size() == (second > 1 ? 2u : 1u));
    if (second > 1) CHECK(schedule.decisions[1].why == Why::keep_up);
  }
}

TEST_CASE("Profiles are paid from the mode that the board is in, and the way back too") {
  // Both plans are in the top mode and both profile the lowest one: 0.1 s away, 2 s to settle and ten
  // minibatches of 50 ms, then 0.1 s back. The session itself would count the second profile as one without
  // a change of mode.
  const DynamicExperiment experiment = stepped("[10, 20]");
  const devices::PowerMode low = experiment.common.modes->at(0);
  const Chooser chooser = [&](const Problem& problem) {
    Step step{"resnet50", Role::infer, 4, low, {50 * ns_per_ms, 7}, true, ""};
    Step known = step;
    known.charged = false;
    return Outcome{Plan{top_of(experiment), problem.arrival_rate_hz < 15 ? 4 : 16, 0},
                   policies::Termination::found,
                   {step, known},
                   {}};
  };
  const Schedule schedule = planned(experiment, chooser);
  REQUIRE(schedule.decisions.size() == 2);
  const auto idle_w = experiment.common.board.truth->idle_power_w(low);
  const auto cost = experiment.common.board.truth->minibatch("resnet50", Role::infer, 4, low);
  for (const Decision& decision : schedule.decisions) {
    CHECK(decision.profiles == 1);
    REQUIRE(decision.profiling.size() == 2);
    CHECK(decision.profiling[0].time_ns == 100 * ns_per_ms);
    CHECK(decision.profiling[0].power_uw == devices::to_microwatts(*idle_w));
    CHECK(decision.profiling[1].time_ns == 2'500 * ns_per_ms);
    CHECK(decision.profiling[1].power_uw == devices::to_microwatts(cost->power_w));
    CHECK(decision.switch_ns == 100 * ns_per_ms);
    CHECK(decision.change_ns() == 2'700 * ns_per_ms);
  }
}

TEST_CASE(
    "A plan with other streaming multiprocessors costs a reboot, and nothing is planned until it is over") {
  // 100.1 s at 10 s, so the windows from 20 to 110 s pass; at 120 s the board is free again.
  const DynamicExperiment experiment = stepped("[10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120, 130]");
  devices::PowerMode gated = top_of(experiment);
  for (const devices::Preset& preset : experiment.common.presets) {
    if (preset.mode.active_sms < gated.active_sms) gated = preset.mode;
  }
  REQUIRE(gated.active_sms < top_of(experiment).active_sms);
  const Chooser chooser = [&](const Problem& problem) {
    return Outcome{Plan{problem.arrival_rate_hz == 20 ? gated : top_of(experiment), 16, 0},
                   policies::Termination::found,
                   {},
                   {}};
  };
  const Schedule schedule = planned(experiment, chooser);
  CHECK(windows_of(schedule) == std::vector<std::size_t>{0, 1, 12});
  CHECK(schedule.decisions[0].switch_ns == 0);
  CHECK(schedule.decisions[1].switch_ns == 100'100 * ns_per_ms);
  CHECK(schedule.decisions[2].switch_ns == 100'100 * ns_per_ms);
}

TEST_CASE(
    "Without a plan the one in force stays, before there is one, the largest batch that gathers in time") {
  // At 10 requests/s four gather in 300 ms, sixteen in 1.5 s; the budget is 500 ms.
  const DynamicExperiment experiment = stepped("[10, 20, 30]");
  const Plan found{experiment.common.modes->at(5), 16, 0};
  const Chooser chooser = [&](const Problem& problem) {
    Outcome outcome;
    if (problem.arrival_rate_hz == 20) outcome.plan = found;
    return outcome;
  };
  const Schedule schedule = planned(experiment, chooser);
  REQUIRE(schedule.decisions.size() == 3);
  CHECK(schedule.decisions[0].plan == Plan{top_of(experiment), 4, 0});
  CHECK(schedule.decisions[0].termination == policies::Termination::infeasible);
  CHECK(schedule.decisions[1].plan == found);
  CHECK(schedule.decisions[2].plan == found);
  CHECK_FALSE(schedule.decisions[0].found);
  CHECK(schedule.decisions[1].found);
  CHECK_FALSE(schedule.decisions[2].found);
}

TEST_CASE("The planner is told the true mean, or what was counted in the window before") {
  const DynamicExperiment known = stepped("[10, 40, 0]", {{"peak_factor", 1.5}, {"window_s", 20}});
  CHECK(known.windows.size() == 2);
  CHECK(known.told_hz(0) == 1.5 * 25);
  CHECK(known.told_hz(1) == 0);  // the last window is shorter, and nothing comes
  const DynamicExperiment counted = stepped("[10, 40, 0]", {{"rate", "previous"}, {"first_rate_hz", 12}});
  CHECK(counted.told_hz(0) == 12);
  CHECK(counted.told_hz(1) == static_cast<double>(counted.windows[0].arrived) / 10);
  CHECK(counted.told_hz(2) == static_cast<double>(counted.windows[1].arrived) / 10);
  // Left out, the first rate is the mean of the whole run.
  const DynamicExperiment guessed = stepped("[10, 40, 10]", {{"rate", "previous"}});
  CHECK(guessed.told_hz(0) == Approx(20));
}

TEST_CASE("When nothing arrives no plan is made, and the run goes on") {
  const DynamicExperiment experiment = stepped("[0, 0, 10]");
  int asked = 0;
  const Chooser chooser = [&](const Problem&) {
    ++asked;
    return Outcome{Plan{top_of(experiment), 4, 0}, policies::Termination::found, {}, {}};
  };
  const Schedule schedule = planned(experiment, chooser);
  CHECK(asked == 1);
  CHECK(windows_of(schedule) == std::vector<std::size_t>{0, 2});
  CHECK(schedule.decisions[0].why == Why::nothing_arrives);
  CHECK(schedule.decisions[1].why == Why::first);
}

}  // namespace
}  // namespace wattline::experiments
