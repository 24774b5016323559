// Governor, hardware throttle and over-current pulses against tables worked out by hand.
#include <cmath>
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

TEST_CASE("Pulses bring mean power down to the limit, and never more than one pulse further") {
  const OverCurrent over_current = {25, 0.5, 1};
  CHECK(pulses_in(over_current, 25, 100) == 0);
  CHECK(pulses_in(over_current, 8, 100) == 0);
  // 30 W: the share s with 30 (1 - s / 2) = 25 is a third, so 34 whole pulses in 100 ms.
  CHECK(pulses_in(over_current, 30, 100) == 34);
  // Half of 50 W is the limit: throttled all the time. Beyond that, no more can be done.
  CHECK(pulses_in(over_current, 50, 100) == 100);
  CHECK(pulses_in(over_current, 90, 100) == 100);
  for (double power_w = 25.1; power_w < 50; power_w += 0.37) {
    const double share = static_cast<double>(pulses_in(over_current, power_w, 100)) / 100;
    CAPTURE(power_w, share);
    CHECK(power_w * (1 - 0.5 * share) <= 25 + 1e-9);
    CHECK(power_w * (1 - 0.5 * (share - 0.01)) > 25 - 1e-9);
  }
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
