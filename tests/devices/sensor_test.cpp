// The INA3221 and its reader: averaging, steps, gain, and what comes out of a run.
#include "devices/sensor/power_sensor.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "devices/sensor/ina3221.hpp"
#include "sim/random.hpp"
#include "tests/catch.hpp"

namespace wattline::devices {
namespace {

using sim::RailPowerUw;
using sim::TimeNs;

constexpr TimeNs ms = sim::ns_per_ms;
constexpr TimeNs second = sim::ns_per_s;

// One rail at 5 V over 5 mOhm, scans of 0.84 ms.
PowerSensorOptions one_rail(std::int32_t samples = 1) {
  PowerSensorOptions options;
  options.chip = {samples, 140, 3, {{"VDD_IN", {"all"}, 5, 5, true}}};
  options.rails = {"all"};
  options.board = "board";
  return options;
}

// No step that shows in whole milliwatts.
PowerSensorOptions without_steps(PowerSensorOptions options) {
  options.bus_lsb_mv = 1e-6;
  options.shunt_lsb_uv = 1e-6;
  return options;
}

RailPowerUw watts(double w) {
  return {std::llround(w * 1e6)};
}

struct Stretch {
  RailPowerUw power_uw;
  TimeNs to_ns;
};

std::vector<PowerReading> readings_of(const PowerSensorOptions& options, const RailPowerUw& before_uw,
                                      const std::vector<Stretch>& run) {
  std::vector<PowerReading> readings;
  auto sensor = PowerSensor::make(options, before_uw, [&](const PowerReading& r) { readings.push_back(r); });
  INFO((sensor ? "" : sensor.error().message));
  REQUIRE(sensor.ok());
  TimeNs from_ns = 0;
  for (const Stretch& stretch : run) {
    sensor->spent(sim::Activity::infer, stretch.power_uw, from_ns, stretch.to_ns);
    from_ns = stretch.to_ns;
  }
  return readings;
}

std::int64_t settled_mw(const PowerSensorOptions& options, const RailPowerUw& power_uw) {
  return readings_of(options, power_uw, {{power_uw, second}}).front().total_mw;
}

std::string error_of(const PowerSensorOptions& options) {
  const auto sensor = PowerSensor::make(options, {}, {});
  return sensor ? "" : sensor.error().message;
}

TEST_CASE("The step response of the averaging is the first-order lag 1 - (1 - 1/N)^k") {
  AveragedRegister value(0, 4);
  // (3/4)^k of a step of 256 is left: 192, 144, 108, 81.
  for (const double expected : {64.0, 112.0, 148.0, 175.0}) {
    value.scan(256, 1);
    CHECK(value.value() == expected);
  }
  AveragedRegister slow(10, 512);
  slow.scan(0, 512);
  CHECK(slow.value() == Approx(10 * std::exp(512 * std::log1p(-1.0 / 512))).epsilon(1e-12));
  AveragedRegister none(3, 1);
  none.scan(7, 1);
  CHECK(none.value() == 7);
}

TEST_CASE("A constant input over many scans is as one scan after the other") {
  REQUIRE(rc::check([] {
    const auto samples = *rc::gen::element(1, 4, 16, 64, 128, 256, 512, 1024);
    AveragedRegister jumps(0, samples);
    double naive = 0;
    double largest = 1;
    for (int stretch = 0; stretch < 20; ++stretch) {
      const double input = *rc::gen::inRange(0, 100'000) * 0.25;
      const auto scans = *rc::gen::inRange<std::int64_t>(1, 3000);
      largest = std::max(largest, input);
      jumps.scan(input, scans);
      for (std::int64_t i = 0; i < scans; ++i) naive += (input - naive) / samples;
    }
    RC_ASSERT(std::abs(jumps.value() - naive) <= 1e-12 * largest);
  }));
}

// A reading at each poll, scan by scan, in milliwatts before any rounding; one rail at 5 V.
std::vector<double> naive_mw(const std::vector<Stretch>& run, double before_w, TimeNs scan_ns, TimeNs poll_ns,
                             int samples) {
  std::vector<double> readings;
  double state_w = before_w;
  std::size_t at = 0;
  TimeNs polled = 0;
  for (TimeNs scanned = scan_ns; scanned <= run.back().to_ns + scan_ns; scanned += scan_ns) {
    for (; polled + poll_ns < std::min(scanned, run.back().to_ns + 1); polled += poll_ns)
      readings.push_back(state_w * 1e3);
    if (scanned > run.back().to_ns) break;
    while (run[at].to_ns < scanned) ++at;
    state_w += (static_cast<double>(run[at].power_uw[0]) * 1e-6 - state_w) / samples;
  }
  return readings;
}

TEST_CASE("A run of piecewise constant power reads as scan by scan, within half a step of 40 mW") {
  REQUIRE(rc::check([] {
    const auto samples = *rc::gen::element(1, 4, 64, 512);
    const auto poll_hz = *rc::gen::element(1.0, 7.0, 10.0, 100.0);
    PowerSensorOptions options = one_rail(samples);
    options.poll_hz = poll_hz;
    sim::RandomStream random(*rc::gen::arbitrary<std::uint64_t>(), "trace");
    std::vector<Stretch> run;
    TimeNs now = 0;
    const auto stretches = 1 + random.below(40);
    for (std::uint64_t i = 0; i < stretches; ++i) {
      // From less than a scan to hundreds of them; some end at a scan or a poll.
      const TimeNs scales[] = {1000, 100'000, 10 * ms, 300 * ms};
      now += 1 + static_cast<TimeNs>(random.below(static_cast<std::uint64_t>(scales[random.below(4)])));
      if (random.below(8) == 0) now = (now / 840'000 + 1) * 840'000;
      if (random.below(8) == 0) now = (now / (10 * ms) + 1) * 10 * ms;
      run.push_back({{static_cast<std::int64_t>(random.below(60'000'000))}, now});
    }
    const auto seen = readings_of(options, watts(5), run);
    const auto poll_ns = static_cast<TimeNs>(std::llround(1e9 / poll_hz));
    const auto expected = naive_mw(run, 5, 840'000, poll_ns, samples);
    RC_ASSERT(seen.size() == expected.size());
    for (std::size_t i = 0; i < seen.size(); ++i) {
      RC_ASSERT(seen[i].at_ns == poll_ns * static_cast<TimeNs>(i + 1));
      RC_ASSERT(seen[i].total_mw % 40 == 0);
      RC_ASSERT(std::abs(static_cast<double>(seen[i].total_mw) - expected[i]) <= 20 + 1e-6);
    }
  }));
}

TEST_CASE("How a run is cut into stretches does not matter") {
  PowerSensorOptions options = one_rail(512);
  options.poll_hz = 10;
  std::vector<Stretch> whole = {{watts(40), 3 * second}};
  std::vector<Stretch> cut;
  for (TimeNs to_ns = 777'777; to_ns < 3 * second; to_ns += 777'777) cut.push_back({watts(40), to_ns});
  cut.push_back({watts(40), 3 * second});
  const auto a = readings_of(options, watts(5), whole), b = readings_of(options, watts(5), cut);
  REQUIRE(a.size() == 30);
  REQUIRE(b.size() == 30);
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(a[i].total_mw == b[i].total_mw);
}

TEST_CASE("A scan sees what was drawn just before its end, and goes before a poll at the same instant") {
  PowerSensorOptions options = one_rail();
  options.chip.conversion_us = 1000;  // scans of 6 ms
  options.poll_hz = 1 / 0.012;        // every second one
  // 12 ms are in the first stretch to the last nanosecond.
  const auto readings = readings_of(options, watts(1), {{watts(10), 12 * ms}, {watts(20), 30 * ms}});
  REQUIRE(readings.size() == 2);
  CHECK(readings[0].at_ns == 12 * ms);
  CHECK(readings[0].total_mw == 10'000);
  CHECK(readings[1].total_mw == 20'000);
  // Up to a nanosecond short of the first scan nothing is known of the run.
  const auto sensor = PowerSensor::make(options, watts(1), {});
  auto running = *sensor;
  running.spent(sim::Activity::infer, watts(10), 0, 6 * ms - 1);
  CHECK(running.read().total_mw == 1000);
  running.spent(sim::Activity::infer, watts(10), 6 * ms - 1, 6 * ms);
  CHECK(running.read().total_mw == 10'000);
}

TEST_CASE("Steps are 40 mW at 5 V over 5 mOhm, 100 mW at 5 V over 2 mOhm, 0.4 W at 20 V over 2 mOhm") {
  struct Step {
    double bus_v, shunt_mohm;
    std::int64_t step_mw;
  };
  for (const Step& step : {Step{5, 5, 40}, Step{5, 2, 100}, Step{20, 2, 400}}) {
    PowerSensorOptions options = one_rail();
    options.chip.channels.front().bus_v = step.bus_v;
    options.chip.channels.front().shunt_mohm = step.shunt_mohm;
    for (const double w : {0.0, 0.3, 4.79, 12.34, 40.4}) {
      const std::int64_t mw = settled_mw(options, watts(w));
      CHECK(mw % step.step_mw == 0);
      CHECK(std::abs(static_cast<double>(mw) - w * 1e3) <= static_cast<double>(step.step_mw) / 2 + 1e-6);
    }
  }
}

TEST_CASE("The bus voltage is read in steps of 8 mV") {
  PowerSensorOptions options = one_rail();
  options.chip.channels.front().bus_v = 5.003;  // 625.4 steps: 5 V are read
  // 10 W are 1998.8 mA, 249.85 steps of 8 mA: 250 are read.
  CHECK(settled_mw(options, watts(10)) == 10'000);
  options.chip.channels.front().bus_v = 5.005;  // 5008 mV, and 249.75 steps of current
  CHECK(settled_mw(options, watts(10)) == 10'016);
}

TEST_CASE("Channels add up their rails, and the total the channels that the board counts") {
  PowerSensorOptions options = one_rail();
  options.rails = {"cpu_gpu", "soc", "rest"};
  options.chip.channels = {{"IN", {"cpu_gpu", "soc", "rest"}, 5, 5, true}, {"SOC", {"soc"}, 5, 5, false}};
  const RailPowerUw power_uw = {4'000'000, 2'000'000, 1'000'000};
  const auto reading = readings_of(options, power_uw, {{power_uw, second}}).front();
  CHECK(reading.channel_mw[0] == 7000);
  CHECK(reading.channel_mw[1] == 2000);
  CHECK(reading.total_mw == 7000);
}

TEST_CASE("Gain is within its bound, fixed for board, channel and seed, and none by default") {
  PowerSensorOptions options = without_steps(one_rail());
  CHECK(settled_mw(options, watts(20)) == 20'000);
  options.gain_error = 0.05;
  std::int64_t least = 20'000, most = 20'000;
  double sum = 0;
  for (options.seed = 0; options.seed < 400; ++options.seed) {
    const std::int64_t mw = settled_mw(options, watts(20));
    CHECK(mw == settled_mw(options, watts(20)));
    CHECK(std::abs(2 * settled_mw(options, watts(10)) - mw) <= 2);
    least = std::min(least, mw);
    most = std::max(most, mw);
    sum += static_cast<double>(mw);
  }
  // Uniform within +-1000 mW: deviation 577, so the mean of 400 is known to 29.
  CHECK(least >= 19'000);
  CHECK(most <= 21'000);
  CHECK(most - least > 1800);
  CHECK(std::abs(sum / 400 - 20'000) < 145);
  const std::int64_t here = settled_mw(options, watts(20));
  options.board = "another board";
  CHECK(settled_mw(options, watts(20)) != here);
}

TEST_CASE("Energy from readings converges to the truth times the gain as lag and steps become small") {
  // Minibatches of 37 ms at 30 W and pauses of 24.3 ms at 6 W: 42 of them take 3065 scans, so that the scans
  // see the share of the minibatches to 1/3065.
  std::vector<Stretch> run;
  double truth_j = 0;
  for (TimeNs now = 0; now < 600 * second; now += 61'300'000) {
    run.push_back({watts(30), now + 37 * ms});
    run.push_back({watts(6), now + 61'300'000});
    truth_j += 30 * 0.037 + 6 * 0.0243;
  }
  const auto energy_j = [&](const PowerSensorOptions& options) {
    double sum_j = 0;
    for (const PowerReading& r : readings_of(options, watts(20.5), run))
      sum_j += static_cast<double>(r.total_mw) * 1e-3 / options.poll_hz;
    return sum_j;
  };
  // With averaging a reading is nearly the mean: steps of 40 mW that fall anywhere, and edges.
  PowerSensorOptions options = one_rail(512);
  options.poll_hz = 10;
  CHECK(energy_j(options) == Approx(truth_j).epsilon(0.001));
  CHECK(energy_j(without_steps(options)) == Approx(truth_j).epsilon(0.0005));
  // With a gain, which a constant load shows.
  options.gain_error = 0.05;
  const double gain = static_cast<double>(settled_mw(without_steps(options), watts(100))) / 100'000;
  CHECK(std::abs(gain - 1) > 0.001);
  CHECK(energy_j(without_steps(options)) == Approx(truth_j * gain).epsilon(0.0005));
}

TEST_CASE("A burst as long as the lag shows 1 - 1/e of its rise") {
  // 512 scans of 0.84 ms: (1 - 1/512)^512 = 0.367519 are left of 20 W.
  PowerSensorOptions options = without_steps(one_rail(512));
  const auto sensor = PowerSensor::make(options, watts(5), {});
  auto running = *sensor;
  running.spent(sim::Activity::infer, watts(25), 0, 512 * 840'000);
  CHECK(running.read().total_mw == 25'000 - 7350);
}

TEST_CASE("A century in one stretch is read without walking through its scans") {
  PowerSensorOptions options = one_rail(1024);
  options.poll_hz = 0.001;
  std::int64_t polls = 0;
  auto sensor =
      PowerSensor::make(options, watts(5), [&](const PowerReading& r) { polls += r.total_mw == 30'000; });
  REQUIRE(sensor.ok());
  sensor->spent(sim::Activity::train, watts(30), 0, 1'000'000'000 * second);
  CHECK(polls == 1'000'000);
}

TEST_CASE("A sensor out of range is refused, and the message says what is accepted") {
  const auto with = [](auto change) {
    PowerSensorOptions options = one_rail();
    change(options);
    return error_of(options);
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(error_of(one_rail()).empty());
  CHECK(with([](auto& o) { o.poll_hz = 0; }) == "poll_hz: 0 is not accepted; 0.001 to 100 is expected");
  CHECK(with([&](auto& o) { o.poll_hz = nan; }).starts_with("poll_hz: "));
  CHECK(with([](auto& o) { o.poll_hz = 101; }).starts_with("poll_hz: 101 "));
  CHECK(with([](auto& o) { o.gain_error = 0.06; }) ==
        "gain_error: 0.06 is not accepted; 0 to 0.05 is expected");
  CHECK(with([&](auto& o) { o.bus_lsb_mv = nan; }).starts_with("bus_lsb_mv: "));
  CHECK(with([](auto& o) { o.shunt_lsb_uv = 0; }).starts_with("shunt_lsb_uv: 0 "));
  CHECK(with([](auto& o) { o.chip.samples = 500; }) ==
        "samples: 500 is not accepted; 1, 4, 16, 64, 128, 256, 512 or 1024 is expected");
  CHECK(with([](auto& o) { o.chip.conversion_us = 139; }).starts_with("conversion_us: 139 "));
  CHECK(with([](auto& o) { o.chip.scanned_channels = 4; }).starts_with("scanned_channels: 4 "));
  CHECK(with([](auto& o) { o.chip.channels.clear(); }) == "0 channels are not accepted; 1 to 8 are expected");
  CHECK(with([](auto& o) { o.chip.channels[0].bus_v = 27; }) ==
        "channel 'VDD_IN': bus_v: 27 is not accepted; more than 0 and at most 26 is expected");
  CHECK(with([](auto& o) { o.chip.channels[0].shunt_mohm = -1; }).find("shunt_mohm: -1") !=
        std::string::npos);
  CHECK(with([](auto& o) { o.chip.channels[0].rails.clear(); }) == "channel 'VDD_IN': it measures no rail");
  CHECK(with([](auto& o) { o.rails = {"total"}; }) ==
        "channel 'VDD_IN': the power has no rail 'all'; it has total");
  CHECK(with([](auto& o) { o.chip.channels[0].in_total = false; }) == "no channel is in_total");
  CHECK(with([](auto& o) { o.chip.channels.push_back(o.chip.channels[0]); }) ==
        "channel 'VDD_IN' appears twice");
  CHECK(with([](auto& o) {
          o.chip.channels.push_back(o.chip.channels[0]);
          o.chip.channels[1].name = "again";
        }) == "channel 'again': rail 'all' is in the total twice");
  CHECK(with([](auto& o) {
          o.chip.channels[0].rails = {"all", "all"};
        }) == "channel 'VDD_IN': rail 'all' appears twice");
}

}  // namespace
}  // namespace wattline::devices
