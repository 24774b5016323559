// A board over hours: measured temperatures, throttling that holds, and one that is turned off.
#include "devices/thermal/supervisor.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <cmath>

#include "devices/thermal/clock_caps.hpp"
#include "tests/catch.hpp"
#include "tests/devices/built_in_board.hpp"

namespace wattline::devices {
namespace {

ThermalSupervisor supervised(const ThermalParameters& parameters, const ThermalOptions& options = {}) {
  auto made = ThermalSupervisor::make(parameters, options);
  INFO((made ? "" : made.error().message));
  REQUIRE(made.ok());
  return *std::move(made);
}

void run_for(ThermalSupervisor& supervisor, double seconds, double power_w) {
  const auto looks = std::llround(seconds * 1e9 / static_cast<double>(supervisor.period_ns()));
  for (std::int64_t i = 0; i < looks; ++i) supervisor.look(power_w);
}

// No fan to follow and nothing to throttle before 99 degrees.
ThermalParameters plain() {
  ThermalParameters parameters;
  parameters.heat = {0.3, 2, 1.5, 150, 5};
  parameters.software = {99, 0, 28, 1000};
  parameters.shutdown_c = 104.5;
  return parameters;
}

TEST_CASE("A board starts at the temperature of its air and follows the closed form") {
  ThermalSupervisor supervisor = supervised(plain());
  CHECK(supervisor.verdict().temperature_c == 30);
  CHECK(supervisor.period_ns() == 100'000'000);
  for (const double instant_s : {1.0, 10.0, 100.0, 1000.0}) {
    run_for(supervisor, instant_s - sim::ns_to_seconds(supervisor.totals().time_ns), 20);
    const double expected =
        30 + 20 * (0.3 * (1 - std::exp(-instant_s / 2)) + 1.5 * (1 - std::exp(-instant_s / 225)));
    CHECK(supervisor.verdict().temperature_c == Approx(expected).epsilon(1e-11));
  }
  CHECK(supervisor.totals().max_temperature_c == supervisor.verdict().temperature_c);
  CHECK(supervisor.totals().throttled_ns == 0);
}

TEST_CASE("A board that starts warm cools to its air") {
  ThermalSupervisor supervisor = supervised(plain(), {.initial_c = 80});
  run_for(supervisor, 225, 0);
  CHECK(supervisor.verdict().temperature_c == Approx(30 + 50 * std::exp(-1.0)).epsilon(1e-11));
  CHECK(supervisor.totals().max_temperature_c == 80);
}

struct Measured {
  double power_w;
  double temperature_c;
};

// VDD_IN against the hottest zone: Orin NX 16GB, stock heat sink and fan (ARK-Electronics/ark_jetson_kernel).
constexpr Measured orin_nx[] = {{4.6, 58}, {16.9, 71}, {27.6, 86}, {29.4, 89}};

TEST_CASE("Orin NX 16GB settles within 2 K of what was measured, idle and under load") {
  for (const Measured& point : orin_nx) {
    ThermalSupervisor supervisor = supervised(*board("orin-nx-16gb-super").thermal);
    run_for(supervisor, 2 * 3600, point.power_w);
    CAPTURE(point.power_w, supervisor.verdict().temperature_c, supervisor.verdict().fan_pwm);
    CHECK(std::abs(supervisor.verdict().temperature_c - point.temperature_c) < 2);
  }
}

TEST_CASE("Orin NX 16GB gains 1.35 K for a watt under load, 7 percent less than was measured") {
  // The line through the three loaded points by least squares has 1.435 K/W and starts at 46.7 degrees.
  const ThermalParameters parameters = *board("orin-nx-16gb").thermal;
  const double slope_k_per_w = parameters.heat.die_k_per_w + sink_k_per_w(parameters, 0.733);
  CHECK(slope_k_per_w == Approx(1.435).epsilon(0.07));
  CHECK(25 + parameters.heat.air_rise_k == Approx(46.7).margin(2));
}

TEST_CASE("Orin Nano 8GB warms up as fast as in a soak of half an hour") {
  // 20.0 W from 120 s on, with PWM pinned at 1, after 6.6 W; means over windows of a public soak (closed
  // reComputer J3011).
  ThermalSupervisor supervisor = supervised(*board("orin-nano-8gb-super").thermal, {.fan_profile = "max"});
  run_for(supervisor, 3600, 6.6);
  CHECK(supervisor.verdict().temperature_c == Approx(45.3).margin(1));
  const auto mean_until = [&](double begin_s, double end_s, double& now_s) {
    run_for(supervisor, begin_s - now_s, 20);
    double sum = 0;
    int samples = 0;
    for (now_s = begin_s; now_s < end_s; now_s += 10, ++samples) {
      sum += supervisor.verdict().temperature_c;
      run_for(supervisor, 10, 20);
    }
    return sum / samples;
  };
  double now_s = 120;
  CHECK(mean_until(120, 558, now_s) == Approx(60.4).margin(1));
  CHECK(mean_until(568, 1005, now_s) == Approx(65.6).margin(1));
  CHECK(mean_until(1016, 1453, now_s) == Approx(65.9).margin(1));
  CHECK(mean_until(1463, 1911, now_s) == Approx(66.4).margin(1));
}

TEST_CASE("A faster profile is cooler, and a pinned fan stays where it is") {
  const ThermalParameters parameters = *board("orin-nx-16gb").thermal;
  ThermalSupervisor quiet = supervised(parameters, {.fan_profile = "quiet"});
  ThermalSupervisor cool = supervised(parameters, {.fan_profile = "cool"});
  ThermalSupervisor full = supervised(parameters, {.fan_profile = "max"});
  ThermalSupervisor half = supervised(parameters, {.fan_pwm = 0.5});
  for (ThermalSupervisor* supervisor : {&quiet, &cool, &full, &half}) run_for(*supervisor, 3600, 16);
  CHECK(full.verdict().fan_pwm == 1);
  CHECK(half.verdict().fan_pwm == 0.5);
  CHECK(full.verdict().temperature_c < cool.verdict().temperature_c);
  CHECK(cool.verdict().temperature_c < quiet.verdict().temperature_c);
  CHECK(quiet.verdict().temperature_c < half.verdict().temperature_c);
  CHECK(full.verdict().temperature_c == Approx(25 + 23.5 + 16 * (0.3 + 0.8)).epsilon(1e-6));
}

// AGX Orin in a hot room: 40 W are too much there, and all clocks draw 70 W.
struct HotBoard {
  DeviceSpec spec = board("orin-agx-64gb");
  PowerMode asked = find_preset(spec, "MAXN")->mode;
  double coolest_c = 1e9;
  double hottest_c = 0;

