// Profiles whose power is read from the board's sensor.
#include "experiments/platforms/sensed_profile.hpp"

#include <cmath>

#include "experiments/platforms/simulated.hpp"
#include "tests/catch.hpp"

namespace wattline::experiments {
namespace {

using devices::PowerMode;
using policies::Observation;
using workloads::Role;

constexpr PowerMode top{4, 1000, 500, 2000, 8};
constexpr PowerMode slow{4, 1000, 250, 2000, 8};
constexpr PowerMode gated{4, 1000, 500, 2000, 4};

// A minibatch takes 10 ms at the top clock and draws 20 W over two rails; idling draws 5 W, with gated SMs 3
// W.
class ToyModel final : public devices::CostModel {
 public:
  explicit ToyModel(double idle_w = 5) : idle_w_(idle_w) {}
  const std::vector<std::string>& rails() const override { return rails_; }
  Result<devices::Cost> minibatch(const std::string&, Role, std::int64_t,
                                  const PowerMode& mode) const override {
    devices::Cost cost{5'000'000'000 / mode.gpu_khz, {}};
    cost.power_w[0] = 8;
    cost.power_w[1] = 12;
    return cost;
  }
  Result<devices::RailPowerW> idle_power_w(const PowerMode& mode) const override {
    devices::RailPowerW power_w{};
    power_w[0] = mode == gated ? 3 : idle_w_;
    return power_w;
  }

 private:
  double idle_w_;
  std::vector<std::string> rails_ = {"a", "b"};
};

const ToyModel toy;

// A chip on both rails with scans of 0.84 ms, and no steps that show.
SensedProfiling sensed(std::int32_t samples) {
  SensedProfiling options;
  options.sensor.chip = {samples, 140, 3, {{"IN", {"a", "b"}, 5, 5, true}}};
  options.sensor.rails = toy.rails();
  options.sensor.board = "toy";
  options.sensor.bus_lsb_mv = 1e-6;
  options.sensor.shunt_lsb_uv = 1e-6;
  return options;
}

ProfilingOptions with(const SensedProfiling& sensor) {
  ProfilingOptions options;
  options.sensor = sensor;
  return options;
}

SimulatedPlatform new_platform(const ProfilingOptions& options, const ToyModel& truth = toy) {
  auto modes = *devices::ModeSpace::make("line", {{{4}, {1000}, {250, 500}, {2000}}}, 8);
  return {truth, std::move(modes), {devices::Preset{"GATED", "t", 1, gated, 15}}, options};
}

Observation profiled(policies::Platform& platform, const PowerMode& mode, int batch = 1) {
  const auto seen = platform.profile("net", Role::infer, batch, mode);
  INFO((seen ? "" : seen.error().message));
  REQUIRE(seen.ok());
  return *seen;
}

// Power of a first-order lag `scans` scans after a step.
double lagged_w(double from_w, double to_w, int scans, int samples = 512) {
  return to_w + (from_w - to_w) * std::pow(1 - 1.0 / samples, scans);
}

TEST_CASE("A profile with an ideal sensor is the truth, with or without a change of mode") {
  SensedProfiling ideal = sensed(1);
  ideal.sensor.poll_hz = 100;
  SimulatedPlatform platform = new_platform(with(ideal));
  for (const PowerMode& mode : {top, slow, gated, slow}) {
    for (const int batch : {1, 2}) CHECK(profiled(platform, mode, batch).minibatch.power_w == 20);
  }
}

TEST_CASE("Work that hardly draws more than idling shows no transition, its last minibatches are read") {
  SensedProfiling ideal = sensed(1);
  ideal.sensor.poll_hz = 100;
  const ToyModel hot(17);  // 20 W are 18 % more
  SimulatedPlatform platform = new_platform(with(ideal), hot);
  CHECK(profiled(platform, top).minibatch.power_w == 20);
  CHECK(profiled(platform, slow).minibatch.power_w == 20);
}

TEST_CASE("A profile that is short against the sensor's lag reads low, by what the lag leaves") {
  // No change of mode, so 0.4 s of work, from 10 s of the log on, between two polls: the sensor is read at
  // the end. Scans end at multiples of 0.84 ms: 11,904 before the work, 12,380 at its end.
  SimulatedPlatform platform = new_platform(with(sensed(512)));
  const double expected_w = lagged_w(5, 20, 12'380 - 11'904);
  CHECK(expected_w == Approx(14.09).epsilon(0.001));
  CHECK(profiled(platform, top).minibatch.power_w == Approx(expected_w).margin(0.001));
}

TEST_CASE("After a change of mode the power is the median from the transition on") {
  // Idling to 10.05 s, then 2.5 s that settle and 0.8 s of minibatches: polls at 11, 12 and 13 s see 1131,
  // 2321 and 3512 scans of work; the transition is the first of them, the median the second.
  SimulatedPlatform platform = new_platform(with(sensed(512)));
  CHECK(profiled(platform, slow).minibatch.power_w == Approx(lagged_w(5, 20, 2321)).margin(0.001));
}

TEST_CASE("With an even number of readings the median is the mean of the middle two") {
  ProfilingOptions options = with(sensed(512));
  options.settle_s = 1.5;
  options.sensor->sensor.poll_hz = 2;
  options.minibatches = 52;
  SimulatedPlatform platform = new_platform(options);
  // The work goes from 10.05 to 12.59 s; polls at 10.5, 11, 11.5, 12 and 12.5 s see 536, 1131, 1726, 2321 and
  // 2916 scans of it.
  CHECK(profiled(platform, slow).minibatch.power_w == Approx(lagged_w(5, 20, 1726)).margin(0.001));
  options.minibatches = 40;  // to 12.35 s, without the last of them
  SimulatedPlatform shorter = new_platform(options);
  CHECK(profiled(shorter, slow).minibatch.power_w ==
        Approx((lagged_w(5, 20, 1131) + lagged_w(5, 20, 1726)) / 2).margin(0.001));
}

TEST_CASE("A reboot ends the log, and the next begins at the idle power of the new mode") {
  ProfilingOptions options = with(sensed(512));
  options.settle_s = 0;
  SimulatedPlatform platform = new_platform(options);
  // 0.05 s and 0.4 s end at 10.45 s: 12,440 scans, 11,964 of them before the work.
  CHECK(profiled(platform, gated).minibatch.power_w ==
        Approx(lagged_w(3, 20, 12'440 - 11'964)).margin(0.001));
  // Slower, with all SMs again: 0.8 s after idling at 5 W end at 10.85 s, before the next poll.
  CHECK(profiled(platform, slow).minibatch.power_w == Approx(lagged_w(5, 20, 12'916 - 11'964)).margin(0.001));
}

TEST_CASE("What a profile costs, and its time, are the truth's with a sensor as without") {
  ProfilingOptions plain;
  plain.time_noise = 0.2;
  plain.power_noise = 0.1;
  ProfilingOptions sensing = plain;
  sensing.sensor = sensed(1);
  sensing.sensor->sensor.poll_hz = 100;
  sensing.sensor->sensor.gain_error = 0.05;
  SimulatedPlatform without = new_platform(plain), with_sensor = new_platform(sensing);
  double gain = 0;
  for (int batch = 1; batch < 20; ++batch) {
    const Observation truth = profiled(without, batch % 2 ? slow : top, batch);
    const Observation seen = profiled(with_sensor, batch % 2 ? slow : top, batch);
    CHECK(seen.minibatch.time_ns == truth.minibatch.time_ns);
    CHECK(seen.cost_time_ns == truth.cost_time_ns);
    CHECK(seen.cost_energy_j == truth.cost_energy_j);
    // The noise is the same draw; the gain one number for all.
    const double ratio = seen.minibatch.power_w / truth.minibatch.power_w;
    if (batch == 1) gain = ratio;
    CHECK(ratio == Approx(gain).epsilon(1e-9));
  }
  CHECK(gain != 1);
  CHECK(std::abs(gain - 1) <= 0.05);
}

TEST_CASE("Readings of a board come in its steps") {
  SensedProfiling steps = sensed(512);
  steps.sensor.chip.channels = {{"A", {"a"}, 20, 2, true}, {"B", {"b"}, 20, 2, true}};
  steps.sensor.bus_lsb_mv = 8;
  steps.sensor.shunt_lsb_uv = 40;
  SimulatedPlatform platform = new_platform(with(steps));
  // A rises from 5 to 8 W, B from 0 to 12 W; of the polls at 11, 12 and 13 s the middle one counts, to 0.4 W
  // each.
  const double a_w = std::round(lagged_w(5, 8, 2321) / 0.4) * 0.4,
               b_w = std::round(lagged_w(0, 12, 2321) / 0.4) * 0.4;
  CHECK(profiled(platform, slow).minibatch.power_w == Approx(a_w + b_w).margin(1e-9));
}

TEST_CASE("A sensor on rails that the costs do not have, or a log without end, is an error") {
  SensedProfiling wrong = sensed(512);
  wrong.sensor.rails = {"total"};
  SimulatedPlatform platform = new_platform(with(wrong));
  const auto seen = platform.profile("net", Role::infer, 1, top);
  REQUIRE_FALSE(seen.ok());
  CHECK(seen.error().message == "channel 'IN': the power has no rail 'a'; it has total");

  SensedProfiling fast = sensed(512);
  fast.sensor.poll_hz = 100;
  ProfileCourse course;
  course.running_ns = 200'000 * sim::ns_per_s;
  const auto endless = sensed_power_w(fast, course);
  REQUIRE_FALSE(endless.ok());
  CHECK(endless.error().message ==
        "a profile of 200010 s at 100 readings a second; at most 10000000 readings are kept");
}

}  // namespace
}  // namespace wattline::experiments
