// Governor, hardware throttle and over-current pulses against tables worked out by hand.
#include <rapidcheck.h>

#include <algorithm>
#include <vector>

#include "devices/thermal/clock_caps.hpp"
#include "devices/thermal/throttling.hpp"
#include "tests/catch.hpp"

namespace wattline::devices {
namespace {

std::vector<std::int32_t> levels_at(const SoftwareThrottle& throttle,
                                    const std::vector<double>& temperatures_c) {
  StepWise state = {0, false, temperatures_c.front() - 1};
  std::vector<std::int32_t> levels;
  for (const double temperature_c : temperatures_c) {
    state = after_poll(throttle, state, temperature_c);
    levels.push_back(state.level);
  }
  return levels;
}

TEST_CASE("The governor steps up above the trip while it gets hotter, and down below it while it cools") {
  const SoftwareThrottle throttle = {99, 0, 4, 1000};
  const std::vector<double> temperatures_c = {98, 99, 100, 100, 99.5, 98.5, 98.7, 98.6, 97, 99, 98};
  CHECK(levels_at(throttle, temperatures_c) == std::vector<std::int32_t>{0, 1, 2, 2, 2, 1, 1, 0, 0, 1, 0});
}

TEST_CASE("The governor stops at its last level") {
  const SoftwareThrottle throttle = {99, 0, 3, 1000};
  CHECK(levels_at(throttle, {99, 100, 101, 102, 103}) == std::vector<std::int32_t>{1, 2, 3, 3, 3});
}

TEST_CASE("With hysteresis a trip that was reached is left that much below") {
  const SoftwareThrottle throttle = {97, 2, 5, 1000};
  //                       reached; falling but not left; rising, still tripped; left; not reached again
  CHECK(levels_at(throttle, {97, 96, 95.5, 96.5, 94.9, 96.5, 97}) ==
        std::vector<std::int32_t>{1, 1, 1, 2, 1, 1, 2});
}

TEST_CASE("Each level takes the same share of the highest clocks") {
  const SoftwareThrottle throttle = {99, 0, 4, 1000};
  CHECK(clock_share(throttle, 0) == 1);
  CHECK(clock_share(throttle, 1) == Approx(0.8));
  CHECK(clock_share(throttle, 4) == Approx(0.2));
}

TEST_CASE("Hardware throttles from its start until it is cooler than its stop") {
  const HardwareThrottle throttle = {103, 101, 0.5};
  CHECK_FALSE(hardware_throttles(throttle, false, 102.9));
  CHECK(hardware_throttles(throttle, false, 103));
  CHECK(hardware_throttles(throttle, true, 101));
  CHECK_FALSE(hardware_throttles(throttle, true, 100.9));
  CHECK_FALSE(hardware_throttles(throttle, false, 101.5));
}

// Half the speed within pulses, so that at 8 W a quarter of the time brings the mean down to 7 W.
constexpr OverCurrent seven_watts = {7, 0.5, 1};

std::vector<std::int64_t> begun_at(const OverCurrent& over_current, const std::vector<double>& power_w,
                                   double period_ms) {
  Pulses pulses;
  std::vector<std::int64_t> begun;
  for (const double each_w : power_w) {
    pulses = next_pulses(over_current, pulses, each_w, period_ms);
    begun.push_back(pulses.begun);
  }
  return begun;
}

TEST_CASE("Pulses are whole, and what one lowers the mean too far counts for the periods that follow") {
  using Begun = std::vector<std::int64_t>;
  CHECK(begun_at(seven_watts, {8, 8, 8}, 100) == Begun{25, 25, 25});
  CHECK(begun_at(seven_watts, {8, 8, 8, 8}, 10) == Begun{3, 2, 3, 2});
  CHECK(begun_at(seven_watts, {8, 8, 8, 8, 8, 8}, 1) == Begun{1, 0, 0, 0, 1, 0});
  // Half of 14 W is the limit: throttled all the time. Beyond that, no more can be done.
  CHECK(begun_at(seven_watts, {14, 20}, 100) == Begun{100, 100});
}

TEST_CASE("At the limit or below it no pulse begins, and none is made up for later") {
  CHECK(begun_at(seven_watts, {7, 2, 0, 8}, 100) == std::vector<std::int64_t>{0, 0, 0, 25});
  // 2.5 ms of 3 were asked for; the half is kept however long it is cool.
  CHECK(begun_at(seven_watts, {8, 7, 7, 8}, 10) == std::vector<std::int64_t>{3, 0, 0, 2});
}

TEST_CASE("A pulse that is longer than a period reaches into the next ones") {
  const OverCurrent slow = {7, 0.5, 4};
  Pulses pulses;
  for (int period = 0; period < 32; ++period) {
    pulses = next_pulses(slow, pulses, 8, 1);
    CAPTURE(period);
    CHECK(pulses.begun == (period % 16 == 0 ? 1 : 0));
    CHECK(pulses.share == (period % 16 < 4 ? 1 : 0));
  }
  // It goes on, too, where the power has fallen.
  pulses = next_pulses(slow, {}, 8, 3);
  CHECK(pulses.share == 1);
  pulses = next_pulses(slow, pulses, 1, 3);
  CHECK(pulses.share == Approx(1 / 3.0));
  CHECK(next_pulses(slow, pulses, 1, 3).share == 0);
}

TEST_CASE("Pulses keep the limit in any number of periods, and are never more than one ahead of it") {
  CHECK(rc::check([] {
    const OverCurrent over_current = {25, 0.01 * *rc::gen::inRange(1, 100),
                                      0.001 * *rc::gen::inRange(1, 20'000)};
    const double period_ms = *rc::gen::element(1, 2, 10, 100, 500, 1000);
    Pulses pulses;
    double asked_ms = 0, begun_ms = 0, throttled_ms = 0;
    for (int period = 0; period < 300; ++period) {
      const double power_w = 0.1 * *rc::gen::inRange(0, 600);
      pulses = next_pulses(over_current, pulses, power_w, period_ms);
      // A share s of pulses of depth d leaves P (1 - d s).
      if (power_w > 25) asked_ms += period_ms * std::min(1.0, (power_w - 25) / power_w / over_current.depth);
      begun_ms += static_cast<double>(pulses.begun) * over_current.pulse_ms;
      throttled_ms += pulses.share * period_ms;
      const double slack_ms = 1e-9 * (1 + asked_ms);
      RC_ASSERT(begun_ms >= asked_ms - slack_ms);
      RC_ASSERT(begun_ms <= asked_ms + over_current.pulse_ms + slack_ms);
      RC_ASSERT(throttled_ms >= asked_ms - slack_ms);
      RC_ASSERT(throttled_ms <= begun_ms + slack_ms);
      RC_ASSERT(pulses.share >= 0);
      RC_ASSERT(pulses.share <= 1);
    }
  }));
}

const ClockTable table = {
    "t", {115'200, 729'600, 1'497'600, 2'201'600}, {306'000, 612'000, 918'000, 1'300'500}, {5}};

TEST_CASE("A verdict without throttling leaves every clock alone, on the table or not") {
  const PowerMode mode = {4, 2'000'000, 1'000'000, 3'199'000, 8};
  CHECK(capped(mode, {}, table) == mode);
}

TEST_CASE("Software throttle is a ceiling, which a slow mode does not feel") {
  ThermalVerdict verdict;
  verdict.software_clock_share = 0.7;  // 1,541,120 and 910,350 kHz
  CHECK(capped({4, 2'201'600, 1'300'500, 5, 8}, verdict, table) == PowerMode{4, 1'497'600, 612'000, 5, 8});
  CHECK(capped({4, 729'600, 306'000, 5, 8}, verdict, table) == PowerMode{4, 729'600, 306'000, 5, 8});
}

TEST_CASE("Hardware throttle takes its share of whatever clock is left") {
  ThermalVerdict verdict;
  verdict.hardware_clock_share = 0.5;
  CHECK(capped({4, 1'497'600, 1'300'500, 5, 8}, verdict, table) == PowerMode{4, 729'600, 612'000, 5, 8});
  verdict.software_clock_share = 0.7;  // 770,560 and 455,175 kHz
  CHECK(capped({4, 2'201'600, 1'300'500, 5, 8}, verdict, table) == PowerMode{4, 729'600, 306'000, 5, 8});
}

TEST_CASE("No clock falls below the lowest of the table, nor rises to it") {
  ThermalVerdict verdict;
  verdict.software_clock_share = 0.01;
  CHECK(capped({4, 2'201'600, 1'300'500, 5, 8}, verdict, table) == PowerMode{4, 115'200, 306'000, 5, 8});
  CHECK(capped({4, 100'000, 200'000, 5, 8}, verdict, table) == PowerMode{4, 100'000, 200'000, 5, 8});
}

}  // namespace
}  // namespace wattline::devices