  double power_w(const ThermalVerdict& verdict) const {
    const PowerMode mode = capped(asked, verdict, spec.clock_tables.front());
    const double share = static_cast<double>(mode.gpu_khz) / asked.gpu_khz;
    return (12 + 58 * share * share) * verdict.over_current_pace;
  }
  // Of the last part of `seconds`.
  void run(ThermalSupervisor& supervisor, double seconds, double watched_s) {
    const double period_s = sim::ns_to_seconds(supervisor.period_ns());
    for (double now_s = 0; now_s < seconds; now_s += period_s) {
      const ThermalVerdict verdict = supervisor.look(power_w(supervisor.verdict()));
      if (now_s < seconds - watched_s) continue;
      coolest_c = std::min(coolest_c, verdict.temperature_c);
      hottest_c = std::max(hottest_c, verdict.temperature_c);
    }
  }
};

TEST_CASE("A load that is too much is throttled to the trip, and never shuts the board down") {
  HotBoard hot;
  ThermalSupervisor supervisor = supervised(*hot.spec.thermal, {.ambient_c = 60});
  hot.run(supervisor, 4 * 3600, 3600);
  const ThermalTotals& totals = supervisor.totals();
  CAPTURE(hot.coolest_c, hot.hottest_c, totals.max_temperature_c, supervisor.verdict().software_level);
  CHECK_FALSE(totals.shut_down_ns.has_value());
  CHECK(totals.max_temperature_c < 103);
  CHECK(totals.hardware_throttled_ns == 0);
  CHECK(totals.software_throttled_ns > totals.time_ns / 2);
  CHECK(totals.throttled_ns == totals.software_throttled_ns);
  CHECK(hot.coolest_c > 95);
  CHECK(hot.hottest_c < 101);
}

TEST_CASE("The same load shuts the board down at the instant of the closed form where nothing throttles") {
  HotBoard hot;
  const ThermalParameters& parameters = *hot.spec.thermal;
  ThermalSupervisor supervisor =
      supervised(parameters, {.ambient_c = 60, .fan_profile = "max", .throttles = false});
  hot.run(supervisor, 2 * 3600, 0);
  REQUIRE(supervisor.totals().shut_down_ns.has_value());
  CHECK(supervisor.verdict().shut_down);
  CHECK(supervisor.totals().throttled_ns == 0);
  const auto temperature_c = [&](double instant_s) {
    return 68 + 70 * (0.15 * (1 - std::exp(-instant_s / 2)) + 0.6 * (1 - std::exp(-instant_s / 240)));
  };
  const double shut_down_s = sim::ns_to_seconds(*supervisor.totals().shut_down_ns);
  CHECK(temperature_c(shut_down_s) >= 104.5 - 1e-9);
  CHECK(temperature_c(shut_down_s - 0.1) < 104.5);
}

TEST_CASE(
    "Where the software has no levels to speak of, hardware throttling comes in between its two bounds") {
  HotBoard hot;
  ThermalParameters parameters = *hot.spec.thermal;
  parameters.software.trip_c = 104;
  parameters.software.levels = 1;
  ThermalSupervisor supervisor = supervised(parameters, {.ambient_c = 60});
  hot.run(supervisor, 4 * 3600, 3600);
  CHECK(supervisor.totals().hardware_throttled_ns > 0);
  CHECK_FALSE(supervisor.totals().shut_down_ns.has_value());
  CHECK(hot.hottest_c == Approx(103).margin(0.3));
  CHECK(hot.coolest_c ==
        Approx(101).margin(1.5));  // what is hot at 70 W is some kelvins cooler within a look
}

TEST_CASE("Over the limit a board is held at it, pulse by pulse") {
  const ThermalParameters parameters = *board("orin-nano-8gb-super").thermal;
  ThermalSupervisor supervisor = supervised(parameters, {.fan_profile = "max"});
  const double wants_w = 30;
  double mean_w = 0;
  for (int i = 0; i < 1000; ++i) {
    const double drawn_w = wants_w * supervisor.verdict().over_current_pace;
    supervisor.look(drawn_w);
    if (i > 0) mean_w += drawn_w / 999;
  }
  // A third of the time: 33 or 34 whole pulses in each 100 ms, and 33,300 in 999 of them.
  CHECK(supervisor.verdict().over_current_share == Approx(0.335).margin(0.0051));
  CHECK(mean_w == Approx(25).epsilon(1e-4));
  CHECK(std::abs(supervisor.totals().over_current_pulses - 33'300) <= 1);
  CHECK(static_cast<double>(supervisor.totals().over_current_ns) == Approx(33.3e9).epsilon(1e-4));
  run_for(supervisor, 1, 10);
  CHECK(supervisor.verdict().over_current_share == 0);
  CHECK(supervisor.verdict().over_current_pace == 1);
}

TEST_CASE("The mean over the limit is the limit, however often the board is looked at") {
  const ThermalParameters parameters = *board("orin-nano-8gb-super").thermal;
  for (const std::int32_t period_ms : {1, 2, 10, 100, 500, 1000}) {
    ThermalSupervisor supervisor = supervised(parameters, {.fan_profile = "max", .period_ms = period_ms});
    supervisor.look(30);
    double sum_w = 0;
    const int looks = 100'000 / period_ms;
    for (int i = 0; i < looks; ++i) {
      const double drawn_w = 30 * supervisor.verdict().over_current_pace;
      sum_w += drawn_w;
      supervisor.look(drawn_w);
    }
    CAPTURE(period_ms);
    // A hundred seconds, known to a pulse.
    CHECK(sum_w / looks == Approx(25).margin(30 * 0.5 / 100'000 + 1e-9));
  }
}

TEST_CASE("A run that ends between two looks is as warm as the closed form says, and its time counts") {
  const auto expected_c = [](double instant_s) {
    return 30 + 20 * (0.3 * (1 - std::exp(-instant_s / 2)) + 1.5 * (1 - std::exp(-instant_s / 225)));
  };
  for (const double end_s : {10.95, 0.05, 0.1, 0.2}) {
    ThermalSupervisor supervisor = supervised(plain());
    const auto whole = static_cast<std::int64_t>(end_s * 10 - 0.25);
    run_for(supervisor, 0.1 * static_cast<double>(whole), 20);
    const auto end_ns = std::llround(end_s * 1e9);
    supervisor.finish(end_ns - whole * 100'000'000, 20);
    CAPTURE(end_s);
    CHECK(supervisor.totals().time_ns == end_ns);
    CHECK(supervisor.totals().max_temperature_c == Approx(expected_c(end_s)).epsilon(1e-11));
    CHECK(supervisor.verdict().temperature_c == supervisor.totals().max_temperature_c);
  }
}

TEST_CASE("What throttled at the last look does so until the end, and nothing new follows from the end") {
  ThermalParameters parameters = plain();
  parameters.hardware = HardwareThrottle{60, 58, 0.5};
  ThermalSupervisor supervisor = supervised(parameters, {.initial_c = 59.99});
  REQUIRE(supervisor.look(50).hardware_throttled);
  supervisor.finish(30'000'000, 5000);
  CHECK(supervisor.totals().hardware_throttled_ns == 30'000'000);
  CHECK(supervisor.totals().throttled_ns == 30'000'000);
  ThermalSupervisor cool = supervised(parameters, {.initial_c = 59.99});
  cool.finish(30'000'000, 50'000);
  CHECK(cool.totals().max_temperature_c > 104.5);
  CHECK_FALSE(cool.verdict().hardware_throttled);
  CHECK_FALSE(cool.verdict().shut_down);
  CHECK(cool.totals().throttled_ns == 0);
}

TEST_CASE("Software throttle waits for its poll, hardware does not") {
  ThermalParameters parameters = plain();
  parameters.hardware = HardwareThrottle{60, 58, 0.5};
  parameters.software.trip_c = 60;
  ThermalSupervisor supervisor = supervised(parameters, {.initial_c = 59.99});
  ThermalVerdict verdict = supervisor.look(50);
  CHECK(verdict.hardware_throttled);
  CHECK(verdict.hardware_clock_share == 0.5);
  for (int look = 2; look <= 9; ++look) CHECK(supervisor.look(50).software_level == 0);
  CHECK(supervisor.look(50).software_level == 1);
}

TEST_CASE("A board that is off stays off, cools, and is not throttled any more") {
  ThermalParameters parameters = plain();
  parameters.hardware = HardwareThrottle{60, 58, 0.5};
  ThermalSupervisor supervisor = supervised(parameters);
  while (!supervisor.verdict().shut_down) supervisor.look(200);
  const ThermalTotals at_shutdown = supervisor.totals();
  CHECK(at_shutdown.hardware_throttled_ns > 0);
  run_for(supervisor, 3600, 0);
  CHECK(supervisor.verdict().shut_down);
  CHECK(supervisor.verdict().temperature_c == Approx(30).margin(0.01));
  CHECK(supervisor.totals().throttled_ns == at_shutdown.throttled_ns);
  CHECK(supervisor.totals().shut_down_ns == at_shutdown.time_ns);
}

TEST_CASE("Looks that are ten times as frequent give the same temperature while nothing throttles") {
  ThermalSupervisor coarse = supervised(*board("xavier-nx").thermal, {.period_ms = 100});
  ThermalSupervisor fine = supervised(*board("xavier-nx").thermal, {.period_ms = 10});
  for (const double power_w : {4.0, 15.0, 9.0}) {
    run_for(coarse, 600, power_w);
    run_for(fine, 600, power_w);
    CHECK(fine.verdict().temperature_c == Approx(coarse.verdict().temperature_c).epsilon(1e-10));
  }
}

TEST_CASE("A warmer room or more power never makes a board with a pinned fan cooler") {
  CHECK(rc::check([] {
    const ThermalParameters parameters = plain();
    const double ambient_c = *rc::gen::inRange(-20, 40);
    const double warmer_k = *rc::gen::inRange(0, 20);
    const double more_w = *rc::gen::inRange(0, 5000) / 1000.0;
    const auto make = [&](double room_c) {
      return *ThermalSupervisor::make(parameters, {.ambient_c = room_c, .throttles = false});
    };
    ThermalSupervisor base = make(ambient_c), warm = make(ambient_c + warmer_k), loaded = make(ambient_c);
    for (int i = 0; i < 200; ++i) {
      const double power_w = *rc::gen::inRange(0, 60'000) / 1000.0;
      const double base_c = base.look(power_w).temperature_c;
      RC_ASSERT(std::abs(warm.look(power_w).temperature_c - base_c - warmer_k) < 1e-9);
      RC_ASSERT(loaded.look(power_w + more_w).temperature_c >= base_c - 1e-9);
    }
  }));
}

TEST_CASE(
    "Every built-in board settles below its trip at the power of its default preset in a room of 25 "
    "degrees") {
  for (const std::string& name : device_names()) {
    const DeviceSpec spec = board(name);
    REQUIRE(spec.thermal.has_value());
    for (const Preset& preset : spec.presets) {
      ThermalSupervisor supervisor = supervised(*spec.thermal);
      run_for(supervisor, 2 * 3600, preset.nominal_power_w);
      CAPTURE(name, preset.name, supervisor.verdict().temperature_c);
      CHECK_FALSE(supervisor.totals().shut_down_ns.has_value());
      CHECK(supervisor.verdict().temperature_c < spec.thermal->software.trip_c);
    }
  }
}

std::string refusal(const ThermalParameters& parameters, const ThermalOptions& options) {
  const auto made = ThermalSupervisor::make(parameters, options);
  return made ? "none" : made.error().message;
}

TEST_CASE("Options that cannot be are refused with field, value and what is accepted") {
  const double nan = std::nan("");
  const ThermalParameters orin = *board("orin-agx-64gb").thermal;
  CHECK(refusal(plain(), {.ambient_c = 95}) ==
        "thermal: ambient_c: 95 is not accepted; less than 94 (the air at the heat sink is 5 K warmer, and "
        "throttling starts at 99) is expected");
  CHECK(refusal(plain(), {.ambient_c = nan}) ==
        "thermal: ambient_c: nan is not accepted; a temperature from -40 to 150 is expected");
  CHECK(refusal(plain(), {.initial_c = 104.5}) ==
        "thermal: initial_c: 104.5 is not accepted; a temperature from -40 to below shutdown_c 104.5 is "
        "expected");
  CHECK(refusal(plain(), {.initial_c = nan}).find("initial_c: nan is not accepted") != std::string::npos);
  CHECK(refusal(plain(), {.fan_profile = "quiet"}) ==
        "thermal: fan_profile is given, but the board has no fan");
  CHECK(refusal(plain(), {.fan_pwm = 1}) == "thermal: fan_pwm is given, but the board has no fan");
  CHECK(refusal(orin, {.fan_profile = "quite"}).find("did you mean 'quiet'?") != std::string::npos);
  CHECK(refusal(orin, {.fan_pwm = 1.5}) ==
        "thermal: fan_pwm: 1.5 is not accepted; a share from 0 to 1 is expected");
  CHECK(refusal(orin, {.fan_profile = "max", .fan_pwm = 0.5}) ==
        "thermal: fan_profile 'max' and fan_pwm 0.5 are both given; one is expected");
  CHECK(refusal(plain(), {.period_ms = 0}) ==
        "thermal: period_ms: 0 is not accepted; a whole number from 1 to 1000 is expected");
  CHECK(refusal(plain(), {.period_ms = 300}) ==
        "thermal: period_ms: 300 is not accepted; a divisor of software_throttle.poll_ms 1000 is expected");
  ThermalParameters slow_fan = orin;
  slow_fan.fan->poll_ms = 2500;
  CHECK(refusal(slow_fan, {.period_ms = 1000}) ==
        "thermal: period_ms: 1000 is not accepted; a divisor of fan.poll_ms 2500 is expected");
}

}  // namespace
}  // namespace wattline::devices
