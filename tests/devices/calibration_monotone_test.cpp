// Physics and learning curves on a board that no law of ours describes: time is a sum of terms over clocks.
#include "devices/calibration/monotone.hpp"

#include <cmath>

#include "devices/calibration/learning_curve.hpp"
#include "sim/random.hpp"
#include "tests/catch.hpp"

namespace wattline::devices::calibration {
namespace {

using workloads::Role;

const DeviceSpec& orin() {
  static const DeviceSpec spec = *find_device("orin-agx-64gb");
  return spec;
}

double share(std::int32_t khz, std::int32_t top_khz) {
  return static_cast<double>(khz) / top_khz;
}

double true_ms(std::int64_t batch, const PowerMode& mode) {
  const double gpu = share(mode.gpu_khz, orin().max_gpu_khz());
  const double emc = share(mode.emc_khz, orin().max_emc_khz());
  const double cpu = share(mode.cpu_khz, orin().max_cpu_khz());
  return static_cast<double>(batch) * (2 / gpu + 1 / emc) + 4 / cpu;
}

double true_w(const PowerMode& mode) {
  const double gpu = share(mode.gpu_khz, orin().max_gpu_khz());
  return 10 + 20 * gpu * gpu * gpu + 0.3 * mode.cores * share(mode.cpu_khz, orin().max_cpu_khz());
}

std::vector<ProfileRow> profiles(const std::string& workload, std::size_t count, double noise,
                                 std::uint64_t seed) {
  sim::RandomStream random(seed, "profiles");
  const ModeSpace& space = orin().mode_spaces.front();
  std::vector<ProfileRow> rows(count);
  for (std::size_t i = 0; i < count; ++i) {
    ProfileRow& row = rows[i];
    row.device = orin().name;
    row.workload = workload;
    row.batch = std::int64_t{1} << random.below(5);
    row.mode = space.at(random.below(space.size()));
    row.time_ms = true_ms(row.batch, row.mode) * std::exp(noise * random.normal());
    row.power_w = true_w(row.mode) * std::exp(noise * random.normal());
    row.power_kind = PowerKind::module_rails;
    row.line = i + 2;
  }
  return rows;
}

CalibratedModel model_of(const std::vector<ProfileRow>& rows, CalibrationOptions options = {}) {
  options.held_out = false;
  auto calibration = calibrate(orin(), "", rows, "p.csv", options);
  INFO((calibration ? "" : calibration.error().message));
  REQUIRE(calibration.ok());
  return std::move(calibration->model);
}

// Rises of ln time along a clock beyond the band there, over lines through random modes within what was
// profiled, on the board's own clocks.
struct Rises {
  int lines = 0;
  int rising = 0;
  double worst = 0;
};

Rises rises_on_grid(const CalibratedModel& model, const GroupModel& group) {
  sim::RandomStream random(1, "lines");
  const ModeSpace& space = orin().mode_spaces.front();
  Rises rises;
  for (int start = 0; start < 60; ++start) {
    const PowerMode mode = space.at(random.below(space.size()));
    const std::int64_t batch = std::int64_t{1} << random.below(5);
    const auto follow = [&](std::int32_t PowerMode::*clock, const std::vector<std::int32_t>& values) {
      double lowest = 1e9;
      double worst = 0;
      Point point{batch, mode, {}, {}};
      for (const std::int32_t value : values) {
        if (value < group.range.low.*clock || value > group.range.high.*clock) continue;
        point.mode.*clock = value;
        const Band time = predict(model, group, point).time_s;
        worst = std::max(worst, std::log(time.value) - lowest - time.sigma);
        lowest = std::min(lowest, std::log(time.value));
      }
      ++rises.lines;
      if (worst > 0) ++rises.rising;
      rises.worst = std::max(rises.worst, worst);
    };
    follow(&PowerMode::gpu_khz, space.axis(Axis::gpu));
    follow(&PowerMode::cpu_khz, space.axis(Axis::cpu));
    follow(&PowerMode::emc_khz, space.axis(Axis::emc));
  }
  return rises;
}

TEST_CASE("From noisy profiles predicted time rises with a clock by more than its band along few lines") {
  const double noise = GENERATE(0.03, 0.1);
  const auto count = GENERATE(as<std::size_t>{}, 12, 60);
  const std::string workload = GENERATE(as<std::string>{}, "resnet50", "my_net");
  CalibrationOptions options;
  options.fit_any_work = true;
  const CalibratedModel model = model_of(profiles(workload, count, noise, 21), options);
  CAPTURE(noise, count, workload);
  CHECK(worst_rise(model, model.groups[0]) <= 0);
  // Only lines through the corners of what was profiled are kept from rising.
  const Rises rises = rises_on_grid(model, model.groups[0]);
  CAPTURE(rises.rising, rises.lines, rises.worst);
  CHECK(rises.rising <= rises.lines / 10);
  CHECK(rises.worst < 1.5 * noise);
}

TEST_CASE("A process that would make time rise is damped, which is noted; without steps it is left alone") {
  // A quarter slower above 1.2 GHz.
  auto rows = profiles("resnet50", 150, 0.01, 22);
  for (ProfileRow& row : rows)
    if (row.mode.gpu_khz > 1'200'000) *row.time_ms *= 1.25;
  CalibrationOptions options;
  options.monotone_steps = 0;
  CalibratedModel model = model_of(rows, options);
  const double before = worst_rise(model, model.groups[0]);
  const auto amplitude = model.groups[0].time.residual.hyperparameters().amplitude;
  std::vector<std::string> notes;
  keep_monotone(8, model, notes);
  REQUIRE(before > 0);
  CHECK(notes.size() == 1);
  const auto after = model.groups[0].time.residual.hyperparameters().amplitude;
  CHECK(after < amplitude);
  CHECK(worst_rise(model, model.groups[0]) < before);
}

TEST_CASE(
    "Where profile after profile shows a rise at a clock, a model left alone follows within its bands") {
  // Above 1.2 GHz the board throttles: a quarter slower, in every profile.
  auto rows = profiles("resnet50", 150, 0.01, 23);
  const auto throttles = [](const PowerMode& mode) { return mode.gpu_khz > 1'200'000; };
  for (ProfileRow& row : rows)
    if (throttles(row.mode)) *row.time_ms *= 1.25;
  CalibrationOptions options;
  options.monotone_steps = 0;
  const CalibratedModel model = model_of(rows, options);
  int throttled = 0;
  int inside = 0;
  double off = 0;
  for (const ProfileRow& row : profiles("resnet50", 400, 0, 24)) {
    if (!throttles(row.mode)) continue;
    const Band time = predict(model, model.groups[0], {row.batch, row.mode, {}, {}}).time_s;
    const double error = std::log(time.value / (1.25e-3 * *row.time_ms));
    ++throttled;
    off += error;
    if (std::abs(error) <= 2 * time.sigma) ++inside;
  }
  REQUIRE(throttled > 20);
  CAPTURE(throttled, inside, off / throttled);
  CHECK(inside > 0.8 * throttled);
  CHECK(std::abs(off / throttled) < 0.08);
}

TEST_CASE("A learning curve falls with the profiles used, and leaves out what leaves nothing to predict") {
  LearningCurveOptions options;
  options.used = {0, 1, 10, 29, 30, 50};
  options.seeds = 3;
  const auto rows = profiles("resnet50", 30, 0.02, 25);
  const auto curve = learning_curve(orin(), rows, "p.csv", options);
  REQUIRE(curve.ok());
  REQUIRE(curve->size() == 4);
  const auto& points = *curve;
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(points[i].workload == "resnet50@pytorch-fp32");
    CHECK(points[i].used == std::vector<std::int64_t>{0, 1, 10, 29}[i]);
    CHECK(points[i].used + points[i].predicted == 30);
    CHECK(points[i].time_mean.has_value());
    CHECK(points[i].power_mean.has_value());
  }
  CHECK(*points[2].time_mean < *points[0].time_mean);
  CHECK(*points[2].power_mean < *points[0].power_mean);

