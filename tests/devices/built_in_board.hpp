// The built-in boards as tests take them: one that is not there fails the test.
#pragma once

#include <string>
#include <utility>

#include "devices/device_spec.hpp"
#include "tests/catch.hpp"

namespace wattline::devices {

inline DeviceSpec board(const std::string& name) {
  auto spec = find_device(name);
  INFO((spec ? "" : spec.error().message));
  REQUIRE(spec.ok());
  return *std::move(spec);
}

}  // namespace wattline::devices
