#include "experiments/destination.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>

namespace wattline::experiments {

namespace fs = std::filesystem;

namespace {

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

// Whether a link in the folder stands for an open file of some process. Its text is no path then: it may
// be that of a file that was removed, or none.
bool holds_descriptors(const fs::path& folder) {
  return folder.filename() == "fd" && folder.string().starts_with("/proc/");
}

// The number of the descriptor, where the folder is this process's own or one of its threads'.
int own_descriptor(const fs::path& folder, const std::string& name) {
  std::error_code error;
  const std::string own = fs::canonical("/proc/self", error).string() + "/";
  if (error || !folder.string().starts_with(own)) return -1;
  int number = -1;
  const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), number);
  return failed == std::errc{} && end == name.data() + name.size() ? number : -1;
}

Destination::Kind kind_of(const fs::path& path) {
  struct ::stat status {};
  const bool special =
      ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
  return special ? Destination::Kind::stream : Destination::Kind::file;
}

}  // namespace

Result<Destination> destination_of(const std::string& target) {
  using Kind = Destination::Kind;
  constexpr int most_links = 40;  // as many as the kernel follows
  fs::path path = target;
  for (int i = 0; i <= most_links; ++i) {
    std::error_code error;
    const fs::path folder = fs::canonical(folder_of(path), error);
    if (!error && holds_descriptors(folder)) {
      const int descriptor = own_descriptor(folder, path.filename().string());
      return Destination{descriptor < 0 ? Kind::stream : Kind::descriptor, path, descriptor};
    }
    if (!fs::is_symlink(path, error)) return Destination{kind_of(path), path};
    const fs::path next = fs::read_symlink(path, error);
    if (error) return bad_input(fmt::format("{}: cannot be followed: {}", target, error.message()));
    path = folder_of(path) / next;
  }
  return bad_input(fmt::format("{}: its links go round in a circle", target));
}

}  // namespace wattline::experiments
