// Power modes in time: what a change of mode costs from the mode that is in force, what becomes of the
// minibatch that executes, and limits that hold whatever mode is asked for.
#include <fmt/format.h>

#include "tests/experiments/scenario_texts.hpp"

namespace wattline::experiments {
namespace {

constexpr const char* slower = R"({"cores": 12, "cpu_khz": 2201600, "gpu_khz": 828750, "emc_khz": 3199000})";

std::string text_of(const std::string& more, const std::string& workload = "resnet18") {
  return fmt::format(
      R"({{"schema": "wattline-scenario/1", "name": "x", "device": "orin-agx-64gb", "mode": "MAXN",
    "train": {{"workload": "{}"}}, "mode_switch_ms": 5000, "duration_s": 300, {}}})",
      workload, more);
}

double switching_s(const ScenarioRun& run) {
  return sim::ns_to_seconds(run.energy.time_ns(sim::Activity::switching));
}

}  // namespace

// In these a minibatch of 50 ms executes when the first change comes, or a reboot of 120 s goes on.

TEST_CASE(
    "A change that is overtaken while a minibatch executes costs what the mode in force makes it cost") {
  const auto changes = [](const std::string& first, const std::string& second) {
    return run(text_of(fmt::format(R"("changes": [{}, {}])", first, second)));
  };
  const std::string b = fmt::format(R"({{"at_s": 10.001, "mode": {}}})", slower);
  // Another mode, then a change of nothing: the switch is paid.
  const ScenarioRun paid = changes(b, R"({"at_s": 10.002, "train_per_cycle": 5})");
  CHECK(paid.mode_switches == 1);
  CHECK(switching_s(paid) == Approx(5));
  // Another mode and back before it came into force: nothing is.
  const ScenarioRun back = changes(b, R"({"at_s": 10.002, "mode": "MAXN"})");
  CHECK(back.mode_switches == 0);
  CHECK(switching_s(back) == Approx(0));
  // Fewer SMs, and fewer SMs at other clocks: one reboot. Fewer SMs and all again: none.
  const ScenarioRun reboot =
      changes(R"({"at_s": 10.001, "mode": "MODE_30W"})", R"({"at_s": 10.002, "mode": "MODE_30W_JP6"})");
  CHECK(switching_s(reboot) == Approx(125));
  const ScenarioRun none = changes(R"({"at_s": 10.001, "mode": "MODE_30W"})",
                                   fmt::format(R"({{"at_s": 10.002, "mode": {}}})", slower));
  CHECK(switching_s(none) == Approx(5));
}

TEST_CASE("A change that is asked for during a reboot pays its own reboot, whatever comes after it") {
  const std::string changes = R"({"at_s": 10, "mode": "MODE_30W"}, {"at_s": 20, "mode": "MAXN"})";
  const ScenarioRun two = run(text_of(fmt::format(R"("changes": [{}])", changes)));
  const ScenarioRun three =
      run(text_of(fmt::format(R"("changes": [{}, {{"at_s": 30, "train_per_cycle": 5}}])", changes)));
  CHECK(two.mode_switches == 2);
  CHECK(switching_s(two) == Approx(250));
  CHECK(three.mode_switches == 2);
  CHECK(switching_s(three) == Approx(250));
  CHECK(three.training[0].finished == two.training[0].finished);
}

TEST_CASE(
    "A live switch takes effect after its time, and the minibatch that executes goes on at the new pace") {
  const std::string changes =
      fmt::format(R"("mode_switch": "live", "changes": [{{"at_s": 10, "mode": {}}}])", slower);
  const ScenarioRun live = run(text_of(changes));
  CHECK(live.mode_switches == 1);
  CHECK(switching_s(live) == Approx(0));
  CHECK(live.energy.time_ns(sim::Activity::idle) == 0);
  // By hand: until 15 s at one time a minibatch, from then on at the other, parts of minibatches carried
  // over.
  const auto minibatch_s = [](const std::string& mode) {
    const Scenario scenario =
        scenario_of(text_of(fmt::format(R"("changes": [{{"at_s": 10, "mode": {}}}])", mode)));
    const auto cost =
        scenario.board.truth->minibatch("resnet18", workloads::Role::train, 16, scenario.phases[1].mode);
    REQUIRE(cost);
    return sim::ns_to_seconds(cost->time_ns);
  };
  const double expected = 15 / minibatch_s(R"("MAXN")") + 285 / minibatch_s(slower);
  CHECK(live.training[0].finished == static_cast<std::uint64_t>(expected));
}

