// The fan's controller against rows worked out by hand and a fan that was read.
#include "devices/thermal/fan_control.hpp"
#include "tests/catch.hpp"

namespace wattline::devices {
namespace {

const FanProfile steps = {"steps", {{50, 18, 0.3}, {60, 5, 0.5}, {80, 10, 1}}};

TEST_CASE("Between rows PWM is interpolated, beyond them it is the last one's") {
  CHECK(pwm_at(steps, -10) == 0.3);
  CHECK(pwm_at(steps, 50) == 0.3);
  CHECK(pwm_at(steps, 55) == Approx(0.4));
  CHECK(pwm_at(steps, 60) == Approx(0.5));
  CHECK(pwm_at(steps, 70) == Approx(0.75));
  CHECK(pwm_at(steps, 80) == 1);
  CHECK(pwm_at(steps, 200) == 1);
}

TEST_CASE("A fan gets faster at once as the board gets hotter") {
  CHECK(next_pwm(steps, 0.3, 70) == Approx(0.75));
  CHECK(next_pwm(steps, 0.75, 80) == 1);
}

TEST_CASE("A fan slows down only once it is cooler by the hysteresis of the row below") {
  // At 70 degrees the row below is that of 60, with 5 K: the fan may stay at what 75 degrees want.
  CHECK(next_pwm(steps, 0.8, 70) == 0.8);
  CHECK(next_pwm(steps, 1, 70) == Approx(0.875));
  // At 55 the row below has 18 K, so 73 degrees' PWM is kept.
  CHECK(next_pwm(steps, 0.6, 55) == 0.6);
  CHECK(next_pwm(steps, 1, 55) == Approx(0.5 + 0.5 * 13 / 20));
}

TEST_CASE("A temperature that swings by less than the hysteresis leaves the fan alone") {
  double pwm = next_pwm(steps, 0, 72);
  const double settled = pwm;
  for (int i = 0; i < 20; ++i) {
    pwm = next_pwm(steps, pwm, i % 2 == 0 ? 68 : 72);
    CHECK(pwm == settled);
  }
}

TEST_CASE("Without hysteresis the fan follows the temperature both ways") {
  const FanProfile plain = {"plain", {{35, 0, 0}, {74, 0, 0.733}}};
  CHECK(next_pwm(plain, 0.7, 40) == pwm_at(plain, 40));
  CHECK(next_pwm(plain, 0, 60) == pwm_at(plain, 60));
}

TEST_CASE("The rows of Orin Nano give the speed that was read on its fan within 5 percent") {
  // Stock profile: at rest at 35 degrees, 4000 rpm at 74; 1756 rpm were read at 52.5.
  const FanProfile in_rpm = {"quiet", {{35, 0, 0}, {74, 0, 4000.0 / 6000}}};
  CHECK(pwm_at(in_rpm, 52.5) * 6000 == Approx(1756).epsilon(0.05));
}

TEST_CASE("A profile of one row is a fan at one speed") {
  const FanProfile one = {"one", {{50, 3, 0.4}}};
  for (const double temperature_c : {0.0, 50.0, 100.0}) CHECK(next_pwm(one, 0.9, temperature_c) == 0.4);
}

}  // namespace
}  // namespace wattline::devices
