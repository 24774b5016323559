#include "experiments/whole_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string_view>

#include "experiments/destination.hpp"

namespace wattline::experiments {

namespace fs = std::filesystem;

namespace {

Error io_failure(const std::string& path, const char* what) {
  return failure(fmt::format("{}: cannot {}: {}", path, what, std::strerror(errno)));
}

MaybeError write_all(int file, const std::string& name, const std::string& content) {
  std::size_t written = 0;
  while (written < content.size()) {
    const ::ssize_t count = ::write(file, content.data() + written, content.size() - written);
    if (count >= 0)
      written += static_cast<std::size_t>(count);
    else if (errno != EINTR)
      return io_failure(name, "write");
  }
  return {};
}

// The partial file that is being written; what a signal handler may touch.
std::atomic<const char*> partial_file{nullptr};
static_assert(std::atomic<const char*>::is_always_lock_free);

void remove_partial_file(int signal) {
  if (const char* name = partial_file.load()) ::unlink(name);
  ::raise(signal);  // the default is in force again (SA_RESETHAND): it ends the process
}

// As long as it lives, signals that end the process remove the partial file first, and a file that grows
// beyond the size limit is an error of write() instead of a signal. Signals that somebody else handles or
// ignores are left alone. One at a time.
class PartialFileGuard {
 public:
  PartialFileGuard() {
    for (std::size_t i = 0; i < signals.size(); ++i) replace(signals[i], remove_partial_file, previous_[i]);
    replace(SIGXFSZ, SIG_IGN, previous_.back());
  }
  ~PartialFileGuard() {
    partial_file = nullptr;
    for (std::size_t i = 0; i < signals.size(); ++i) ::sigaction(signals[i], &previous_[i], nullptr);
    ::sigaction(SIGXFSZ, &previous_.back(), nullptr);
  }
  PartialFileGuard(const PartialFileGuard&) = delete;
  PartialFileGuard& operator=(const PartialFileGuard&) = delete;

 private:
  static constexpr std::array signals = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXCPU};

  static void replace(int signal, void (*handler)(int), struct ::sigaction& previous) {
    ::sigaction(signal, nullptr, &previous);
    if (previous.sa_handler != SIG_DFL) return;
    struct ::sigaction own {};
    own.sa_handler = handler;
    own.sa_flags = static_cast<int>(SA_RESETHAND);
    ::sigaction(signal, &own, nullptr);
  }

  std::array<struct ::sigaction, signals.size() + 1> previous_{};
};

constexpr std::string_view partial_ending = ".partial";

// The process whose partial file of the target `name` may be: NAME.PID.partial or NAME.PID-N.partial.
std::optional<::pid_t> writer_of(std::string_view name, std::string_view target) {
  if (!name.starts_with(target) || !name.ends_with(partial_ending)) return std::nullopt;
  if (name.size() <= target.size() + 1 + partial_ending.size() || name[target.size()] != '.')
    return std::nullopt;
  name.remove_prefix(target.size() + 1);
  name.remove_suffix(partial_ending.size());
  ::pid_t process = 0;
  const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), process);
  const bool whole = end == name.data() + name.size() || *end == '-';
  return failed == std::errc{} && whole && process > 0 ? std::optional(process) : std::nullopt;
}

// What killed processes left of the same target. A process of that number may be alive in another container,
// or on another machine that shares the folder: it holds a lock then.
void remove_stale_partial_files(const fs::path& target) {
  const std::string target_name = target.filename().string();
  std::error_code error;
  fs::directory_iterator entry(target.has_parent_path() ? target.parent_path() : fs::path("."), error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const auto writer = writer_of(entry->path().filename().string(), target_name);
    if (!writer || ::kill(*writer, 0) == 0 || errno != ESRCH) continue;
    const int file = ::open(entry->path().c_str(), O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0) continue;
    if (::flock(file, LOCK_EX | LOCK_NB) == 0) ::unlink(entry->path().c_str());
    ::close(file);
  }
}

// A new file beside the target, with a name that no other process has: numbers of processes are not unique
// between containers, nor is what one left that was killed. Nothing where none can be created; errno says
// why.
struct NewFile {
  int file = -1;
  std::string name;
};