TEST_CASE("A live switch that changes the batch too lets the old batch end at the new pace first") {
  const std::string serving = fmt::format(
      R"({{"schema": "wattline-scenario/1", "name": "x", "device": "orin-agx-64gb", "mode": "MAXN",
          "infer": {{"workload": "resnet50", "batch": 64}}, "arrivals": {{"kind": "uniform", "rate_hz": 6400, "requests": 128}},
          "mode_switch_ms": 1, "mode_switch": "live", "changes": [{{"at_s": 0.012, "mode": {}, "infer_batch": 4}}]}})",
      slower);
  const ScenarioRun result = run(serving);
  // One batch of 64 executes at the change and ends; the other 64 requests are served by fours.
  CHECK(result.streams[0].minibatches.finished == 1 + 16);
  CHECK(result.requests().completed == 128);
  CHECK(result.mode_switches == 1);
}

TEST_CASE("A reboot waits for what executes, live or not") {
  const ScenarioRun result =
      run(text_of(R"("mode_switch": "live", "changes": [{"at_s": 10, "mode": "MODE_30W"}])"));
  CHECK(switching_s(result) == Approx(125));
}

TEST_CASE("Live switches that overlap are refused") {
  const std::string text = text_of(fmt::format(
      R"("mode_switch": "live", "changes": [{{"at_s": 10, "mode": {}}}, {{"at_s": 14, "mode": "MAXN"}}])",
      slower));
  CHECK(error_of(text) ==
        "scenario.json: changes: the one at 14 s comes before the live switch of the one before is over");
}

TEST_CASE("Limits hold whatever mode is asked for: the highest clock of the board that they allow") {
  const Scenario scenario =
      scenario_of(text_of(R"("limits": {"emc_khz": 2500000, "cpu_khz": 1000, "gpu_khz": 1300500})"));
  CHECK(scenario.phases[0].mode.emc_khz == 2133000);
  CHECK(scenario.phases[0].mode.cpu_khz == 115200);
  CHECK(scenario.phases[0].mode.gpu_khz == 1300500);
  REQUIRE(scenario.notes().size() == 1);
  CHECK(scenario.notes()[0] ==
        "from 0 s on, limits make 12c/115200/1300500/2133000 of the mode 12c/2201600/1300500/3199000");
  const Scenario asked = scenario_of(text_of(R"("mode_switch": "when_idle")"));
  auto named = asked;
  named.phases[0].mode = scenario.phases[0].mode;
  const auto run_of = [](const Scenario& each) { return run_scenario(each)->training[0].finished; };
  CHECK(run_of(scenario) == run_of(named));
  CHECK(run_of(scenario) < run_of(asked));
  CHECK(error_of(text_of(R"("limits": {"emc": 1})")) ==
        "scenario.json: limits: 'emc' is not a known key; known: cpu_khz, emc_khz, gpu_khz");
}

TEST_CASE("Limits hold in presets with gated SMs too") {
  const ScenarioRun limited = run(text_of(R"("mode_switch": "when_idle", "limits": {"emc_khz": 2133000},
    "changes": [{"at_s": 1, "mode": "MODE_30W"}])"));
  const ScenarioRun free =
      run(text_of(R"("mode_switch": "when_idle", "changes": [{"at_s": 1, "mode": "MODE_30W"}])"));
  CHECK(limited.training[0].finished > 0);
  CHECK(limited.training[0].finished <= free.training[0].finished);
}

}  // namespace wattline::experiments
