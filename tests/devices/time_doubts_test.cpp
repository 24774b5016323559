// What is noted of times that look like a mistake, and of knobs that nobody varied.
#include "devices/calibration/calibrate.hpp"
#include "tests/catch.hpp"

namespace wattline::devices::calibration {
namespace {

// Profiles of ResNet-50 on a Nano that take what its spec says, but for a factor and some noise.
std::vector<ProfileRow> profiles(double factor) {
  const DeviceSpec spec = *find_device("jetson-nano");
  const Group group = *known_group(spec, "resnet50", workloads::Role::infer, false);
  const CalibratedModel prior = *prior_model(spec, group, {});
  std::vector<ProfileRow> rows;
  for (const std::int64_t batch : {1, 4, 16}) {
    for (const int gpu_khz : {307'200, 460'800, 614'400, 921'600}) {
      ProfileRow row;
      row.device = spec.name;
      row.workload = "resnet50";
      row.batch = batch;
      row.mode = {4, 1'479'000, gpu_khz, 1'600'000, 0};
      const double time_s = predict(prior, prior.groups[0], {batch, row.mode, {}, {}}).time_s.value;
      row.time_ms = 1e3 * factor * time_s * (rows.size() % 2 ? 1.02 : 0.98);
      row.line = rows.size() + 2;
      rows.push_back(row);
    }
  }
  return rows;
}

std::string notes_on(const std::vector<ProfileRow>& rows) {
  CalibrationOptions options;
  options.held_out = false;
  const DeviceSpec spec = *find_device("jetson-nano");
  const auto made = calibrate(spec, spec.text, rows, "p.csv", options);
  REQUIRE(made);
  std::string all;
  for (const std::string& note : made->report.notes) all += note + "\n";
  return all;
}

bool has(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("Times in another unit are doubted, times that are twice what was expected are not") {
  const std::string notes = notes_on(profiles(10));
  INFO(notes);
  // A hundredth of the typical time, here a tenth of what is known, may be what a minibatch costs at any
  // clock.
  CHECK(has(notes, "resnet50@pytorch-fp32: times are 9 times as long as what is known"));
  CHECK_FALSE(has(notes_on(profiles(2)), "times are"));
}

TEST_CASE("A single time that is out of line with the others is doubted, with its line") {
  auto rows = profiles(1);
  *rows[5].time_ms *= 1000;
  const std::string notes = notes_on(rows);
  CHECK(has(notes, "1 of 12 times are out of line with the others; the first is line 7"));
  CHECK_FALSE(has(notes, "what is known of board and network"));
}

TEST_CASE("Knobs that all profiles have at one value are named, others are not") {
  CHECK(has(notes_on(profiles(1)),
            "resnet50@pytorch-fp32: all profiles have the same cores, cpu_khz, emc_khz;"));
}

TEST_CASE("A point profiled with and without its counts is one point, held out together") {
  auto rows = profiles(1);
  auto twice = rows;
  for (ProfileRow& row : twice) {
    row.flop = 1e11;
    row.bytes = 1e9;
    *row.time_ms *= 1.5;
    row.line += 100;
  }
  rows.insert(rows.end(), twice.begin(), twice.end());
  CalibrationOptions options;
  options.held_out = false;
  const DeviceSpec spec = *find_device("jetson-nano");
  const auto made = calibrate(spec, spec.text, rows, "p.csv", options);
  REQUIRE(made);
  REQUIRE(made->report.disagreements.size() == 12);
  CHECK(made->report.disagreements.front().lines == std::vector<std::size_t>{2, 102});
}

}  // namespace
}  // namespace wattline::devices::calibration
