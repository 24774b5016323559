// The whole of calibration on boards whose truth is known: what it states of its own error, what its
// residual processes and a base model are worth, and two meters.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>

#include "devices/calibration/calibrate.hpp"
#include "devices/calibration/errors.hpp"
#include "sim/base/text.hpp"
#include "sim/random.hpp"
#include "tests/catch.hpp"

namespace wattline::devices::calibration {
namespace {

using workloads::Role;

const DeviceSpec& orin() {
  static const DeviceSpec spec = *find_device("orin-agx-64gb");
  return spec;
}

// A board that follows the law, but not with the spec's parameters: all of its workloads are off alike.
struct Truth {
  std::map<std::string, CalibratedModel> models;

  explicit Truth(const std::vector<std::string>& workloads) {
    for (const std::string& workload : workloads) {
      CalibratedModel model = *prior_model(orin(), *known_group(orin(), workload, Role::infer, false), {});
      const auto scale = [](ParameterEstimates& of, int index, double factor) {
        of.estimates[static_cast<std::size_t>(index)].value *= factor;
      };
      scale(model.board_time, dram_fraction, 0.9);
      scale(model.board_time, on_chip_bytes_per_clock, 0.8);
      scale(model.groups[0].time.group, compute_efficiency, 0.7);
      scale(model.groups[0].time.group, memory_efficiency, 0.75);
      scale(model.groups[0].time.group, launch_cycles, 1.6);
      scale(model.groups[0].time.group, overlap, 0.3);
      scale(model.board_power, board_w, 1.4);
      scale(model.board_power, gpu_clock_w, 1.5);
      scale(model.groups[0].power.group, flop_energy, 1.4);
      models.emplace(workload, std::move(model));
    }
  }
  CostPrediction at(const std::string& workload, std::int64_t batch, const PowerMode& mode) const {
    const CalibratedModel& model = models.at(workload);
    return predict(model, model.groups[0], {batch, mode, {}, {}}, true);
  }
};

// Random modes, batches 1 to 16. `noise`: standard deviation of the logarithm.
std::vector<ProfileRow> profiles(const Truth& truth, const std::string& workload, std::size_t count,
                                 double noise, std::uint64_t seed) {
  sim::RandomStream random(seed, "profiles");
  const ModeSpace& space = orin().mode_spaces.front();
  std::vector<ProfileRow> rows(count);
  for (std::size_t i = 0; i < count; ++i) {
    ProfileRow& row = rows[i];
    row.device = orin().name;
    row.workload = workload;
    row.batch = 1 + static_cast<std::int64_t>(random.below(16));
    row.mode = space.at(random.below(space.size()));
    const CostPrediction cost = truth.at(workload, row.batch, row.mode);
    row.time_ms = 1e3 * cost.time_s.value * std::exp(noise * random.normal());
    row.power_w = cost.power_w.value * std::exp(noise * random.normal());
    row.power_kind = PowerKind::module_rails;
    row.line = i + 2;
  }
  return rows;
}

Calibration calibrated(const std::vector<ProfileRow>& rows, const CalibrationOptions& options = {}) {
  auto calibration = calibrate(orin(), "", rows, "p.csv", options);
  INFO((calibration ? "" : calibration.error().message));
  REQUIRE(calibration.ok());
  return *std::move(calibration);
}

// Mean |predicted / measured - 1| of time and power.
std::pair<double, double> errors(const CalibratedModel& model, const std::vector<ProfileRow>& rows) {
  double time = 0;
  double power = 0;
  for (const ProfileRow& row : rows) {
    const GroupModel* group = model.find(row.workload, row.role);
    REQUIRE(group);
    const CostPrediction cost = predict(model, *group, {row.batch, row.mode, {}, {}});
    time += std::abs(cost.time_s.value / (*row.time_ms * 1e-3) - 1);
    power += std::abs(cost.power_w.value / *row.power_w - 1);
  }
  const auto count = static_cast<double>(rows.size());
  return {time / count, power / count};
}

TEST_CASE("With noise of 2 % the held-out error is that noise, and the bands are honest") {
  const Truth truth({"resnet50"});
  const auto rows = profiles(truth, "resnet50", 150, 0.02, 1);
  const Calibration calibration = calibrated(rows);
  const GroupModel& group = calibration.model.groups.at(0);
  for (const ErrorSummary& error : {group.time.held_out, group.power.held_out}) {
    CHECK(error.points == 150);
    // Mean of |N(0, 0.02)| is 0.02 sqrt(2/pi) = 0.0160, with a deviation of 0.0010 over 150 points; a
    // model of 15 parameters out of 120 points adds a twentieth.
    CHECK(error.mean_absolute > 0.0130);
    CHECK(error.mean_absolute < 0.0210);
    CHECK(error.median_absolute < error.mean_absolute);
    CHECK(std::abs(error.bias) < 0.006);  // its deviation is 0.02 / sqrt(150) = 0.0016
    CHECK(std::abs(error.worst) > 0.035);
    CHECK(std::abs(error.worst) < 0.10);
    CHECK(error.within_one_sigma > 0.5);
    CHECK(error.within_one_sigma < 0.85);
  }
  // The truth itself is met better than any measurement of it.
  const auto [time, power] = errors(calibration.model, profiles(truth, "resnet50", 100, 0, 2));
  CHECK(time < 0.012);
  CHECK(power < 0.012);
}

TEST_CASE("The stated error is what fresh profiles show") {
  const Truth truth({"resnet50", "lstm"});
  auto rows = profiles(truth, "resnet50", 60, 0.03, 3);
  for (ProfileRow& row : profiles(truth, "lstm", 60, 0.03, 4)) rows.push_back(std::move(row));
  const CalibratedModel model = calibrated(rows).model;
  for (const char* workload : {"resnet50", "lstm"}) {
    const auto [time, power] = errors(model, profiles(truth, workload, 200, 0.03, 5));
    // Means over 60 points are uncertain by 0.03 x 0.6 / sqrt(60) = 0.0023.
    const GroupModel* group = model.find(workload, Role::infer);
    CHECK(group->time.held_out.mean_absolute == Approx(time).margin(0.008));
    CHECK(group->power.held_out.mean_absolute == Approx(power).margin(0.008));
  }
}

TEST_CASE("What the law cannot know, the residual process learns: odd batches that take a tenth longer") {
  const Truth truth({"resnet50"});
  auto rows = profiles(truth, "resnet50", 120, 0.01, 6);
  for (ProfileRow& row : rows)
    if (row.batch % 2 == 1) *row.time_ms *= 1.1;
  const ErrorSummary hybrid = calibrated(rows).model.groups[0].time.held_out;
  CHECK(hybrid.mean_absolute < 0.6 * hybrid.law_alone);
  CHECK(hybrid.mean_absolute < 0.02);
  CalibrationOptions law_only;
  law_only.hybrid = false;
  const GroupLaw law = calibrated(rows, law_only).model.groups[0].time;
  CHECK(law.residual.empty());
  CHECK(law.held_out.mean_absolute == Approx(law.held_out.law_alone));
  CHECK(hybrid.mean_absolute < 0.6 * law.held_out.mean_absolute);
}

TEST_CASE("The band of the law alone is as wide as the law is off, though a process follows the profiles") {
  const Truth truth({"resnet50"});
  // Odd batches take a quarter longer and draw a quarter more, so no law is nearer than about 11 % to both.
  const auto odd_ones = [](std::vector<ProfileRow> rows) {
    for (ProfileRow& row : rows) {
      if (row.batch % 2 == 0) continue;
      *row.time_ms *= 1.25;
      *row.power_w *= 1.25;
    }
    return rows;
  };
  CalibrationOptions options;
  options.held_out = false;
  const CalibratedModel model =
      calibrated(odd_ones(profiles(truth, "resnet50", 120, 0.01, 6)), options).model;
  const GroupModel& group = model.groups[0];
  REQUIRE_FALSE(group.time.residual.empty());
  CHECK(group.time.residual.noise() < 0.03);
  ErrorSum time;
  ErrorSum power;
  for (const ProfileRow& row : odd_ones(profiles(truth, "resnet50", 200, 0.01, 7))) {
    const CostPrediction law = predict(model, group, {row.batch, row.mode, {}, {}}, true);
    CHECK(law.time_s.sigma < 0.25);
    time.add(*row.time_ms * 1e-3, law.time_s);
    power.add(*row.power_w, law.power_w);
  }
  CHECK(time.summary().within_one_sigma > 0.5);
  CHECK(power.summary().within_one_sigma > 0.5);
}

TEST_CASE("One profile in twenty that is ten times off moves the hybrid model by little") {
  const Truth truth({"resnet50"});
  CalibrationOptions options;
  options.held_out = false;
  auto rows = profiles(truth, "resnet50", 200, 0.02, 15);
  for (ProfileRow& row : rows)
    if (row.batch % 2 == 1) *row.time_ms *= 1.05;
  auto fresh = profiles(truth, "resnet50", 100, 0, 16);
  for (ProfileRow& row : fresh)
    if (row.batch % 2 == 1) *row.time_ms *= 1.05;
  const double clean = errors(calibrated(rows, options).model, fresh).first;
  for (std::size_t i = 0; i < rows.size(); i += 20) *rows[i].time_ms *= 10;
  const double dirty = errors(calibrated(rows, options).model, fresh).first;
  CAPTURE(clean, dirty);
  CHECK(clean < 0.01);
  CHECK(dirty < 0.02);
}

TEST_CASE("What one workload told of a board helps to calibrate another from five profiles") {
  const Truth truth({"resnet50", "bert_large"});
  CalibrationOptions options;
  options.held_out = false;
  const CalibratedModel base = calibrated(profiles(truth, "resnet50", 100, 0.02, 7), options).model;
  CalibrationOptions transfer = options;
  transfer.base = &base;
  const auto fresh = profiles(truth, "bert_large", 100, 0, 8);
  double alone = 0, alone_w = 0, helped = 0, helped_w = 0;
  constexpr int sets = 6;
  for (int set = 0; set < sets; ++set) {
    const auto five = profiles(truth, "bert_large", 5, 0.02, static_cast<std::uint64_t>(50 + set));
    const auto [time, power] = errors(calibrated(five, options).model, fresh);
    const auto [time_helped, power_helped] = errors(calibrated(five, transfer).model, fresh);
    alone += time / sets;
    alone_w += power / sets;
    helped += time_helped / sets;
    helped_w += power_helped / sets;
  }
  CAPTURE(alone, helped, alone_w, helped_w);
  CHECK(helped < alone);
  CHECK(helped_w < alone_w);
}

TEST_CASE("What a base model knows of one network is taken relative to what the spec knows of each") {
  // The spec's ResNet-50 computes three times as efficiently as its BERT; both are off by the same factors.
  const Truth truth({"resnet50", "lstm", "bert_large"});
  CalibrationOptions options;
  options.held_out = false;
  auto rows = profiles(truth, "resnet50", 60, 0.02, 7);
  if (GENERATE(false, true))
    for (ProfileRow& row : profiles(truth, "lstm", 60, 0.02, 8)) rows.push_back(std::move(row));
  const CalibratedModel base = calibrated(rows, options).model;
  const auto fresh = profiles(truth, "bert_large", 100, 0, 8);
  const Group bert = *known_group(orin(), "bert_large", Role::infer, false);
  const auto alone = errors(*prior_model(orin(), bert, options), fresh);
  options.base = &base;
  const auto helped = errors(*prior_model(orin(), bert, options), fresh);
  CHECK(helped.first < 0.4 * alone.first);
  CHECK(helped.second < 0.4 * alone.second);
}

TEST_CASE("A base model of a network whose work is fitted serves it, whichever profiles come next") {
  const Truth truth({"resnet50"});
  const auto as_my_net = [](std::vector<ProfileRow> rows) {
    for (ProfileRow& row : rows) row.workload = "my_net";
    return rows;
  };
  CalibrationOptions options;
  options.held_out = false;
  options.fit_any_work = true;
  const CalibratedModel base =
      calibrated(as_my_net(profiles(truth, "resnet50", 100, 0.01, 7)), options).model;
  const auto fresh = as_my_net(profiles(truth, "resnet50", 100, 0, 8));
  // Slow modes only: another median profile, so another nominal work, were it chosen anew.
  std::vector<ProfileRow> slow;
  for (const ProfileRow& row : as_my_net(profiles(truth, "resnet50", 60, 0.01, 9)))
    if (row.mode.gpu_khz < 400'000 && slow.size() < 5) slow.push_back(row);
  const double alone = errors(calibrated(slow, options).model, fresh).first;
  options.base = &base;
  CHECK(errors(calibrated(slow, options).model, fresh).first < 0.5 * alone);
}

TEST_CASE("A base model serves the same workload best") {
  const Truth truth({"resnet50"});
  CalibrationOptions options;
  options.held_out = false;
  const CalibratedModel base = calibrated(profiles(truth, "resnet50", 100, 0.02, 7), options).model;
  const auto fresh = profiles(truth, "resnet50", 100, 0, 8);
  const auto three = profiles(truth, "resnet50", 3, 0.02, 9);
  const auto alone = errors(calibrated(three, options).model, fresh);
  options.base = &base;
  const auto helped = errors(calibrated(three, options).model, fresh);
  CHECK(helped.first < 0.5 * alone.first);
  CHECK(helped.second < alone.second);
}

TEST_CASE("A wall meter's gain and offset are found, and the model still predicts the rails") {
  const Truth truth({"resnet50"});
  auto rows = profiles(truth, "resnet50", 120, 0.005, 10);
  for (std::size_t i = 0; i < rows.size(); i += 3) {
    rows[i].power_kind = PowerKind::wall;
    rows[i].power_w = 1.1 * *rows[i].power_w + 3;
  }
  CalibrationOptions options;
  options.held_out = false;
  options.fit_power_offset = true;
  const CalibratedModel model = calibrated(rows, options).model;
  CHECK(model.power_kind == PowerKind::module_rails);
  REQUIRE(model.meters.count(PowerKind::wall) == 1);
  const auto& meter = model.meters.at(PowerKind::wall).estimates;
  CHECK(meter[meter_gain].value == Approx(1.1).epsilon(0.03));
  CHECK(meter[meter_offset_w].value == Approx(3).epsilon(0.25));
  CHECK(errors(model, profiles(truth, "resnet50", 50, 0, 11)).second < 0.01);
}

TEST_CASE("One profile gives a model that follows it, with an error that nobody could check") {
  const Truth truth({"resnet50"});
  const auto rows = profiles(truth, "resnet50", 1, 0, 12);
  const Calibration calibration = calibrated(rows);
  const GroupModel& group = calibration.model.groups.at(0);
  CHECK(group.time.held_out.points == 0);
  CHECK(group.time.residual.empty());
  const auto [time, power] = errors(calibration.model, rows);
  CHECK(time < 0.05);
  CHECK(power < 0.05);
  CHECK(calibration.report.time_fit == Termination::converged);
}

TEST_CASE("A calibration repeated is the same to the bit") {
  const Truth truth({"resnet50", "lstm"});
  auto rows = profiles(truth, "resnet50", 20, 0.02, 13);
  for (ProfileRow& row : profiles(truth, "lstm", 20, 0.02, 14)) rows.push_back(std::move(row));
  const CalibratedModel one = calibrated(rows).model;
  const CalibratedModel two = calibrated(rows).model;
  for (std::size_t g = 0; g < 2; ++g) {
    for (const ProfileRow& row : rows) {
      const Point point{row.batch, row.mode, {}, {}};
      const CostPrediction a = predict(one, one.groups[g], point);
      const CostPrediction b = predict(two, two.groups[g], point);
      CHECK(a.time_s.value == b.time_s.value);
      CHECK(a.time_s.sigma == b.time_s.sigma);
      CHECK(a.power_w.value == b.power_w.value);
      CHECK(a.power_w.sigma == b.power_w.sigma);
      // With and without bands: the same but for rounding.
      const CostPrediction values = predict_values(one, one.groups[g], point);
      CHECK(values.time_s.value == Approx(a.time_s.value).epsilon(1e-12));
      CHECK(values.power_w.value == Approx(a.power_w.value).epsilon(1e-12));
    }
    CHECK(one.groups[g].time.held_out.mean_absolute == two.groups[g].time.held_out.mean_absolute);
  }
}

TEST_CASE("Calibrated on the networks measured on AGX Orin, the law is nearer to them than it was before") {
  const std::string path = WATTLINE_DATA_DIR "/orin-agx-dnn/maxn_inference.csv";
  if (!std::filesystem::exists(path)) {
    WARN("skipped: " << path << " is not there");
    return;
  }
  const std::map<std::string, std::string> names = {{"mobnet", "mobilenet_v3_large"},
                                                    {"bert-large", "bert_large"}};
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  REQUIRE(line.rfind("model,cores,cpu_khz,gpu_hz,emc_hz,batch,time_ms,power_w,", 0) == 0);
  std::vector<ProfileRow> rows;
  while (std::getline(file, line)) {
    const auto fields = split(line, ',');
    const auto number = [&](std::size_t i) { return parse_double(fields[i]).value(); };
    const auto khz = [&](std::size_t i) { return static_cast<std::int32_t>(number(i) / 1000); };
    ProfileRow row;
    row.device = orin().name;
    const auto known = names.find(std::string(fields[0]));
    row.workload = known == names.end() ? std::string(fields[0]) : known->second;
    row.batch = static_cast<std::int64_t>(number(5));
    row.mode = {static_cast<std::int32_t>(number(1)), static_cast<std::int32_t>(number(2)), khz(3), khz(4),
                0};
    row.time_ms = number(6);
    row.power_w = number(7);
    row.power_kind = PowerKind::module_rails;
    row.line = rows.size() + 2;
    rows.push_back(row);
  }
  REQUIRE(rows.size() == 15);
  CalibrationOptions law_only;
  law_only.hybrid = false;
  CalibratedModel before;
  for (const ProfileRow& row : rows) {
    if (!before.groups.empty() && before.find(row.workload, row.role)) continue;
    CalibratedModel one = *prior_model(orin(), *known_group(orin(), row.workload, row.role, false), law_only);
    if (before.groups.empty())
      before = one;
    else
      before.groups.push_back(one.groups[0]);
  }
  const auto uncalibrated = errors(before, rows);
  const CalibratedModel model = calibrated(rows, law_only).model;
  const auto fitted = errors(model, rows);
  CAPTURE(uncalibrated.first, uncalibrated.second);
  CHECK(fitted.first < 0.05);
  CHECK(fitted.second < 0.05);
  // Three batches a network, one held out: further from it than from what it saw, nearer than uncalibrated.
  double held_out = 0;
  double held_out_w = 0;
  for (const GroupModel& group : model.groups) {
    CHECK(group.time.held_out.points == 3);
    held_out += group.time.held_out.mean_absolute / 5;
    held_out_w += group.power.held_out.mean_absolute / 5;
  }
  CHECK(held_out > fitted.first);
  CHECK(held_out < uncalibrated.first);
  CHECK(held_out_w > fitted.second);
}

TEST_CASE("The band widens outside the profiles, even where nothing but the batch is new") {
  const Truth truth({"resnet50"});
  CalibrationOptions options;
  options.held_out = false;
  const CalibratedModel model = calibrated(profiles(truth, "resnet50", 60, 0.02, 7), options).model;
  const PowerMode mode = orin().mode_spaces.front().at(9000);
  const auto sigma = [&](std::int64_t batch) {
    return predict(model, model.groups[0], {batch, mode, {}, {}}, true).time_s.sigma;
  };
  // Profiled from 1 to 16; 4 % for each factor of e beyond.
  CHECK(sigma(1 << 20) > 0.04 * std::log(65536.0));
  CHECK(sigma(16) < 0.05);
}

}  // namespace
}  // namespace wattline::devices::calibration
