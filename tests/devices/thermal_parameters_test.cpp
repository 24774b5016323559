// Boards that cannot be: each refusal names the field, the value and what is accepted.
#include "devices/thermal/parameters.hpp"

#include <cmath>
#include <functional>
#include <limits>

#include "devices/thermal/supervisor.hpp"
#include "tests/catch.hpp"

namespace wattline::devices {
namespace {

ThermalParameters good() {
  ThermalParameters board;
  board.heat = {0.3, 2, 8, 190, 11};
  board.fan = Fan{1.2, 2000, {{"quiet", {{35, 0, 0}, {74, 5, 0.7}, {95, 0, 1}}}}};
  board.software = {99, 0, 21, 1000};
  board.hardware = HardwareThrottle{103, 101, 0.5};
  board.over_current = OverCurrent{25, 0.5, 1};
  board.shutdown_c = 104.5;
  return board;
}

std::string refusal(const std::function<void(ThermalParameters&)>& change) {
  ThermalParameters board = good();
  change(board);
  const MaybeError error = check(board);
  return error ? error->message : "none";
}

using Board = ThermalParameters&;

TEST_CASE("A board that can be is accepted, and the least of it too") {
  CHECK_FALSE(check(good()).has_value());
  CHECK(refusal([](Board b) {
          b.fan.reset();
          b.hardware.reset();
          b.over_current.reset();
        }) == "none");
}

TEST_CASE("A heat path that cannot be is refused") {
  const double nan = std::nan("");
  CHECK(refusal([](Board b) { b.heat.die_k_per_w = -1; }) ==
        "die_k_per_w: -1 is not accepted; a number above 0 and at most 100 is expected");
  CHECK(refusal([&](Board b) { b.heat.sink_k_per_w = nan; }) ==
        "sink_k_per_w: nan is not accepted; a number above 0 and at most 100 is expected");
  CHECK(refusal([](Board b) { b.heat.die_time_constant_s = 0; }) ==
        "die_time_constant_s: 0 is not accepted; a number above 0 and at most 3600 is expected");
  CHECK(refusal([](Board b) { b.heat.sink_heat_capacity_j_per_k = 0; }) ==
        "sink_heat_capacity_j_per_k: 0 is not accepted; a number above 0 and at most 1000000 is expected");
  CHECK(refusal([](Board b) { b.heat.air_rise_k = std::numeric_limits<double>::infinity(); }) ==
        "air_rise_k: inf is not accepted; a number of at least 0 and at most 100 is expected");
}

TEST_CASE("A fan whose table is out of order, or that slows down as it gets hotter, is refused") {
  CHECK(refusal([](Board b) { b.fan->profiles[0].rows[1].temperature_c = 35; }) ==
        "fan.profiles.quiet.temperature_c: 35 follows 35; strictly ascending temperatures are expected");
  CHECK(
      refusal([](Board b) { b.fan->profiles[0].rows[2].pwm = 0.6; }) ==
      "fan.profiles.quiet.pwm: 0.6 follows 0.7; a fan that does not slow down as it gets hotter is expected");
  CHECK(refusal([](Board b) { b.fan->profiles[0].rows[2].pwm = 255; }) ==
        "fan.profiles.quiet.pwm: 255 is not accepted; a number of at least 0 and at most 1 is expected");
  CHECK(refusal([](Board b) { b.fan->profiles[0].rows[0].hysteresis_k = -1; }) ==
        "fan.profiles.quiet.hysteresis_k: -1 is not accepted; a number of at least 0 and at most 100 is "
        "expected");
  CHECK(refusal([](Board b) { b.fan->profiles[0].rows.clear(); }) ==
        "fan.profiles.quiet: no rows; at least one is expected");
  CHECK(refusal([](Board b) { b.fan->profiles.clear(); }) == "fan.profiles: none; at least one is expected");
  CHECK(refusal([](Board b) { b.fan->profiles.push_back(b.fan->profiles[0]); }) ==
        "fan.profiles: 'quiet' appears twice");
  CHECK(refusal([](Board b) { b.fan->profiles[0].name = "max"; }).find("which means full PWM") !=
        std::string::npos);
  CHECK(refusal([](Board b) { b.fan->sink_k_per_w = 9; }) ==
        "fan.sink_k_per_w: 9 is not accepted; at most that at rest, 8 is expected");
  CHECK(refusal([](Board b) { b.fan->poll_ms = 0; }) ==
        "fan.poll_ms: 0 is not accepted; a whole number from 1 to 60000 is expected");
}

TEST_CASE("Throttling that would come after the shutdown, or stop the clock, is refused") {
  CHECK(refusal([](Board b) { b.software.trip_c = 104.5; }) ==
        "software_throttle.trip_c: 104.5 is not accepted; less than shutdown_c 104.5 is expected");
  CHECK(refusal([](Board b) { b.software.levels = 0; }) ==
        "software_throttle.levels: 0 is not accepted; a whole number from 1 to 1000 is expected");
  CHECK(refusal([](Board b) { b.hardware->stop_c = 103.5; }) ==
        "hardware_throttle.stop_c: 103.5 is not accepted; at most start_c 103 is expected");
  CHECK(refusal([](Board b) { b.hardware->start_c = 105; }) ==
        "hardware_throttle.start_c: 105 is not accepted; less than shutdown_c 104.5 is expected");
  CHECK(refusal([](Board b) { b.hardware->depth = 1; }) ==
        "hardware_throttle.depth: 1 is not accepted; less than the whole clock, 1 is expected");
  CHECK(refusal([](Board b) { b.over_current->depth = 0; }) ==
        "over_current.depth: 0 is not accepted; a number above 0 and at most 1 is expected");
  CHECK(refusal([](Board b) { b.over_current->limit_w = 0; }) ==
        "over_current.limit_w: 0 is not accepted; a number above 0 and at most 10000 is expected");
  CHECK(
      refusal([](Board b) { b.over_current->pulse_ms = std::nan(""); }) ==
      "over_current.pulse_ms: nan is not accepted; a number of at least 0.001 and at most 1000 is expected");
  CHECK(refusal([](Board b) { b.shutdown_c = std::nan(""); }).find("shutdown_c: nan is not accepted") == 0);
}

TEST_CASE("The supervisor refuses such a board by the same words") {
  ThermalParameters board = good();
  board.heat.die_k_per_w = 0;
  const auto made = ThermalSupervisor::make(board, {});
  REQUIRE_FALSE(made.ok());
  CHECK(made.error().message ==
        "thermal: die_k_per_w: 0 is not accepted; a number above 0 and at most 100 is expected");
}

}  // namespace
}  // namespace wattline::devices
