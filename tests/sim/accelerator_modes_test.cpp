// Configurations that change during a run: when a mode switch is made and what it costs, by hand.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "sim/accelerator.hpp"
#include "tests/catch.hpp"
#include "tests/sim/listed_run.hpp"

namespace wattline::sim {
namespace {

// Two modes: 10 ns at 7 uW, idle 1 uW; 6 ns at 9 uW, idle 2 uW. Training takes 4 ns at 3 and at 4 uW.
struct Modes {
  FixedPoint slow{{10, {7}}, {4, {3}}, {1}};
  FixedPoint fast{{6, {9}}, {4, {4}}, {2}};
};

OneStreamRule batches_of(std::int64_t requests, bool trains = false) {
  OneStreamRule rule;
  rule.infer_batch = requests;
  rule.trains = trains;
  rule.train_time_ns = 4;
  return rule;
}

RunResult run(std::vector<OneStreamConfiguration> configurations, const std::vector<TimeNs>& arrivals,
              std::optional<TimeNs> end_ns = {}) {
  OneStreamOptions options;
  options.configurations = std::move(configurations);
  options.end_ns = end_ns;
  ListedArrivals process(arrivals);
  auto result = run_one_stream(options, &process);
  if (!result.ok()) FAIL(result.error().message);
  return *std::move(result);
}

TimeNs time_in(const RunResult& result, Activity activity) {
  return result.energy.time_ns(activity);
}

std::int64_t energy_in(const RunResult& result, Activity activity) {
  return static_cast<std::int64_t>(result.energy.activity_fj(activity));
}

}  // namespace

TEST_CASE("A mode switch waits for the minibatch that runs and then takes its time at the new idle power") {
  // 2 is served 2-12 in the old mode; the switch asked for at 7 takes 12-17; 10 is served 17-23.
  Modes modes;
  const RunResult result =
      run({{0, &modes.slow, batches_of(1), 99}, {7, &modes.fast, batches_of(1), 5}}, {2, 10});
  CHECK(result.mode_switches == 1);
  CHECK(result.streams[0].latency_ns.min() == 10);
  CHECK(result.streams[0].latency_ns.max() == 13);
  CHECK(result.simulated_ns == 23);
  CHECK(time_in(result, Activity::idle) == 2);
  CHECK(time_in(result, Activity::infer) == 16);
  CHECK(time_in(result, Activity::switching) == 5);
  CHECK(energy_in(result, Activity::idle) == 2 * 1);
  CHECK(energy_in(result, Activity::infer) == 10 * 7 + 6 * 9);
  CHECK(energy_in(result, Activity::switching) == 5 * 2);
}

TEST_CASE("A mode switch of an idle device is made at once") {
  // Idle 0-7 in the old mode, switch 7-12, idle 12-20 in the new one, serve 20-26.
  Modes modes;
  const RunResult result =
      run({{0, &modes.slow, batches_of(1), 0}, {7, &modes.fast, batches_of(1), 5}}, {20});
  CHECK(result.mode_switches == 1);
  CHECK(result.streams[0].latency_ns.max() == 6);
  CHECK(energy_in(result, Activity::idle) == 7 * 1 + 8 * 2);
  CHECK(energy_in(result, Activity::switching) == 10);
}

TEST_CASE("A change of the rule alone takes no time") {
  // From 7 on batches of 1 instead of 3: 2 and 3 are served one after the other, 7-17 and 17-27.
  Modes modes;
  const RunResult result =
      run({{0, &modes.slow, batches_of(3), 0}, {7, &modes.slow, batches_of(1), 5}}, {2, 3});
  CHECK(result.mode_switches == 0);
  CHECK(time_in(result, Activity::switching) == 0);
  CHECK(result.streams[0].latency_ns.min() == 15);
  CHECK(result.streams[0].latency_ns.max() == 24);
  CHECK(result.simulated_ns == 27);
}

TEST_CASE("A switch that takes no time changes the mode all the same") {
  Modes modes;
  const RunResult result =
      run({{0, &modes.slow, batches_of(1), 0}, {7, &modes.fast, batches_of(1), 0}}, {2, 20});
  CHECK(time_in(result, Activity::switching) == 0);
  CHECK(energy_in(result, Activity::idle) == 2 * 1 + 8 * 2);
  CHECK(energy_in(result, Activity::infer) == 10 * 7 + 6 * 9);
}

TEST_CASE("Of several changes during one minibatch only the last is made") {
  Modes modes;
  FixedPoint third({8, {20}}, {4, {5}}, {3});
  // Served 2-12; at 12 the device goes straight to the third mode, in the 6 ns which that one takes.
  const RunResult skipped = run({{0, &modes.slow, batches_of(1), 0},
                                 {3, &modes.fast, batches_of(1), 50},
                                 {5, &third, batches_of(1), 6}},
                                {2, 11});
  CHECK(skipped.mode_switches == 1);
  CHECK(time_in(skipped, Activity::switching) == 6);
  CHECK(energy_in(skipped, Activity::switching) == 6 * 3);
  CHECK(skipped.simulated_ns == 12 + 6 + 8);
  // There and back again: nothing to switch.
  const RunResult back = run({{0, &modes.slow, batches_of(1), 0},
                              {3, &modes.fast, batches_of(1), 50},
                              {5, &modes.slow, batches_of(1), 50}},
                             {2, 11});
  CHECK(back.mode_switches == 0);
  CHECK(back.simulated_ns == 22);
}

TEST_CASE("A change during a switch is made when that switch is over") {
  // Switch 4-14, asked back at 9: switch 14-17, then idle.
  Modes modes;
  const RunResult result = run({{0, &modes.slow, batches_of(1), 0},
                                {4, &modes.fast, batches_of(1), 10},
                                {9, &modes.slow, batches_of(1), 3}},
                               {20});
  CHECK(result.mode_switches == 2);
  CHECK(energy_in(result, Activity::switching) == 10 * 2 + 3 * 1);
  CHECK(energy_in(result, Activity::idle) == 4 * 1 + 3 * 1);
  CHECK(result.simulated_ns == 30);
}

TEST_CASE("An end during a switch cuts it off") {
  Modes modes;
  const RunResult result =
      run({{0, &modes.slow, batches_of(1), 0}, {7, &modes.fast, batches_of(1), 5}}, {30}, 10);
  CHECK(result.simulated_ns == 10);
  CHECK(time_in(result, Activity::idle) == 7);
  CHECK(time_in(result, Activity::switching) == 3);
  CHECK(result.mode_switches == 0);
}

TEST_CASE("A new configuration starts a new cycle of training") {
  // Capped at one: train 0-4; from 10 on again one, 10-14; nothing else before the end.
  Modes modes;
  OneStreamRule rule = batches_of(2, true);
  rule.max_train_per_cycle = 1;
  const RunResult result = run({{0, &modes.slow, rule, 0}, {10, &modes.slow, rule, 0}}, {90}, 50);
  CHECK(result.train().finished == 2);
  CHECK(time_in(result, Activity::train) == 8);
}

TEST_CASE("Waiting requests keep their place and their deadline across a switch") {
  // Batches of 4, at most 20 ns: 3 is due at 23. Switch 7-57; then both are served at once, 57-63.
  Modes modes;
  OneStreamRule rule = batches_of(4);
  rule.max_wait_ns = 20;
  const RunResult result = run({{0, &modes.slow, rule, 0}, {7, &modes.fast, rule, 50}}, {3, 30});
  CHECK(result.streams[0].latency_ns.max() == 60);
  CHECK(result.streams[0].latency_ns.min() == 33);
  CHECK(result.infer().finished == 1);
}

TEST_CASE("A configuration that serves nobody trains on while requests wait") {
  // Batches of 2 until 10; then training only, whatever waits and however long it may.
  Modes modes;
  for (const TimeNs max_wait_ns : {0, 15}) {
    CAPTURE(max_wait_ns);
    OneStreamRule serves = batches_of(2), trains = batches_of(0, true);
    serves.max_wait_ns = trains.max_wait_ns = max_wait_ns;
    const RunResult result = run({{0, &modes.slow, serves, 0}, {10, &modes.slow, trains, 0}}, {3}, 50);
    CHECK(result.requests().pending == 1);
    CHECK(result.train().finished == 10);
    CHECK(time_in(result, Activity::train) == 40);
  }
}

TEST_CASE("A configuration that neither serves nor trains idles while requests wait") {
  Modes modes;
  for (const TimeNs max_wait_ns : {0, 5, 15}) {
    CAPTURE(max_wait_ns);
    OneStreamRule serves = batches_of(2), rests = batches_of(0);
    serves.max_wait_ns = rests.max_wait_ns = max_wait_ns;
    const std::vector<OneStreamConfiguration> configurations = {
        {0, &modes.slow, serves, 0}, {10, &modes.slow, rests, 0}, {60, &modes.slow, serves, 0}};
    const RunResult result = run(configurations, {9, 30});
    CHECK(result.requests().completed == 2);
    CHECK(result.simulated_ns == 70);  // served together from 60 on
  }
}

TEST_CASE("A run without a set end does end though its last configuration serves nobody") {
  Modes modes;
  for (const TimeNs max_wait_ns : {0, 15}) {
    CAPTURE(max_wait_ns);
    OneStreamRule serves = batches_of(2), trains = batches_of(0, true);
    serves.max_wait_ns = trains.max_wait_ns = max_wait_ns;
    const RunResult result = run({{0, &modes.slow, serves, 0}, {10, &modes.slow, trains, 0}}, {3});
    CHECK(result.requests().pending == 1);
    CHECK(result.simulated_ns == 10);
  }
}

TEST_CASE("Profiling occupies the device before the switch, at its own power, while requests wait") {
  // 2 is served 2-12; profiling 12-15 at 30 uW and 15-19 at 40 uW, switch 19-24; 13 is served 24-30.
  Modes modes;
  const RunResult result =
      run({{0, &modes.slow, batches_of(1), 0}, {7, &modes.fast, batches_of(1), 5, {{3, {30}}, {4, {40}}}}},
          {2, 13});
  CHECK(result.mode_switches == 1);
  CHECK(result.simulated_ns == 30);
  CHECK(result.streams[0].latency_ns.max() == 17);
  CHECK(result.infer().finished == 2);
  CHECK(time_in(result, Activity::profiling) == 7);
  CHECK(energy_in(result, Activity::profiling) == 3 * 30 + 4 * 40);
  CHECK(time_in(result, Activity::switching) == 5);
  CHECK(time_in(result, Activity::idle) == 2);
}

TEST_CASE("A run may begin with profiling, and then with a switch") {
  // Profiling 0-6, switch 6-9; 1 and 2 are served 9-19 and 19-29.
  Modes modes;
  const RunResult result = run({{0, &modes.slow, batches_of(1), 3, {{6, {50}}}}}, {1, 2});
  CHECK(time_in(result, Activity::profiling) == 6);
  CHECK(energy_in(result, Activity::profiling) == 300);
  CHECK(time_in(result, Activity::switching) == 3);
  CHECK(time_in(result, Activity::idle) == 0);
  CHECK(result.streams[0].latency_ns.max() == 27);
  CHECK(result.simulated_ns == 29);
}

TEST_CASE("Profiling leads away from the mode, so that coming back to it is a switch") {
  Modes modes;
  const RunResult result =
      run({{0, &modes.slow, batches_of(1), 0}, {7, &modes.slow, batches_of(1), 5, {{3, {30}}}}}, {20});
  CHECK(result.mode_switches == 1);
  CHECK(time_in(result, Activity::profiling) == 3);
  CHECK(time_in(result, Activity::switching) == 5);
}

TEST_CASE("A configuration that is overtaken is skipped, but not the profiling that it was chosen by") {
  // 2 is served 2-12; then the profiling 12-15 and switch 15-16 of the second, and the switch 16-22 of the
  // third.
  Modes modes;
  FixedPoint third({8, {20}}, {4, {5}}, {3});
  const RunResult result = run({{0, &modes.slow, batches_of(1), 0},
                                {3, &modes.fast, batches_of(1), 1, {{3, {30}}}},
                                {5, &third, batches_of(1), 6}},
                               {2, 11});
  CHECK(time_in(result, Activity::profiling) == 3);
  CHECK(time_in(result, Activity::switching) == 7);
  CHECK(result.simulated_ns == 22 + 8);
}

TEST_CASE("An end during profiling cuts it off") {
  Modes modes;
  const RunResult result =
      run({{0, &modes.slow, batches_of(1), 0}, {7, &modes.fast, batches_of(1), 5, {{30, {30}}}}}, {8}, 10);
  CHECK(result.simulated_ns == 10);
  CHECK(time_in(result, Activity::profiling) == 3);
  CHECK(energy_in(result, Activity::profiling) == 90);
  CHECK(result.requests().pending == 1);
}

// Writes down what it is told.
class Diary final : public RunObserver {
 public:
  void spent(Activity activity, const RailPowerUw& power_uw, TimeNs from_ns, TimeNs to_ns) override {
    CHECK(from_ns == until_ns);
    CHECK(to_ns > from_ns);
    until_ns = to_ns;
    energy.add(activity, power_uw, to_ns - from_ns);
  }
  void served(std::size_t, TimeNs arrival_ns, TimeNs end_ns) override {
    requests.emplace_back(arrival_ns, end_ns);
  }
  void trained(std::size_t, TimeNs end_ns) override { trainings.push_back(end_ns); }

