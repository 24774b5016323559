// What a base model hands on: which priors, how surely, and what the report says of them.
#include <algorithm>
#include <cmath>

#include "devices/calibration/calibrate.hpp"
#include "devices/calibration/transfer.hpp"
#include "tests/catch.hpp"

namespace wattline::devices::calibration {
namespace {

using workloads::Role;

DeviceSpec board(const char* name) {
  return *find_device(name);
}

// A model of ResNet-50 on a board, as if profiles had moved and narrowed its board's clock power.
CalibratedModel base_of(const DeviceSpec& spec, PowerKind kind = PowerKind::module_rails) {
  CalibrationOptions options;
  options.power_kind = kind;
  CalibratedModel base = *prior_model(spec, *known_group(spec, "resnet50", Role::infer, false), options);
  base.board_power.estimates[gpu_clock_w].value *= 1.5;
  base.board_power.estimates[gpu_clock_w].deviation = 0.02;
  return base;
}

std::vector<ProfileRow> one_profile(const DeviceSpec& spec, const char* workload) {
  ProfileRow row;
  row.device = spec.name;
  row.workload = workload;
  row.batch = 4;
  row.mode = spec.mode_spaces.front().at(spec.mode_spaces.front().size() - 1);
  row.time_ms = 20;
  row.power_w = 30;
  row.power_kind = PowerKind::module_rails;
  row.line = 2;
  return {row};
}

Calibration calibrated(const DeviceSpec& spec, const char* workload, const CalibratedModel& base) {
  CalibrationOptions options;
  options.base = &base;
  auto result = calibrate(spec, "", one_profile(spec, workload), "p.csv", options);
  REQUIRE(result);
  return *std::move(result);
}

const TransferredPrior* listed(const CalibrationReport& report, const char* parameter) {
  const auto found =
      std::find_if(report.transferred.begin(), report.transferred.end(),
                   [&](const TransferredPrior& taken) { return taken.parameter.name == parameter; });
  return found == report.transferred.end() ? nullptr : &*found;
}

bool noted(const CalibrationReport& report, const char* text) {
  return std::any_of(report.notes.begin(), report.notes.end(),
                     [&](const std::string& note) { return note.find(text) != std::string::npos; });
}

TEST_CASE("The report lists the priors that came from a base model, with what they became") {
  const DeviceSpec orin = board("orin-agx-64gb");
  const CalibratedModel base = base_of(orin);
  const Calibration same = calibrated(orin, "resnet50", base);
  const TransferredPrior* clock = listed(same.report, "gpu_clock_w");
  REQUIRE(clock);
  CHECK(clock->group.empty());
  CHECK(std::string(clock->target) == "power");
  CHECK(clock->parameter.prior == Approx(1.5 * orin.power.gpu.clock_w));
  // 0.02 that the base was sure of, and 0.05 that two sessions on one board may differ by.
  CHECK(clock->parameter.spread == Approx(std::hypot(0.02, 0.05)));
}

TEST_CASE("Without a base model nothing is listed") {
  const DeviceSpec orin = board("orin-agx-64gb");
  const auto alone = calibrate(orin, "", one_profile(orin, "resnet50"), "p.csv", {});
  REQUIRE(alone);
  CHECK(alone->report.transferred.empty());
}

TEST_CASE("A workload that the base does not know takes the board's power with a wide spread") {
  const DeviceSpec orin = board("orin-agx-64gb");
  const CalibratedModel base = base_of(orin);
  const Calibration other = calibrated(orin, "mobilenet_v3_large", base);
  const TransferredPrior* clock = listed(other.report, "gpu_clock_w");
  REQUIRE(clock);
  CHECK(clock->parameter.prior == Approx(1.5 * orin.power.gpu.clock_w));
  CHECK(clock->parameter.spread == Approx(std::hypot(0.02, 0.4)));
}

TEST_CASE("Power of another kind is not taken from a base model, which is noted") {
  const DeviceSpec orin = board("orin-agx-64gb");
  const CalibratedModel wall = base_of(orin, PowerKind::wall);
  const Calibration rails = calibrated(orin, "resnet50", wall);
  CHECK_FALSE(listed(rails.report, "gpu_clock_w"));
  CHECK(noted(rails.report, "the base model's power is of wall, not of module rails"));
}

TEST_CASE("A model that is carried to another board predicts the power that is asked for") {
  const DeviceSpec nano = board("jetson-nano");
  const CalibratedModel base = base_of(board("orin-agx-64gb"));
  const auto carried = transferred(base, nano, "", PowerKind::wall);
  REQUIRE(carried);
  CHECK(carried->model.power_kind == PowerKind::wall);
  CHECK(transferred(base, nano, "")->model.power_kind == PowerKind::module_rails);
  // A board's own parameters stay that board's.
  CHECK_FALSE(listed(carried->report, "gpu_clock_w"));
}

TEST_CASE("A workload in a role that the base lacks is told") {
  const DeviceSpec orin = board("orin-agx-64gb");
  const CalibratedModel base = base_of(orin);
  CalibrationOptions options;
  options.base = &base;
  auto rows = one_profile(orin, "resnet50");
  rows[0].role = Role::train;
  const auto training = calibrate(orin, "", rows, "p.csv", options);
  REQUIRE(training);
  CHECK(noted(training->report, "nothing in the base model is like it"));
}

}  // namespace
}  // namespace wattline::devices::calibration
