// Physics and learning curves on a board that no law of ours describes: time is a sum of terms over clocks.
#include "devices/calibration/monotone.hpp"

#include <algorithm>
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

std::vector<Point> points_of(const std::vector<ProfileRow>& rows) {
  std::vector<Point> points;
  for (const ProfileRow& row : rows) points.push_back({row.batch, row.mode, {}, {}});
  return points;
}

// Rises of ln time along a clock or over cores beyond the band there, over lines through random modes within
// what was profiled, on the board's own clocks.
struct Rises {
  int lines = 0;
  int rising = 0;
  double worst = 0;
};

Rises rises_on_grid(const CalibratedModel& model, const GroupModel& group, const std::vector<Point>& starts) {
  const ModeSpace& space = orin().mode_spaces.front();
  Rises rises;
  for (const auto& [batch, mode, flop, bytes] : starts) {
    const auto follow = [&](std::int32_t PowerMode::*clock, const std::vector<std::int32_t>& values) {
      double lowest = 1e9;
      double worst = 0;
      Point point{batch, mode, flop, bytes};
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
    follow(&PowerMode::cores, space.axis(Axis::cores));
  }
  return rises;
}

// Through random modes.
std::vector<Point> anywhere(int count) {
  sim::RandomStream random(1, "lines");
  const ModeSpace& space = orin().mode_spaces.front();
  std::vector<Point> points;
  for (int i = 0; i < count; ++i) {
    const PowerMode mode = space.at(random.below(space.size()));
    points.push_back({std::int64_t{1} << random.below(5), mode, {}, {}});
  }
  return points;
}

TEST_CASE(
    "From noisy profiles predicted time rises with a clock or cores by more than its band along few lines") {
  const double noise = GENERATE(0.03, 0.1);
  const auto count = GENERATE(as<std::size_t>{}, 12, 60);
  const std::string workload = GENERATE(as<std::string>{}, "resnet50", "my_net");
  CalibrationOptions options;
  options.fit_any_work = true;
  const auto rows = profiles(workload, count, noise, 21);
  const CalibratedModel model = model_of(rows, options);
  CAPTURE(noise, count, workload);
  const Rises through = rises_on_grid(model, model.groups[0], points_of(rows));
  CAPTURE(through.rising, through.lines, through.worst);
  CHECK(through.rising <= through.lines / 20);
  const Rises rises = rises_on_grid(model, model.groups[0], anywhere(60));
  CAPTURE(rises.rising, rises.lines, rises.worst);
  CHECK(rises.rising <= rises.lines / 20);
  CHECK(rises.worst < 1.5 * noise);
}

TEST_CASE("A process that follows noise into a rise is damped, which is noted") {
  const auto rows = profiles("resnet50", 30, 0.1, 22);
  CalibrationOptions options;
  options.monotone_steps = 0;
  CalibratedModel model = model_of(rows, options);
  const GroupModel& group = model.groups[0];
  const auto points = points_of(rows);
  const double before = worst_rise(model, group, points);
  const ResidualProcess bent = group.time.residual;
  CHECK(keep_monotone(0, {points}, model).empty());
  CHECK(group.time.residual.weights() == bent.weights());
  const auto notes = keep_monotone(8, {points}, model);
  REQUIRE(before > 0);
  REQUIRE_FALSE(notes.empty());
  CHECK(notes.front().find("amplitude was scaled") != std::string::npos);
  CHECK(group.time.residual.hyperparameters().amplitude < bent.hyperparameters().amplitude);
  CHECK(worst_rise(model, group, points) < before);
  CHECK(group.time.residual.noise() > bent.noise());
}

TEST_CASE("A rise that profile after profile shows is left alone, which is noted") {
  // A quarter slower above 1.2 GHz.
  auto rows = profiles("resnet50", 150, 0.01, 22);
  for (ProfileRow& row : rows)
    if (row.mode.gpu_khz > 1'200'000) *row.time_ms *= 1.25;
  CalibrationOptions options;
  options.monotone_steps = 0;
  CalibratedModel model = model_of(rows, options);
  const auto weights = model.groups[0].time.residual.weights();
  const auto notes = keep_monotone(8, {points_of(rows)}, model);
  REQUIRE_FALSE(notes.empty());
  CHECK(notes.front().find("time rises with a clock somewhere, by") != std::string::npos);
  CHECK(model.groups[0].time.residual.weights() == weights);
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

TEST_CASE(
    "A few profiles that happen to be slower with more cores do not make more cores slower, all of them do") {
  // With more than six cores a tenth slower: noise of 10 % in twelve profiles says little, of 1 % in 150 all.
  const bool sure = GENERATE(false, true);
  auto rows = sure ? profiles("resnet50", 150, 0.01, 28) : profiles("resnet50", 12, 0.1, 28);
  for (ProfileRow& row : rows)
    if (row.mode.cores > 6) *row.time_ms *= 1.1;
  CalibrationOptions options;
  options.held_out = false;
  const auto made = calibrate(orin(), "", rows, "p.csv", options);
  REQUIRE(made.ok());
  const GroupModel& group = made->model.groups[0];
  double slower = 0;  // of twelve cores than of four
  const auto points = anywhere(60);
  for (Point point : points) {
    point.mode.cores = 12;
    const double many = predict(made->model, group, point).time_s.value;
    point.mode.cores = 4;
    slower += std::log(many / predict(made->model, group, point).time_s.value) / 60;
  }
  CAPTURE(sure, slower);
  const auto& notes = made->report.notes;
  const bool insist = std::any_of(notes.begin(), notes.end(), [](const std::string& note) {
    return note.find("time rises with cores somewhere, by") != std::string::npos;
  });
  CHECK(insist == sure);
  if (sure) {
    CHECK(slower > 0.06);
  } else {
    CHECK(worst_rise(made->model, group, points_of(rows)) <= 0);
    CHECK(slower < 0.03);
  }
}

TEST_CASE("Held-out errors are those of a model that was kept from rising, like the one that is written") {
  const auto rows = profiles("resnet50", 30, 0.1, 22);
  CalibrationOptions options;
  options.monotone_steps = 0;
  const auto bent = calibrate(orin(), "", rows, "p.csv", options);
  options.monotone_steps = 8;
  const auto kept = calibrate(orin(), "", rows, "p.csv", options);
  REQUIRE(bent.ok());
  REQUIRE(kept.ok());
  const auto points = points_of(rows);
  REQUIRE(worst_rise(bent->model, bent->model.groups[0], points) > 0);
  REQUIRE(worst_rise(kept->model, kept->model.groups[0], points) == 0);
  const ErrorSummary& before = bent->model.groups[0].time.held_out;
  const ErrorSummary& after = kept->model.groups[0].time.held_out;
  CHECK(after.law_alone == Approx(before.law_alone));
  CHECK(after.mean_absolute != before.mean_absolute);
  // Mean of |N(0, 0.1)| is 0.08: no model is nearer to thirty noisy profiles than about that.
  CHECK(after.mean_absolute > 0.06);
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
