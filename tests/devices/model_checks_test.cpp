// Model files that were edited by hand: what is refused, and where the message points to.
#include "devices/calibration/model_checks.hpp"

#include <functional>

#include "devices/calibration/calibrate.hpp"
#include "devices/calibration/model_file.hpp"
#include "tests/catch.hpp"

namespace wattline::devices::calibration {
namespace {

CalibratedModel small_model() {
  const DeviceSpec spec = *find_device("jetson-nano");
  std::vector<ProfileRow> rows;
  for (const int gpu_khz : {307'200, 614'400, 921'600}) {
    ProfileRow row;
    row.device = spec.name;
    row.workload = "resnet50";
    row.batch = 4;
    row.mode = {4, 1'479'000, gpu_khz, 1'600'000, 0};
    row.time_ms = 1.2e8 / gpu_khz;
    row.power_w = 2 + 4e-6 * gpu_khz;
    row.power_kind = PowerKind::module_rails;
    row.line = rows.size() + 2;
    rows.push_back(row);
  }
  CalibrationOptions options;
  options.held_out = false;
  auto made = calibrate(spec, spec.text, rows, "p.csv", options);
  REQUIRE(made.ok());
  return std::move(made->model);
}

const std::string& good_text() {
  static const std::string text = write_model(small_model(), true);
  return text;
}

// What the reader says of the model after an edit.
std::string refusal(const std::function<void(OrderedJson&)>& edit) {
  OrderedJson json = OrderedJson::parse(good_text());
  edit(json);
  const auto model = parse_model(json.dump(), "m.json");
  if (model) return "(accepted)";
  CHECK(model.error().kind == Error::Kind::bad_input);
  return model.error().message;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("A model file that nobody edited is accepted") {
  CHECK(refusal([](OrderedJson&) {}) == "(accepted)");
}

TEST_CASE("A covariance with a negative variance is refused, with the parameter") {
  const std::string message =
      refusal([](OrderedJson& m) { m["workloads"][0]["time"]["covariance"][0] = -1; });
  CHECK(message == "m.json: workloads[0]: time: covariance: the variance of dram_fraction is below 0: -1");
}

TEST_CASE("A covariance that no quantities can have is refused, with the parameters that clash") {
  const std::string message =
      refusal([](OrderedJson& m) { m["workloads"][0]["power"]["covariance"][1] = 5; });
  CHECK(has(message, "m.json: workloads[0]: power: covariance: this is no covariance: a combination of "));
  CHECK(has(message, "board_w"));
  CHECK(has(message, "memory_w"));
}

TEST_CASE("A covariance is judged to the rounding of five digits") {
  const std::vector<std::string> names = {"a", "b", "c"};
  const std::vector<double> one = {4, 6, 2, 6, 9, 3, 2, 3, 1};  // of one quantity times 2, 3 and 1
  CHECK_FALSE(covariance_fault(one, names));
  std::vector<double> rounded = one;
  for (double& number : rounded) number *= 1 + 5e-5;
  rounded[4] = 9 * (1 - 5e-5);
  CHECK_FALSE(covariance_fault(rounded, names));
  std::vector<double> wrong = one;
  wrong[1] = wrong[3] = 6.1;
  CHECK(covariance_fault(wrong, names).has_value());
  CHECK_FALSE(covariance_fault({0, 0, 0, 0, 1, 0, 0, 0, 1}, names));
  CHECK(covariance_fault({0, 1e-9, 0, 1e-9, 1, 0, 0, 0, 1}, names).has_value());
}

TEST_CASE("The same workload twice in one role is refused, in two roles it is not") {
  CHECK(refusal([](OrderedJson& m) { m["workloads"].push_back(m["workloads"][0]); }) ==
        "m.json: workloads[1]: workload: 'resnet50@pytorch-fp32' in role infer is there already, as "
        "workloads[0]");
  CHECK(refusal([](OrderedJson& m) {
          m["workloads"].push_back(m["workloads"][0]);
          m["workloads"][1]["role"] = "train";
        }) == "(accepted)");
}

TEST_CASE("A parameter outside its bounds is refused where it stands") {
  const std::string message = refusal([](OrderedJson& m) { m["board_time"][0]["value"] = 1e12; });
  CHECK(has(message, "m.json: board_time[0]: value: 1000000000000 is not accepted"));
}

TEST_CASE("A model whose predictions are no numbers is refused, though each of its numbers is one") {
  CHECK(has(refusal([](OrderedJson& m) { m["workloads"][0]["time"]["residual"]["weights"][0] = 1e300; }),
            "m.json: workloads[0]: time: residual: profile 0 would be off the law by a factor of e^"));
  CHECK(has(refusal([](OrderedJson& m) { m["workloads"][0]["time"]["residual"]["features"][0] = 1e300; }),
            "m.json: workloads[0]: time: residual: features: 1e+300 is not accepted"));
  CHECK(has(refusal([](OrderedJson& m) { m["workloads"][0]["power"]["residual"]["noise"] = 1e5; }),
            "m.json: workloads[0]: power: residual: its profiles would be off the law"));
  CHECK(has(refusal([](OrderedJson& m) { m["board_time"][0]["value"] = nullptr; }), "board_time[0]: value"));
}

TEST_CASE("A checked range that ends before it begins is refused") {
  CHECK(has(refusal([](OrderedJson& m) { m["workloads"][0]["checked"]["low"]["gpu_khz"] = 99'999'999; }),
            "m.json: workloads[0]: checked: gpu_khz: the lowest, 99999999, is above the highest, 921600"));
}

TEST_CASE("A model of another version of the format is told from a misspelt schema") {
  CHECK(refusal([](OrderedJson& m) { m["schema"] = "wattline-model/2"; }) ==
        "m.json: schema: 'wattline-model/2' is of another version of Wattline; this one reads "
        "'wattline-model/1'");
  CHECK(has(refusal([](OrderedJson& m) { m["schema"] = "wattline-modle/1"; }),
            "did you mean 'wattline-model/1'?"));
}

TEST_CASE("A residual process that is off its own profiles by orders of magnitude is refused") {
  CHECK(
      has(refusal([](OrderedJson& m) { m["workloads"][0]["time"]["residual"]["weights"][1] = 2147483648.0; }),
          "m.json: workloads[0]: time: residual: profile 0 would be off the law by a factor of e^"));
}

TEST_CASE("A residual process that knows more than the law misses is refused") {
  CHECK(has(refusal([](OrderedJson& m) { m["workloads"][0]["time"]["residual"]["amplitudes"][0] = 1; }),
            "m.json: workloads[0]: time: residual: "));
}

TEST_CASE("A model with a profile that is off by a slip of many digits is written and read") {
  const DeviceSpec spec = *find_device("jetson-nano");
  std::vector<ProfileRow> rows;
  for (int i = 0; i < 12; ++i) {
    ProfileRow row;
    row.device = spec.name;
    row.workload = "resnet50";
    row.batch = 1 + i % 4;
    row.mode = {4, 1'479'000, i % 2 ? 614'400 : 921'600, 1'600'000, 0};
    row.time_ms = i == 5 ? 1e9 : 40.0 * static_cast<double>(row.batch) * 921'600 / row.mode.gpu_khz;
    row.line = rows.size() + 2;
    rows.push_back(row);
  }
  CalibrationOptions options;
  options.held_out = false;
  const auto made = calibrate(spec, spec.text, rows, "p.csv", options);
  REQUIRE(made.ok());
  const auto again = parse_model(write_model(made->model, true), "m.json");
  INFO((again ? "" : again.error().message));
  CHECK(again.ok());
}

TEST_CASE("A variance that is wider than any prior is refused, with the parameter") {
  CHECK(has(refusal([](OrderedJson& m) { m["workloads"][0]["time"]["covariance"][14] = 2147483648.0; }),
            "is above 16, which no prior is as wide as"));
}

TEST_CASE("A meter of the model's own power, or one that is there twice, is refused") {
  const auto with_meters = [](OrderedJson& m, const std::vector<std::string>& kinds) {
    for (const std::string& kind : kinds)
      m["meters"].push_back({{"power_kind", kind}, {"parameters", m["board_power"]}});
  };
  CHECK(has(refusal([&](OrderedJson& m) { with_meters(m, {"module rails"}); }),
            "m.json: meters[0]: power_kind: 'module rails' is there already"));
}

TEST_CASE("A model says for how many SMs it was checked, an older one, which does not, takes any") {
  const CalibratedModel model = *parse_model(good_text(), "m.json");
  const CheckedRange& range = model.groups.front().range;
  CHECK(range.low.active_sms == 1);
  CHECK(range.high.active_sms == 1);
  PowerMode mode{4, 1'479'000, 614'400, 1'600'000, 1};
  CHECK(range.holds({4, mode, {}, {}}));
  mode.active_sms = 2;
  CHECK_FALSE(range.holds({4, mode, {}, {}}));

  OrderedJson json = OrderedJson::parse(good_text());
  for (const char* end : {"low", "high"}) json["workloads"][0]["checked"][end].erase("active_sms");
  const auto older = parse_model(json.dump(), "m.json");
  REQUIRE(older.ok());
  CHECK(older->groups.front().range.holds({4, mode, {}, {}}));
}

}  // namespace
}  // namespace wattline::devices::calibration
