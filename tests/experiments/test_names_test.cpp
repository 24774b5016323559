// The tests' own names.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>

#include "tests/catch.hpp"

namespace wattline {

// CTest takes a name apart at a semicolon, looks for two tests that are not there, and calls that passed.
TEST_CASE("No test has a name with a semicolon, which would never run") {
  namespace fs = std::filesystem;
  static const std::regex name(R"re(TEST_CASE\(\s*("(\\.|[^"\\])*"\s*)+)re");
  int names = 0;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(WATTLINE_SOURCE_DIR) / "tests")) {
    if (!entry.path().string().ends_with("_test.cpp") || entry.path().filename() == "test_names_test.cpp")
      continue;
    std::ifstream in(entry.path());
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    for (auto found = std::sregex_iterator(text.begin(), text.end(), name); found != std::sregex_iterator();
         ++found) {
      ++names;
      CAPTURE(entry.path().filename().string(), found->str());
      CHECK(found->str().find(';') == std::string::npos);
    }
  }
  CHECK(names > 1'000);
}

}  // namespace wattline
