// The RC network against closed forms, a naive integration, and what must hold for any board.
#include <rapidcheck.h>

#include <cmath>

#include "devices/thermal/rc_network.hpp"
#include "tests/catch.hpp"

namespace wattline::devices {
namespace {

ThermalParameters board_with_fan() {
  ThermalParameters board;
  board.heat = {0.4, 2, 3, 150, 10};
  board.fan = Fan{0.8, 2000, {{"quiet", {{40, 0, 0}, {90, 0, 1}}}}};
  board.software = {99, 0, 28, 1000};
  board.shutdown_c = 104.5;
  return board;
}

ThermalRise after_steps(const ThermalPoles& poles, double step_s, int steps, double power_w,
                        ThermalRise rise = {}) {
  const ThermalDecay decay = decay_over(poles, step_s);
  for (int i = 0; i < steps; ++i) rise = after_step(rise, poles, decay, power_w);
  return rise;
}

TEST_CASE("A step of power is answered by two exponentials, at any instant") {
  const ThermalPoles poles = {{0.4, 2}, {1.5, 200}};
  for (const double instant_s : {0.01, 0.5, 2.0, 10.0, 60.0, 200.0, 1000.0, 1e5}) {
    CAPTURE(instant_s);
    const double expected =
        20 * (0.4 * (1 - std::exp(-instant_s / 2)) + 1.5 * (1 - std::exp(-instant_s / 200)));
    const ThermalRise rise = after_steps(poles, instant_s, 1, 20);
    CHECK(rise.total_k() == Approx(expected).epsilon(1e-12));
    CHECK(rise.die_k == Approx(20 * 0.4 * (1 - std::exp(-instant_s / 2))).epsilon(1e-12));
  }
}

TEST_CASE("A board that draws nothing any more cools along the same exponentials") {
  const ThermalPoles poles = {{0.4, 2}, {1.5, 200}};
  const ThermalRise rise = after_steps(poles, 50, 1, 0, {8, 30});
  CHECK(rise.die_k == Approx(8 * std::exp(-25.0)).epsilon(1e-12));
  CHECK(rise.sink_k == Approx(30 * std::exp(-0.25)).epsilon(1e-12));
}

TEST_CASE("A step in one piece and in 10,000 pieces is the same to 1e-12") {
  const ThermalPoles poles = {{0.4, 2}, {1.5, 200}};
  const ThermalRise start = {3, 40};
  for (const double power_w : {0.0, 7.5, 60.0}) {
    const ThermalRise whole = after_steps(poles, 100, 1, power_w, start);
    const ThermalRise pieces = after_steps(poles, 0.01, 10'000, power_w, start);
    CHECK(pieces.total_k() == Approx(whole.total_k()).epsilon(1e-12));
  }
}

TEST_CASE("After long at one power the rise is that power times both resistances") {
  const ThermalParameters board = board_with_fan();
  const ThermalPoles poles = poles_at(board, 1);
  CHECK(after_steps(poles, 0.1, 100'000, 30).total_k() == Approx(30 * (0.4 + 0.8)).epsilon(1e-12));
}

TEST_CASE("Euler's method with 1 ms agrees within its error, with power that changes") {
  const ThermalPoles poles = {{0.4, 2}, {1.5, 200}};
  const double powers_w[] = {10, 45, 0, 30};
  ThermalRise exact;
  double die_k = 0, sink_k = 0;
  for (const double power_w : powers_w) {
    exact = after_steps(poles, 0.1, 200, power_w, exact);
    for (int ms = 0; ms < 20'000; ++ms) {
      die_k += 1e-3 * (power_w * 0.4 - die_k) / 2;
      sink_k += 1e-3 * (power_w * 1.5 - sink_k) / 200;
    }
    // Euler's error after a change of dP W: at most dP R h / (2 e tau) for each pole; 45 W and 0.4 K/W
    // dominate.
    CHECK(std::abs(exact.total_k() - (die_k + sink_k)) < 2 * 45 * 0.4 * 1e-3 / (2 * 2.718 * 2) + 1e-4);
  }
}

TEST_CASE("The fan takes the sink from its resistance at rest to that at full PWM, linearly in conductance") {
  const ThermalParameters board = board_with_fan();
  CHECK(sink_k_per_w(board, 0) == 3);
  CHECK(sink_k_per_w(board, 1) == Approx(0.8).epsilon(1e-15));
  // Half way between 1/3 and 1/0.8 W/K.
  CHECK(sink_k_per_w(board, 0.5) == Approx(1 / ((1 / 3.0 + 1.25) / 2)).epsilon(1e-15));
  CHECK(poles_at(board, 0).sink.time_constant_s == Approx(450));
  CHECK(poles_at(board, 1).sink.time_constant_s == Approx(120));
  ThermalParameters passive = board;
  passive.fan.reset();
  CHECK(sink_k_per_w(passive, 1) == 3);
}

struct RandomPoles {
  ThermalPoles poles;
  double step_s;
};

RandomPoles random_poles() {
  const auto number = [](int low, int high) { return *rc::gen::inRange(low, high) / 1000.0; };
  return {{{number(1, 2000), number(100, 10'000)}, {number(100, 10'000), number(5'000, 900'000)}},
          number(1, 60'000)};
}

TEST_CASE("More power at any time never makes a board cooler") {
  CHECK(rc::check([] {
    const RandomPoles random = random_poles();
    const ThermalDecay decay = decay_over(random.poles, random.step_s);
    ThermalRise low, high;
    for (int step = 0; step < 50; ++step) {
      const double power_w = *rc::gen::inRange(0, 100'000) / 1000.0;
      const double more_w = *rc::gen::inRange(0, 20'000) / 1000.0;
      low = after_step(low, random.poles, decay, power_w);
      high = after_step(high, random.poles, decay, power_w + more_w);
      RC_ASSERT(high.die_k >= low.die_k - 1e-9);
      RC_ASSERT(high.sink_k >= low.sink_k - 1e-9);
      RC_ASSERT(low.die_k >= 0);
      RC_ASSERT(low.sink_k >= 0);
    }
  }));
}

TEST_CASE("A faster fan never leaves a board warmer at rest") {
  CHECK(rc::check([] {
    const ThermalParameters board = board_with_fan();
    const int slow = *rc::gen::inRange(0, 1001);
    const int fast = *rc::gen::inRange(slow, 1001);
    RC_ASSERT(sink_k_per_w(board, fast / 1000.0) <= sink_k_per_w(board, slow / 1000.0));
  }));
}

}  // namespace
}  // namespace wattline::devices
