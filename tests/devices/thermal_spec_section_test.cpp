// The section "thermal" of a device spec: what it reads as, and what is refused.
#include <algorithm>

#include "devices/device_spec.hpp"
#include "sim/base/strict_json.hpp"
#include "tests/catch.hpp"

namespace wattline::devices {
namespace {

const char* const section = R"({"confidence": "estimated", "source": "guess",
  "die_k_per_w": 0.3, "die_time_constant_s": 2, "sink_k_per_w": 8, "sink_heat_capacity_j_per_k": 190,
  "air_rise_k": 11,
  "fan": {"sink_k_per_w": 1.2, "poll_ms": 2000, "profiles": {"list": [
    {"name": "quiet", "temperature_c": [35, 74], "hysteresis_k": [0, 5], "pwm": [0, 1]}]}},
  "software_throttle": {"trip_c": 99, "hysteresis_k": 0, "levels": 21, "poll_ms": 1000},
  "hardware_throttle": {"start_c": 103, "stop_c": 101, "depth": 0.5},
  "over_current": {"limit_w": 25, "depth": 0.75, "pulse_ms": 1},
  "shutdown_c": 104.5})";

// A board with another section on heat; without one where it is null.
Result<DeviceSpec> board_with(const Json& thermal) {
  Json spec = Json::parse(find_device("jetson-nano")->text, nullptr, true, true);
  spec.erase("thermal");
  if (!thermal.is_null()) spec["thermal"] = thermal;
  return parse_device_spec(spec.dump(), "toy.json");
}

// The error when the value at `place` is another one; where that is null, when it is missing.
std::string refusal(const std::string& place, const Json& value) {
  Json thermal = Json::parse(section);
  const Json::json_pointer pointer(place);
  if (value.is_null()) {
    thermal[pointer.parent_pointer()].erase(pointer.back());
  } else {
    thermal[pointer] = value;
  }
  const auto spec = board_with(thermal);
  return spec ? "none" : spec.error().message;
}

void expect_mention(const std::string& text, const std::string& part) {
  CAPTURE(text, part);
  CHECK(text.find(part) != std::string::npos);
}

TEST_CASE("A board without a section on heat has no thermal model") {
  const auto spec = board_with(nullptr);
  REQUIRE(spec.ok());
  CHECK_FALSE(spec->thermal.has_value());
}

TEST_CASE("A section on heat reads as it is written, with its provenance") {
  const auto spec = board_with(Json::parse(section));
  INFO((spec ? "" : spec.error().message));
  REQUIRE(spec.ok());
  const ThermalParameters& thermal = spec->thermal.value();
  CHECK(thermal.heat.die_time_constant_s == 2);
  CHECK(thermal.heat.sink_heat_capacity_j_per_k == 190);
  CHECK(thermal.heat.air_rise_k == 11);
  CHECK(thermal.fan->sink_k_per_w == 1.2);
  CHECK(thermal.fan->profiles.front().name == "quiet");
  CHECK(thermal.fan->profiles.front().rows[1].temperature_c == 74);
  CHECK(thermal.fan->profiles.front().rows[1].hysteresis_k == 5);
  CHECK(thermal.fan->profiles.front().rows[1].pwm == 1);
  CHECK(thermal.software.levels == 21);
  CHECK(thermal.hardware->stop_c == 101);
  CHECK(thermal.over_current->depth == 0.75);
  CHECK(thermal.shutdown_c == 104.5);
  const auto shutdown =
      std::find_if(spec->provenance.begin(), spec->provenance.end(),
                   [](const Provenance& each) { return each.field == "thermal.shutdown_c"; });
  REQUIRE(shutdown != spec->provenance.end());
  CHECK(shutdown->source == "guess");
}

TEST_CASE("Fan, hardware throttle and over-current limit may be missing") {
  Json thermal = Json::parse(section);
  for (const char* part : {"fan", "hardware_throttle", "over_current"}) thermal.erase(part);
  const auto spec = board_with(thermal);
  REQUIRE(spec.ok());
  CHECK_FALSE(spec->thermal->fan.has_value());
  CHECK_FALSE(spec->thermal->hardware.has_value());
  CHECK_FALSE(spec->thermal->over_current.has_value());
}

TEST_CASE("A section on heat that cannot be is refused by field, value and what is accepted") {
  expect_mention(refusal("/die_k_per_w", -0.3),
                 "toy.json: thermal: die_k_per_w: -0.3 is not accepted; a number above 0 and at most 100");
  expect_mention(refusal("/die_time_constant_s", 0), "die_time_constant_s: 0 is not accepted");
  expect_mention(refusal("/sink_k_per_w", "NaN"), "sink_k_per_w: \"NaN\" is not accepted");
  expect_mention(refusal("/software_throttle/trip_c", 105),
                 "thermal: software_throttle.trip_c: 105 is not accepted; less than shutdown_c 104.5");
  expect_mention(refusal("/fan/profiles/list/0/temperature_c", {74, 35}),
                 "fan.profiles.quiet.temperature_c: 35 follows 74; strictly ascending");
  expect_mention(refusal("/fan/profiles/list/0/pwm", {0, 255}), "pwm: 255 is not accepted");
  expect_mention(refusal("/fan/profiles/list/0/pwm", Json::array({0})),
                 "2 temperatures, 2 hystereses and 1 PWM shares; as many of each are expected");
  expect_mention(refusal("/shutdown_c", nullptr), "thermal: shutdown_c: missing");
  expect_mention(refusal("/software_throttle", nullptr), "thermal: software_throttle: missing");
  expect_mention(refusal("/fan/poll_msec", 1), "did you mean 'poll_ms'?");
  expect_mention(refusal("/source", nullptr), "thermal: source: missing");
}

}  // namespace
}  // namespace wattline::devices
