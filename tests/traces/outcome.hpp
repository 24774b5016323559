// What the tests of the readers share: the value of a result that must be good, the message of one that
// must not, and measured data, which may be absent.
#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <utility>

#include "sim/base/result.hpp"
#include "tests/catch.hpp"
#include "traces/import/options.hpp"

namespace wattline::traces {

template <class T>
T accepted(Result<T> result) {
  INFO((result ? "" : result.error().message));
  REQUIRE(result.ok());
  return *std::move(result);
}

template <class T>
std::string error_of(const Result<T>& result) {
  return result ? "(accepted)" : result.error().message;
}

inline bool mentions(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Options with another time than the format's default.
inline ImportOptions with_time(std::string time) {
  ImportOptions options;
  options.time = std::move(time);
  return options;
}

// The path of a file of measured data; empty, with a warning, where it is not there.
inline std::string measured_data(const std::string& file) {
  const std::string path = fmt::format("{}/{}", WATTLINE_DATA_DIR, file);
  if (std::filesystem::exists(path)) return path;
  WARN("skipped: " << path << " is not there");
  return {};
}

}  // namespace wattline::traces