  // Nothing used is the prior: the error of a model that saw no profile, over all 30.
  const auto prior = prior_model(orin(), *known_group(orin(), "resnet50", Role::infer, false), {});
  double sum = 0;
  for (const ProfileRow& row : rows) {
    const auto cost = predict(*prior, prior->groups[0], {row.batch, row.mode, {}, {}});
    sum += std::abs(cost.time_s.value / (*row.time_ms * 1e-3) - 1);
  }
  CHECK(*points[0].time_mean == Approx(100 * sum / 30));
}

TEST_CASE("A workload whose work is fitted has no curve before its first profile") {
  LearningCurveOptions options;
  options.used = {0, 5};
  options.seeds = 2;
  options.calibration.fit_work = {"my_net"};
  auto rows = profiles("my_net", 12, 0.02, 26);
  auto curve = learning_curve(orin(), rows, "p.csv", options);
  REQUIRE(curve.ok());
  REQUIRE(curve->size() == 1);
  CHECK(curve->front().used == 5);
  CHECK(curve->front().workload == "my_net@pytorch-fp32");
  for (ProfileRow& row : rows) row.power_w.reset();
  curve = learning_curve(orin(), rows, "p.csv", options);
  REQUIRE(curve.ok());
  CHECK(curve->front().time_mean.has_value());
  CHECK_FALSE(curve->front().power_mean.has_value());
}

TEST_CASE("A learning curve survives splits whose used profiles have no time") {
  LearningCurveOptions options;
  options.used = {1};
  options.seeds = 8;
  options.calibration.fit_work = {"my_net"};
  auto rows = profiles("my_net", 12, 0.02, 27);
  for (std::size_t i = 0; i < rows.size(); i += 2) rows[i].time_ms.reset();
  const auto curve = learning_curve(orin(), rows, "p.csv", options);
  INFO((curve ? "" : curve.error().message));
  CHECK(curve.ok());
}

}  // namespace
}  // namespace wattline::devices::calibration
