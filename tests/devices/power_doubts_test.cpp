// Powers that a board cannot draw, or that go the wrong way, are doubted; believable ones are not.
#include "devices/calibration/power_doubts.hpp"

#include <algorithm>
#include <functional>

#include "tests/catch.hpp"

namespace wattline::devices::calibration {
namespace {

// Jetson Nano between 2.9 and 6.5 W, as it was measured; `power` changes that.
std::vector<std::string> doubts_of(const std::function<double(double)>& power,
                                   PowerKind kind = PowerKind::module_rails) {
  const DeviceSpec spec = *find_device("jetson-nano");
  std::vector<ProfileRow> rows;
  for (const int gpu_khz : {307'200, 460'800, 614'400, 768'000, 921'600}) {
    for (const int batch : {1, 16}) {
      ProfileRow row;
      row.device = spec.name;
      row.workload = "resnet50";
      row.batch = batch;
      row.mode = {4, 1'479'000, gpu_khz, 1'600'000, 0};
      row.time_ms = 1.2e8 / gpu_khz * batch;
      const double clock = gpu_khz / 921'600.0;
      row.power_w = power(2.5 + 4 * clock * clock);
      row.power_kind = kind;
      row.line = rows.size() + 2;
      rows.push_back(row);
    }
  }
  const auto intake = take_in(spec, rows, "p.csv", {});
  REQUIRE(intake.ok());
  std::vector<std::string> notes;
  doubt_powers(spec, rows, *intake, notes);
  // A calibration tells them.
  CalibrationOptions options;
  options.held_out = false;
  const auto made = calibrate(spec, spec.text, rows, "p.csv", options);
  REQUIRE(made.ok());
  for (const std::string& note : notes)
    CHECK(std::count(made->report.notes.begin(), made->report.notes.end(), note) == 1);
  return notes;
}

bool any_has(const std::vector<std::string>& list, const std::string& part) {
  return std::any_of(list.begin(), list.end(),
                     [&](const std::string& text) { return text.find(part) != std::string::npos; });
}

TEST_CASE("Powers as a board draws them are not doubted") {
  CHECK(doubts_of([](double w) { return w; }).empty());
  CHECK(doubts_of([](double w) { return 0.6 * w; }).empty());
  CHECK(doubts_of([](double w) { return 1.5 * w; }).empty());
  CHECK(doubts_of([](double w) { return 1.5 * w + 10; }, PowerKind::wall).empty());
  CHECK(doubts_of([](double) { return 4.0; }).empty());
}

TEST_CASE("Powers ten times too large are doubted, with the first line and what the board can draw") {
  const auto notes = doubts_of([](double w) { return 10 * w; });
  REQUIRE(notes.size() == 1);
  CHECK(any_has(notes, "power of 10 rows is too high; the first is line 2: 29.44 W, where jetson-nano"));
}

TEST_CASE("Powers in kilowatts, or inverted, are doubted as too low") {
  CHECK(any_has(doubts_of([](double w) { return w / 1000; }), "power of 10 rows is too low"));
  const auto inverted = doubts_of([](double w) { return 1 / w; });
  CHECK(any_has(inverted, "too low"));
  CHECK(any_has(inverted, "power falls as the GPU clock rises, in 2 of 2 series"));
}

TEST_CASE("Powers that fall with a rising GPU clock are doubted at any level") {
  const auto notes = doubts_of([](double w) { return 20 / w; });
  REQUIRE(notes.size() == 1);
  CHECK(any_has(notes, "(lines 2 and 10: 6.792 W at 307200 kHz, 3.077 W at 921600 kHz)"));
}

TEST_CASE("What a board can draw is ordered, and holds its presets' nominal power") {
  for (const std::string& name : device_names()) {
    const DeviceSpec spec = *find_device(name);
    for (const Preset& preset : spec.presets) {
      INFO(name << " " << preset.name);
      const double least = least_power_w(spec, preset.mode);
      const double most = most_power_w(spec, preset.mode);
      CHECK(0 < least);
      CHECK(least < most);
      if (preset.nominal_power_w > 0) {
        CHECK(preset.nominal_power_w > least / 3);
        CHECK(preset.nominal_power_w < 2 * most);
      }
    }
  }
}

}  // namespace
}  // namespace wattline::devices::calibration
