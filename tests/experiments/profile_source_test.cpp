// Which board profiles are of, which options their format takes, and for which sizes of a learning curve they
// are enough.
#include "experiments/calibration/profiles.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "devices/calibration/model_file.hpp"
#include "experiments/calibration/predictions.hpp"
#include "experiments/validate/curve.hpp"
#include "tests/catch.hpp"

namespace wattline::experiments {
namespace {

namespace calibration = devices::calibration;

// A profile CSV of one row a device named, gone with the test.
class ProfileFile {
 public:
  explicit ProfileFile(const std::vector<std::string>& boards)
      : path_(std::filesystem::temp_directory_path() / fmt::format("wattline-source-{}.csv", ::getpid())) {
    std::ofstream out(path_);
    out << "device,workload,role,batch,cores,cpu_khz,gpu_khz,emc_khz,time_ms,power_w\n";
    int gpu_khz = 420'750;
    for (const std::string& board : boards) {
      out << board << ",resnet50,infer,4,4,1113600," << gpu_khz << ",2133000," << 3e7 / gpu_khz << ",12\n";
      gpu_khz += 10'000;
    }
  }
  ~ProfileFile() { std::filesystem::remove(path_); }
  ProfileSource source() const { return {{path_.string()}, "", {}}; }

 private:
  std::filesystem::path path_;
};

std::string message_of(const Result<BoardProfiles>& profiles) {
  return profiles ? "(accepted)" : profiles.error().message;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("A board's full name and its short one are one board") {
  const ProfileFile file({"orin-agx", "orin-agx-64gb", "orin-agx"});
  const auto profiles = read_profiles(file.source(), "", "");
  INFO(message_of(profiles));
  REQUIRE(profiles.ok());
  CHECK(profiles->spec.name == "orin-agx-64gb");
  CHECK(profiles->rows.size() == 3);
  for (const devices::ProfileRow& row : profiles->rows) CHECK(row.device == "orin-agx-64gb");
}

TEST_CASE("Two boards are two, however they are named") {
  const ProfileFile file({"orin-agx", "orin-agx-64gb", "orin-agx-32gb"});
  CHECK(has(message_of(read_profiles(file.source(), "", "")),
            "profiles of several boards: orin-agx-32gb (from "));
}

TEST_CASE("Profiles of a board that is not built in are read for its model") {
  devices::DeviceSpec spec = *devices::find_device("orin-agx-64gb");
  spec.name = "my-board";
  spec.aliases.clear();
  const ProfileFile file({"my-board"});
  CHECK(has(message_of(read_profiles(file.source(), "", "")), "my-board"));
  const auto profiles = read_profiles(file.source(), spec);
  INFO(message_of(profiles));
  REQUIRE(profiles.ok());
  CHECK(profiles->spec.name == "my-board");
}

TEST_CASE("Options that a format would ignore are errors that name the option") {
  ProfileSource source;
  source.files = {"nowhere.csv"};
  source.format = "pagoda";
  source.import.minibatches = "log.csv";
  CHECK(message_of(read_profiles(source, "orin-agx", "")) ==
        "--minibatches is of tegrastats and jtop logs; format 'pagoda' has no use for it");
  source.import = {};
  source.import.start_s = 0;
  CHECK(has(message_of(read_profiles(source, "orin-agx", "")), "--start-s is of"));
  source.import = {};
  source.import.settle_s = 1;
  CHECK(has(message_of(read_profiles(source, "orin-agx", "")), "--settle-s is of"));
  source.import = {};
  source.import.interval_s = 2;
  CHECK(has(message_of(read_profiles(source, "orin-agx", "")), "--interval-s is of"));
  source.import = {};
  source.import.power_rails = {"VDD_IN"};
  CHECK(has(message_of(read_profiles(source, "orin-agx", "")), "--rails is of"));
  source.import = {};
  source.import.observed_clocks = "clocks.csv";
  CHECK(
      has(message_of(read_profiles(source, "orin-agx", "")), "--observed-clocks is of single-stream files"));
  source.import = {};
  source.format = "jtop";
  CHECK(has(message_of(read_profiles(source, "orin-agx", "")), "--minibatches"));
}

TEST_CASE("A file that is given twice, by its name or by its text, is an error") {
  const ProfileFile file({"orin-agx", "orin-agx"});
  ProfileSource source = file.source();
  const std::string path = source.files.front();
  source.files.push_back(std::filesystem::path(path).parent_path() / "." /
                         std::filesystem::path(path).filename());
  CHECK(has(message_of(read_profiles(source, "", "")), "given twice as --profile"));
  source.files.back() = path + ".copy";
  std::filesystem::copy_file(path, source.files.back());
  CHECK(message_of(read_profiles(source, "", "")) ==
        path + ".copy: holds the same text as " + path + "; give it once");
  std::filesystem::remove(path + ".copy");
}

TEST_CASE("Rows that are the same in every value are noted with their lines, and so is a last line cut off") {
  const ProfileFile file({"orin-agx", "orin-agx"});
  const std::string path = file.source().files.front();
  CHECK(read_profiles(file.source(), "", "")->notes.empty());
  const std::string row = "orin-agx,resnet50,infer,4,4,1113600,420750,2133000,9,12";
  std::ofstream(path, std::ios::app) << row << "\n" << row << "\n" << row << "5\n" << row;
  const auto profiles = read_profiles(file.source(), "", "");
  REQUIRE(profiles.ok());
  CHECK(profiles->notes ==
        std::vector<std::string>{
            path + ": line 7, the last one, has no line break at its end and may be cut off",
            path + ": line 5 is the same as line 4, line 7 is the same as line 4"});
  CHECK(profiles->rows.size() == 6);
}

TEST_CASE("The name of a source is printable, and no longer than a model file can hold") {
  ProfileSource source;
  source.files = {"caf\xE9.csv", "two\nlines.csv"};
  CHECK(name_of(source) == "caf\\xe9.csv, two\\x0alines.csv");
  source.files.assign(1000, "measurements/of/a/board.csv");
  CHECK(name_of(source).size() <= 4000);
  CHECK(has(name_of(source), ", and 87"));
}

TEST_CASE(
    "Sizes of a curve that leave nothing to predict are told, and are an error where no other is left") {
  const ProfileFile file({"orin-agx", "orin-agx", "orin-agx", "orin-agx"});
  const auto profiles = read_profiles(file.source(), "", "");
  REQUIRE(profiles.ok());
  calibration::LearningCurveOptions options;
  options.used = {0, 3};
  const auto all = sizes_left_out(profiles->spec, profiles->rows, "p.csv", options);
  REQUIRE(all.ok());
  CHECK(all->empty());
  options.used = {3, 4, 50};
  const auto some = sizes_left_out(profiles->spec, profiles->rows, "p.csv", options);
  REQUIRE(some.ok());
  CHECK(*some ==
        std::vector<std::string>{"resnet50@pytorch-fp32 infer: 4, 50 left out, of 4 profiles one at least "
                                 "must be left to predict"});
  options.used = {4};
  const auto none = sizes_left_out(profiles->spec, profiles->rows, "p.csv", options);
  REQUIRE_FALSE(none.ok());
  CHECK(has(none.error().message, "p.csv: --used: resnet50@pytorch-fp32 infer: 4 left out"));
}

TEST_CASE("No profile is no size for work that is fitted") {
  const ProfileFile file({"orin-agx", "orin-agx"});
  auto profiles = read_profiles(file.source(), "", "");
  REQUIRE(profiles.ok());
  for (devices::ProfileRow& row : profiles->rows) row.workload = "mine";
  calibration::LearningCurveOptions options;
  options.calibration.fit_work = {"mine"};
  options.used = {0};
  const auto none = sizes_left_out(profiles->spec, profiles->rows, "p.csv", options);
  REQUIRE_FALSE(none.ok());
  CHECK(has(none.error().message, "0 left out, without profiles nothing is known of its work"));
}

TEST_CASE("A number of SMs that was not profiled is outside the range in which a model was checked") {
  const ProfileFile file({"orin-agx", "orin-agx", "orin-agx"});
  auto profiles = read_profiles(file.source(), "", "");
  REQUIRE(profiles.ok());
  for (devices::ProfileRow& row : profiles->rows) row.mode.active_sms = 8;
  profiles->rows.back().mode.active_sms = 12;
  calibration::CalibrationOptions options;
  options.held_out = false;
  auto made = calibration::calibrate(profiles->spec, profiles->spec.text, profiles->rows, "p.csv", options);
  REQUIRE(made.ok());
  const devices::HybridModel model(std::move(made->model));
  std::vector<devices::ProfileRow> requests(4, profiles->rows.front());
  requests[1].mode.active_sms = 10;
  requests[2].mode.active_sms = 6;
  requests[3].mode.active_sms = 0;  // all 16
  const auto predictions = predict_all(model, requests, "q.csv");
  REQUIRE(predictions.ok());
  const auto checked = [&](std::size_t i) {
    return predictions->of_points[predictions->of_request[i]].time_checked;
  };
  CHECK(checked(0));
  CHECK(checked(1));
  CHECK_FALSE(checked(2));
  CHECK_FALSE(checked(3));
}

}  // namespace
}  // namespace wattline::experiments