  TimeNs until_ns = 0;
  EnergyMeter energy;
  std::vector<std::pair<TimeNs, TimeNs>> requests;
  std::vector<TimeNs> trainings;
};

TEST_CASE("An observer sees all time and energy, every request and every training minibatch") {
  // Training 0-4; 2 is served 4-14, training 14-18, during which 16 asks for another mode:
  // profiling 18-21, switch 21-26, training 26-30, 27 is served 30-36, training 36-40, end at 38.
  Modes modes;
  Diary diary;
  OneStreamOptions options;
  options.configurations = {{0, &modes.slow, batches_of(1, true), 0},
                            {16, &modes.fast, batches_of(1, true), 5, {{3, {30}}}}};
  options.end_ns = 38;
  options.observer = &diary;
  ListedArrivals arrivals({2, 27});
  const auto result = run_one_stream(options, &arrivals);
  REQUIRE(result.ok());
  CHECK(diary.requests == std::vector<std::pair<TimeNs, TimeNs>>{{2, 14}, {27, 36}});
  CHECK(diary.trainings == std::vector<TimeNs>{4, 18, 30});
  CHECK(diary.until_ns == 38);
  CHECK((diary.energy.total_fj() == result->energy.total_fj()));
  for (std::size_t i = 0; i < activity_count; ++i) {
    const auto activity = static_cast<Activity>(i);
    CHECK(diary.energy.time_ns(activity) == result->energy.time_ns(activity));
  }
  CHECK(diary.energy.time_ns(Activity::profiling) == 3);
  CHECK(diary.energy.time_ns(Activity::train) == 4 + 4 + 4 + 2);
}

}  // namespace wattline::sim
