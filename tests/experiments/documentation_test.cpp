// Runs the commands in the documentation and compares what they print.
//
// Every ```console block of README.md, docs/ and experiments/ holds commands ("$ ...") and their output on
// stdout. A line "..." stands for any number of lines. Commands run in an empty folder where experiments/ is
// the project's and `wattline` is on the path.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/catch.hpp"

namespace fs = std::filesystem;

namespace {

struct Command {
  std::string where;  // "page.md:12"
  std::string line;
  std::vector<std::string> expected;
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string content(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<Command> commands_of(const fs::path& page) {
  std::vector<Command> commands;
  bool inside = false;
  int number = 0;
  for (const std::string& line : lines_of(content(page))) {
    ++number;
    if (line.starts_with("```")) {
      inside = !inside && line == "```console";
    } else if (inside && line.starts_with("$ ")) {
      commands.push_back({fmt::format("{}:{}", page.filename().string(), number), line.substr(2), {}});
    } else if (inside && !commands.empty()) {
      commands.back().expected.push_back(line);
    }
  }
  return commands;
}

// Whether `lines` from `at` match `pattern` from `from`, where "..." matches any run of lines.
bool matches(const std::vector<std::string>& pattern, std::size_t from, const std::vector<std::string>& lines,
             std::size_t at) {
  if (from == pattern.size()) return at == lines.size();
  if (pattern[from] != "...") {
    return at < lines.size() && lines[at] == pattern[from] && matches(pattern, from + 1, lines, at + 1);
  }
  for (std::size_t skip = at; skip <= lines.size(); ++skip) {
    if (matches(pattern, from + 1, lines, skip)) return true;
  }
  return false;
}

std::string run(const std::string& command, const fs::path& folder) {
  const std::string line = fmt::format("cd '{}' && PATH='{}':$PATH && {} 2>/dev/null", folder.string(),
                                       fs::path(WATTLINE_BINARY).parent_path().string(), command);
  FILE* pipe = ::popen(line.c_str(), "r");
  std::string output;
  char block[4096];
  while (const std::size_t count = std::fread(block, 1, sizeof block, pipe)) output.append(block, count);
  ::pclose(pipe);
  return output;
}

std::vector<fs::path> pages() {
  std::vector<fs::path> all = {fs::path(WATTLINE_SOURCE_DIR) / "README.md"};
  for (const char* folder : {"docs", "experiments"}) {
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(WATTLINE_SOURCE_DIR) / folder)) {
      if (entry.path().extension() == ".md") all.push_back(entry.path());
    }
  }
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace

TEST_CASE("Every command in the documentation prints what the page says") {
  const fs::path scratch = fs::temp_directory_path() / fmt::format("wattline-documentation-{}", ::getpid());
  fs::create_directories(scratch);
  fs::create_directory_symlink(fs::path(WATTLINE_SOURCE_DIR) / "experiments", scratch / "experiments");
  std::size_t count = 0;
  for (const fs::path& page : pages()) {
    for (const Command& command : commands_of(page)) {
      ++count;
      const auto names = [&](const char* what) { return command.line.find(what) != std::string::npos; };
      const bool needs_logs =
          names("fulcrum/concurrent.json") || names("dynamic/azure_") || names("runs/azure");
      if (needs_logs && !fs::exists(WATTLINE_DATA_DIR)) {
        WARN("skipped, the request logs are not here: " << command.where);
        continue;
      }
      const std::string output = run(command.line, scratch);
      INFO(command.where << ": " << command.line << "\nprints:\n" << output);
      CHECK(matches(command.expected, 0, lines_of(output), 0));
    }
  }
  CHECK(count >= 10);
  fs::remove_all(scratch);
}

TEST_CASE("A page whose output is not what the command prints is noticed") {
  CHECK(matches({"a", "...", "c"}, 0, {"a", "b", "b", "c"}, 0));
  CHECK(matches({"..."}, 0, {}, 0));
  CHECK_FALSE(matches({"a", "...", "c"}, 0, {"a", "b"}, 0));
  CHECK_FALSE(matches({"a"}, 0, {"a", "b"}, 0));
}
