// What calibration refuses and what it notes, with the line; and which profiles it takes as one.
#include "devices/calibration/intake.hpp"

#include <algorithm>

#include "tests/catch.hpp"

namespace wattline::devices::calibration {
namespace {

using workloads::Role;

const DeviceSpec& orin() {
  static const DeviceSpec spec = *find_device("orin-agx-64gb");
  return spec;
}

constexpr PowerMode top{12, 2'201'600, 1'300'500, 3'199'000, 0};

ProfileRow row(std::size_t line, const std::string& workload = "resnet50") {
  ProfileRow r;
  r.device = "orin-agx-64gb";
  r.workload = workload;
  r.batch = 4;
  r.mode = top;
  r.time_ms = 20;
  r.power_w = 30;
  r.power_kind = PowerKind::module_rails;
  r.line = line;
  return r;
}

std::string refusal(const std::vector<ProfileRow>& rows, const CalibrationOptions& options = {}) {
  const auto intake = take_in(orin(), rows, "p.csv", options);
  // The command that calibrates says the same.
  const auto calibration =
      intake ? Result<Calibration>(failure("not asked")) : calibrate(orin(), "", rows, "p.csv", options);
  if (intake) return "(accepted)";
  CHECK_FALSE(calibration.ok());
  CHECK(calibration.error().message == intake.error().message);
  return intake.error().message;
}

Intake taken(const std::vector<ProfileRow>& rows, const CalibrationOptions& options = {}) {
  auto intake = take_in(orin(), rows, "p.csv", options);
  INFO((intake ? "" : intake.error().message));
  REQUIRE(intake.ok());
  return *std::move(intake);
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

bool any_has(const std::vector<std::string>& list, const std::string& part) {
  return std::any_of(list.begin(), list.end(), [&](const std::string& text) { return has(text, part); });
}

TEST_CASE("Profiles of no row, or of another board, are refused") {
  CHECK(has(refusal({}), "p.csv: no profile"));
  auto other = row(7);
  other.device = "jetson-nano";
  const std::string message = refusal({row(2), other});
  CHECK(has(message, "p.csv: line 7: device: 'jetson-nano'"));
  CHECK(has(message, "'orin-agx-64gb'"));
  other.device = "orin-agx";  // an alias
  CHECK(refusal({other}) == "(accepted)");
}

TEST_CASE("A clock that the board cannot have is refused, with the unit that it looks like") {
  const auto with = [&](auto PowerMode::*knob, std::int32_t value) {
    auto r = row(3);
    r.mode.*knob = value;
    return refusal({row(2), r});
  };
  const std::string hz = with(&PowerMode::gpu_khz, 1'300'500'000);
  CHECK(has(hz, "p.csv: line 3: gpu_khz: 1300500000 is not accepted"));
  CHECK(has(hz, "looks like Hz"));
  const std::string mhz = with(&PowerMode::gpu_khz, 1300);
  CHECK(has(mhz, "line 3: gpu_khz: 1300 is not accepted"));
  CHECK(has(mhz, "looks like MHz"));
  CHECK(has(with(&PowerMode::cpu_khz, 2201), "cpu_khz: 2201 is not accepted"));
  CHECK(has(with(&PowerMode::emc_khz, 3199), "looks like MHz"));
  CHECK_FALSE(has(with(&PowerMode::gpu_khz, 1'500'000), "looks like"));  // just too high
  CHECK(has(with(&PowerMode::gpu_khz, 1'500'000), "1300500 kHz"));
  CHECK(has(with(&PowerMode::gpu_khz, 0), "gpu_khz: 0 is not accepted"));
  CHECK(has(with(&PowerMode::gpu_khz, -5), "gpu_khz: -5 is not accepted"));
  CHECK(with(&PowerMode::gpu_khz, 1'300'501) == "(accepted)");  // firmware rounds differently
  CHECK(with(&PowerMode::gpu_khz, 777'777) == "(accepted)");
}

TEST_CASE("Cores and SMs that the board does not have are refused") {
  auto many = row(5);
  many.mode.cores = 13;
  CHECK(has(refusal({many}), "line 5: cores: 13 is not accepted; 1 to 12"));
  many.mode.cores = 0;
  CHECK(has(refusal({many}), "line 5: cores: 0 is not accepted"));
  many.mode.cores = 12;
  many.mode.active_sms = 17;
  CHECK(has(refusal({many}), "line 5: active_sms: 17 is not accepted; 1 to 16"));
}

TEST_CASE("An unknown workload is refused with the nearest network and both ways to calibrate it") {
  const std::string message = refusal({row(2), row(3, "resnet5O")});
  CHECK(has(message, "p.csv: line 3: workload:"));
  CHECK(has(message, "'resnet50'"));
  CHECK(has(message, "flop and bytes"));
  CHECK(has(message, "--fit-work resnet5O"));

  CalibrationOptions options;
  options.fit_work = {"my_net"};
  CHECK(refusal({row(2, "my_net")}, options) == "(accepted)");
  CHECK(has(refusal({row(2, "other_net")}, options), "line 2: workload:"));
  options.fit_any_work = true;
  CHECK(refusal({row(2, "other_net")}, options) == "(accepted)");
  CHECK(taken({row(2, "other_net")}, options).groups[0].source == WorkSource::fitted);

  auto no_time = row(2, "my_net");
  no_time.time_ms.reset();
  CHECK(has(refusal({no_time}, options), "no time of 'my_net' was measured"));

  auto counted = row(2, "my_net");
  counted.flop = 1e9;
  counted.bytes = 1e7;
  const Intake intake = taken({counted});
  CHECK(intake.groups[0].source == WorkSource::counted);
  CHECK(intake.groups[0].name == "counted@pytorch-fp32");
}

TEST_CASE("A misspelt stack is refused, a new stack of another kind or precision is taken and noted") {
  const std::string message = refusal({row(2), row(4, "resnet50@pytorch-fp23")});
  CHECK(has(message, "p.csv: line 4: workload:"));
  CHECK(has(message, "pytorch-fp23"));
  CHECK(has(message, "did you mean 'pytorch-fp32'"));
  const Intake intake = taken({row(2, "resnet50@mlc-int8"), row(3, "lstm@mlc-int8")});
  CHECK(std::count_if(intake.notes.begin(), intake.notes.end(),
                      [](const std::string& note) { return has(note, "'mlc-int8'"); }) == 1);
  CHECK(intake.groups[0].stack.precision == Precision::int8);
  CHECK_FALSE(intake.groups[0].stack_known);
}

TEST_CASE("The message about a misspelt stack does not ask for the work of a network that is known") {
  CHECK_FALSE(has(refusal({row(4, "resnet50@pytorch-fp23")}), "--fit-work"));
}

TEST_CASE("Workloads are sorted by network, stack and role, whichever way they are named") {
  auto training = row(5);
  training.role = Role::train;
  const Intake intake =
      taken({row(2), row(3, "resnet50@pytorch-fp32"), row(4, "resnet50@pytorch-fp16"), training});
  REQUIRE(intake.groups.size() == 3);
  CHECK(intake.groups[0].name == "resnet50@pytorch-fp32");
  CHECK(intake.points[0].group == intake.points[1].group);
  CHECK(intake.groups[1].name == "resnet50@pytorch-fp16");
  CHECK(intake.groups[2].role == Role::train);
}

TEST_CASE("Power of two kinds is refused with the first line of each, unless an offset is to be fitted") {
  auto wall = row(9);
  wall.power_kind = PowerKind::wall;
  const std::string message = refusal({row(2), row(3), wall});
  CHECK(has(message, "p.csv: power_kind:"));
  CHECK(has(message, "module rails (from line 2)"));
  CHECK(has(message, "wall (from line 9)"));
  CHECK(has(message, "--fit-power-offset"));
  CalibrationOptions options;
  options.fit_power_offset = true;
  const Intake intake = taken({row(2), row(3), wall}, options);
  CHECK(intake.power_kind == PowerKind::module_rails);  // most rows
  CHECK(intake.other_kinds == std::vector{PowerKind::wall});
  options.power_kind = PowerKind::wall;
  CHECK(taken({row(2), row(3), wall}, options).other_kinds == std::vector{PowerKind::module_rails});
  // Rows without a power reading have no kind to mix.
  wall.power_w.reset();
  CHECK(refusal({row(2), wall}) == "(accepted)");
}

TEST_CASE("Power of an unstated kind is taken for module rails, and that is noted") {
  auto silent = row(2);
  silent.power_kind = PowerKind::unstated;
  CHECK(any_has(taken({silent}).notes, "power_kind is not stated"));
  CHECK_FALSE(any_has(taken({row(2)}).notes, "power_kind"));
  CalibrationOptions options;
  options.power_kind = PowerKind::board_meter;
  CHECK_FALSE(any_has(taken({silent}, options).notes, "power_kind"));
  CHECK(taken({silent}, options).points[0].power_kind == PowerKind::board_meter);
}

TEST_CASE("Profiles of one point that disagree are listed with their lines and how far they are apart") {
  auto slower = row(8);
  slower.time_ms = 23;    // 15 % over 20
  slower.power_w = 31.5;  // 5 % over 30
  auto elsewhere = row(9);
  elsewhere.batch = 8;
  elsewhere.time_ms = 50;
  const Intake intake = taken({row(2), row(5), slower, elsewhere});
  REQUIRE(intake.disagreements.size() == 1);
  const Disagreement& found = intake.disagreements[0];
  CHECK(found.workload == "resnet50");
  CHECK(found.lines == std::vector<std::size_t>{2, 5, 8});
  CHECK(found.time_spread == Approx(0.15));
  CHECK(found.power_spread == Approx(0.05));
  CHECK(intake.points[0].key == intake.points[2].key);
  CHECK(intake.points[0].key != intake.points[3].key);
  slower.time_ms = 20.2;
  slower.power_w = 30.3;
  CHECK(taken({row(2), slower}).disagreements.empty());  // 1 %
}

TEST_CASE("A point is the same point with or without its stack's name and its SMs' number") {
  auto named = row(3, "resnet50@pytorch-fp32");
  named.mode.active_sms = 16;
  named.time_ms = 25;
  const Intake intake = taken({row(2), named});
  CHECK(intake.points[0].key == intake.points[1].key);
  CHECK(intake.disagreements.size() == 1);
}

TEST_CASE("A point that two meters read is held out as one, since it has one time") {
  auto wall = row(3);
  wall.power_kind = PowerKind::wall;
  wall.power_w = 45;
  CalibrationOptions options;
  options.fit_power_offset = true;
  const Intake intake = taken({row(2), wall}, options);
  CHECK(intake.points[0].key == intake.points[1].key);
  CHECK(intake.disagreements.empty());  // two meters never agree
}

TEST_CASE("A row without time and power is left out and noted") {
  auto empty = row(6);
  empty.time_ms.reset();
  empty.power_w.reset();
  const Intake intake = taken({row(2), empty});
  CHECK(intake.points.size() == 1);
  CHECK(any_has(intake.notes, "neither time nor power"));
  CHECK(any_has(intake.notes, "line 6"));
}

}  // namespace
}  // namespace wattline::devices::calibration
