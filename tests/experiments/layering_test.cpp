// The floors of the house: who may include whom.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>

#include "tests/catch.hpp"

namespace wattline {
namespace {

namespace fs = std::filesystem;

using Rules = std::map<std::string, std::set<std::string>>;

// Each floor and the floors that it may use besides itself.
const Rules rules = {
    {"sim", {}},
    {"workloads", {"sim"}},
    {"devices", {"sim", "workloads"}},
    {"traces", {"sim", "workloads", "devices"}},
    {"policies", {"sim", "workloads", "devices"}},
    {"experiments", {"sim", "workloads", "devices", "traces", "policies"}},
};

struct Scan {
  std::map<std::string, int> files;     // by floor
  std::map<std::string, int> includes;  // of the house, by floor
  std::vector<std::string> violations;
};

std::string floor_of(const std::string& path) {
  return path.substr(0, path.find('/'));
}

void scan_file(const fs::path& file, const std::string& floor, Scan& scan) {
  // Angle brackets count too: the house is on the include path.
  static const std::regex include(R"re(^\s*#\s*include\s*["<]([^">]+)[">])re");
  std::ifstream in(file);
  std::string line;
  std::smatch match;
  ++scan.files[floor];
  while (std::getline(in, line)) {
    if (!std::regex_search(line, match, include)) continue;
    const std::string target = floor_of(match[1]);
    const bool upwards = target == ".." || target == ".";
    if (!upwards && rules.count(target) == 0 && target != "tests") continue;
    ++scan.includes[floor];
    if (upwards || (target != floor && rules.at(floor).count(target) == 0))
      scan.violations.push_back(file.filename().string() + ": " + match[1].str());
  }
}

Scan scan_house(const fs::path& root) {
  Scan scan;
  for (const auto& [floor, allowed] : rules) {
    if (!fs::exists(root / floor)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / floor)) {
      const std::string extension = entry.path().extension().string();
      if (extension == ".cpp" || extension == ".hpp" || extension == ".h" || extension == ".inl")
        scan_file(entry.path(), floor, scan);
    }
  }
  return scan;
}

TEST_CASE("No floor includes one that it may not use") {
  const Scan scan = scan_house(WATTLINE_SOURCE_DIR);
  for (const std::string& violation : scan.violations) {
    CAPTURE(violation);
    CHECK(false);
  }
  for (const auto& [floor, allowed] : rules) {
    CAPTURE(floor);
    CHECK(scan.files.count(floor) == 1);
    CHECK(scan.files.at(floor) >= 7);
    CHECK(scan.includes.at(floor) >= 10);  // the scanner does see what there is
  }
  int files = 0;
  for (const auto& [floor, count] : scan.files) files += count;
  CHECK(files >= 110);
}

TEST_CASE("A planted violation is found, whatever way it is written") {
  const fs::path root = fs::temp_directory_path() / ("wattline_layers." + std::to_string(::getpid()));
  const auto plant = [&](const std::string& path, const std::string& text) {
    fs::create_directories((root / path).parent_path());
    std::ofstream(root / path) << text;
  };
  plant("sim/clean.hpp", "#include \"sim/base/result.hpp\"\n#include <vector>\n#include <fmt/format.h>\n");
  plant("sim/base/bad_sim.hpp", "#pragma once\n#include \"devices/roofline.hpp\"\n");
  plant("workloads/bad_workloads.cpp", "  #  include <devices/device_spec.hpp>\n");
  plant("devices/bad_devices.cpp", "#include \"policies/policy.hpp\"\n#include \"workloads/dnn.hpp\"\n");
  plant("traces/bad_traces.cpp", "#include \"../policies/policy.hpp\"\n");
  plant("traces/import/also_bad.hpp", "#include \"experiments/board.hpp\"  // just this once\n");
  plant("policies/bad_policies.cpp", "#include \"traces/csv.hpp\"\n");
  plant("experiments/bad_experiments.cpp", "#include \"tests/catch.hpp\"\n#include \"traces/csv.hpp\"\n");
  plant("experiments/notes.md", "#include \"nothing/here.hpp\"\n");
  const Scan scan = scan_house(root);
  fs::remove_all(root);
  CHECK(std::set<std::string>(scan.violations.begin(), scan.violations.end()) ==
        std::set<std::string>{"bad_sim.hpp: devices/roofline.hpp",
                              "bad_workloads.cpp: devices/device_spec.hpp",
                              "bad_devices.cpp: policies/policy.hpp",
                              "bad_traces.cpp: ../policies/policy.hpp", "also_bad.hpp: experiments/board.hpp",
                              "bad_policies.cpp: traces/csv.hpp", "bad_experiments.cpp: tests/catch.hpp"});
  CHECK(scan.files.at("sim") == 2);
}

}  // namespace
}  // namespace wattline