NewFile create_partial_file(const std::string& target) {
  constexpr int most = 1000;
  NewFile made;
  for (int i = 0; i < most && made.file < 0; ++i) {
    made.name = i == 0 ? fmt::format("{}.{}{}", target, ::getpid(), partial_ending)
                       : fmt::format("{}.{}-{}{}", target, ::getpid(), i, partial_ending);
    made.file = ::open(made.name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (made.file < 0 && errno != EEXIST) break;
    if (made.file < 0) continue;
    // Whoever took it for stale before it was locked has removed it. Without locks nobody takes one for
    // stale.
    if (::flock(made.file, LOCK_EX) != 0 || ::access(made.name.c_str(), F_OK) == 0) break;
    ::close(made.file);
    made.file = -1;
  }
  return made;
}

MaybeError write_stream(const Destination& destination, const std::string& target,
                        const std::string& content) {
  const int file = ::open(destination.path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
  if (file < 0) return io_failure(target, "open");
  MaybeError error = write_all(file, target, content);
  if (::close(file) != 0 && !error) error = io_failure(target, "write");
  return error;
}

MaybeError write_file(const fs::path& path, const std::string& target, const std::string& content) {
  remove_stale_partial_files(path);
  const NewFile partial = create_partial_file(path.string());
  if (partial.file < 0) return io_failure(target, "create");
  partial_file = partial.name.c_str();
  MaybeError error = write_all(partial.file, target, content);
  // Who may read what was there may read what takes its place.
  struct stat before {};
  if (::stat(path.c_str(), &before) == 0) ::fchmod(partial.file, before.st_mode & 0777);
  if (!error && ::fsync(partial.file) != 0) error = io_failure(target, "write");
  // Renamed before it is closed, which gives up the lock: until then nobody takes it for stale.
  if (!error && ::rename(partial.name.c_str(), path.c_str()) != 0) error = io_failure(target, "create");
  if (error) ::unlink(partial.name.c_str());
  partial_file = nullptr;
  ::close(partial.file);
  return error;
}

bool open_for_writing(int descriptor) {
  const int flags = ::fcntl(descriptor, F_GETFL);
  return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
}

// Whatever names it: its folder without links, so that two names of one file become the same.
fs::path placed(const fs::path& path) {
  std::error_code error;
  const fs::path folder = fs::canonical(path.has_parent_path() ? path.parent_path() : fs::path("."), error);
  return error ? fs::absolute(path).lexically_normal() : folder / path.filename();
}

}  // namespace

bool is_partial_file(const std::string& name) {
  const std::size_t ending = name.rfind(partial_ending);
  if (ending == std::string::npos || ending == 0) return false;
  const std::size_t dot = name.rfind('.', ending - 1);
  return dot != std::string::npos && dot > 0 &&
         writer_of(name, std::string_view(name).substr(0, dot)).has_value();
}

MaybeError write_whole_file(const std::string& target, const std::string& content) {
  const auto destination = destination_of(target);
  if (!destination) return destination.error();
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  const PartialFileGuard guard;
  switch (destination->kind) {
    case Destination::Kind::descriptor:
      return write_all(destination->descriptor, target, content);
    case Destination::Kind::stream:
      return write_stream(*destination, target, content);
    case Destination::Kind::file:
      break;
  }
  return write_file(destination->path, target, content);
}

MaybeError check_output(const std::string& target, const std::vector<std::string>& inputs) {
  const auto destination = destination_of(target);
  if (!destination) return destination.error();
  std::error_code error;  // a target that does not exist yet is equivalent to nothing
  if (fs::is_directory(target, error))
    return bad_input(fmt::format("{}: is a directory; a file to write is expected", target));
  for (const std::string& input : inputs)
    if (fs::is_regular_file(target, error) && fs::equivalent(target, input, error))
      return bad_input(fmt::format("{} is an input; it is not written over", target));
  if (destination->kind == Destination::Kind::descriptor && !open_for_writing(destination->descriptor))
    return bad_input(fmt::format("{}: is not open for writing", target));
  if (destination->kind != Destination::Kind::file) return {};
  const fs::path parent = destination->path.parent_path();
  const std::string folder = parent.empty() ? "." : parent.string();
  if (!fs::is_directory(folder, error))
    return bad_input(fmt::format("{}: cannot create: there is no folder {}", target, folder));
  if (::access(folder.c_str(), W_OK | X_OK) != 0)
    return bad_input(fmt::format("{}: cannot create: {}: {}", target, folder, std::strerror(errno)));
  return {};
}

bool same_file(const std::string& a, const std::string& b) {
  const auto at_a = destination_of(a);
  const auto at_b = destination_of(b);
  if (!at_a || !at_b) return a == b;
  if (at_a->descriptor >= 0 || at_b->descriptor >= 0) return at_a->descriptor == at_b->descriptor;
  return placed(at_a->path) == placed(at_b->path);
}

}  // namespace wattline::experiments
