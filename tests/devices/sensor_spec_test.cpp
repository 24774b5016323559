// The power sensors of the built-in boards, and of device files.
#include <algorithm>
#include <numeric>
#include <set>

#include "devices/device_spec.hpp"
#include "devices/sensor/power_sensor.hpp"
#include "tests/catch.hpp"
#include "tests/devices/built_in_board.hpp"

namespace wattline::devices {
namespace {

PowerSensorOptions sensor_of(const DeviceSpec& spec) {
  PowerSensorOptions options;
  REQUIRE(spec.sensor.has_value());
  options.chip = *spec.sensor;
  for (const Rail& rail : spec.power.rails) options.rails.push_back(rail.name);
  options.board = spec.name;
  return options;
}

TEST_CASE("Twelve boards know their sensor, AGX Xavier and TX2, whose shunts are not known, have none") {
  for (const std::string& name : device_names()) {
    INFO(name);
    CHECK(board(name).sensor.has_value() == (name != "agx-xavier" && name != "jetson-tx2"));
  }
}

TEST_CASE("Steps of a board's rails are those that its readings come in") {
  // NVIDIA's forum: multiples of 0.4 W on AGX Orin's GPU and CPU rails. VDD_IN of an Orin Nano: 8 mA at 5 V.
  struct Expected {
    const char* device;
    std::vector<std::pair<std::string, std::int64_t>> step_mw;
  };
  const Expected all[] = {
      {"orin-agx-64gb", {{"VDD_GPU_SOC", 400}, {"VDD_CPU_CV", 400}, {"VIN_SYS_5V0", 100}}},
      {"orin-agx-32gb", {{"VDD_GPU_SOC", 400}, {"VDD_CPU_CV", 400}, {"VIN_SYS_5V0", 100}}},
      {"orin-nx-16gb", {{"VDD_IN", 40}, {"VDD_CPU_GPU_CV", 40}, {"VDD_SOC", 40}}},
      {"orin-nano-8gb-super", {{"VDD_IN", 40}, {"VDD_CPU_GPU_CV", 40}, {"VDD_SOC", 40}}},
      {"xavier-nx", {{"VDD_IN", 40}, {"VDD_CPU_GPU_CV", 40}, {"VDD_SOC", 40}}},
      {"jetson-nano", {{"POM_5V_IN", 40}, {"POM_5V_GPU", 40}, {"POM_5V_CPU", 40}}}};
  for (const Expected& expected : all) {
    INFO(expected.device);
    const PowerSensorOptions options = sensor_of(board(expected.device));
    REQUIRE(options.chip.channels.size() == expected.step_mw.size());
    std::vector<std::int64_t> divisor(expected.step_mw.size(), 0);
    for (std::int64_t uw = 0; uw < 5'000'000; uw += 37'000) {
      const auto sensor = PowerSensor::make(options, {uw, uw, uw}, {});
      REQUIRE(sensor.ok());
      for (std::size_t i = 0; i < divisor.size(); ++i)
        divisor[i] = std::gcd(divisor[i], sensor->read().channel_mw[i]);
    }
    for (std::size_t i = 0; i < divisor.size(); ++i) {
      CHECK(options.chip.channels[i].name == expected.step_mw[i].first);
      CHECK(divisor[i] == expected.step_mw[i].second);
    }
  }
}

TEST_CASE("A board's total holds every rail of its power once") {
  for (const std::string& name : device_names()) {
    INFO(name);
    const DeviceSpec spec = board(name);
    if (!spec.sensor) continue;
    std::vector<std::string> rails, in_total;
    for (const Rail& rail : spec.power.rails) rails.push_back(rail.name);
    for (const SensorChannel& channel : spec.sensor->channels)
      if (channel.in_total) in_total.insert(in_total.end(), channel.rails.begin(), channel.rails.end());
    std::sort(rails.begin(), rails.end());
    std::sort(in_total.begin(), in_total.end());
    CHECK(in_total == rails);
  }
}

TEST_CASE("512 samples of the shortest conversions are scans of 0.84 ms, a lag of 0.43 s") {
  const PowerSensorOptions options = sensor_of(board("orin-nano-8gb"));
  const auto sensor = PowerSensor::make(options, {}, {});
  REQUIRE(sensor.ok());
  CHECK(sensor->scan_ns() == 840'000);
  CHECK(options.chip.samples == 512);
}

TEST_CASE("Every figure of a sensor says where it comes from") {
  const DeviceSpec spec = board("orin-nx-16gb");
  std::set<std::string> fields;
  for (const Provenance& from : spec.provenance)
    if (from.field.starts_with("sensor.")) fields.insert(from.field);
  CHECK(fields.size() == 3 + 3 * 3);
  CHECK(fields.contains("sensor.samples"));
  CHECK(fields.contains("sensor.channels.VDD_IN.shunt_mohm"));
}

// The message for the sensor of Orin Nano 8GB with `part` of its text replaced.
std::string fault_with(const std::string& part, const std::string& replacement) {
  std::string text = board("orin-nano-8gb").text;
  const auto place = text.find(part, text.find("\"sensor\""));
  REQUIRE(place != std::string::npos);
  text.replace(place, part.size(), replacement);
  const auto spec = parse_device_spec(text, "nano.json");
  return spec ? "none" : spec.error().message;
}

TEST_CASE("A sensor in a device file is checked, and the message names the field") {
  const auto expect = [](const std::string& message, const std::string& part) {
    CAPTURE(message, part);
    CHECK(message.find(part) != std::string::npos);
  };
  expect(fault_with("\"value\": 512", "\"value\": 500"), "nano.json: sensor: samples: 500 is not accepted");
  expect(fault_with("\"value\": 512", "\"value\": 0"),
         "nano.json: sensor: samples: value: 0 is not accepted");
  expect(fault_with("\"value\": 140", "\"value\": 139"), "sensor: conversion_us: ");
  expect(fault_with("\"shunt_mohm\": 5", "\"shunt_mohm\": 0"), "shunt_mohm: 0 is not accepted");
  expect(fault_with("\"shunt_mohm\"", "\"shunt_mom\""), "shunt_mohm");
  expect(fault_with("\"bus_v\": {\"value\": 5", "\"bus_v\": {\"value\": 30"),
         "bus_v: value: 30 is not accepted");
  expect(
      fault_with("\"VDD_IN_rest\"]", "\"VDD_IN\"]"),
      "nano.json: sensor: channel 'VDD_IN': the power has no rail 'VDD_IN'; it has VDD_CPU_GPU_CV, VDD_SOC, "
      "VDD_IN_rest");
  expect(fault_with("\"VDD_IN_rest\"]", "5]"), "5 is no name");
  expect(fault_with("\"value\": true", "\"value\": false"), "sensor: no channel is in_total");
  expect(fault_with("\"value\": true", "\"value\": 1"), "true or false is expected");
  expect(fault_with("\"name\": \"VDD_SOC\"", "\"name\": \"VDD_IN\""), "'VDD_IN' appears twice");
}

}  // namespace
}  // namespace wattline::devices
