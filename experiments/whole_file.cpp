#include "experiments/whole_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <mutex>

namespace wattline::experiments {

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
    made.name = i == 0 ? fmt::format("{}.{}.partial", target, ::getpid())
                       : fmt::format("{}.{}-{}.partial", target, ::getpid(), i);
    made.file = ::open(made.name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (made.file < 0 && errno != EEXIST) break;
  }
  return made;
}

MaybeError write_special(const std::string& target, const std::string& content) {
  const int file = ::open(target.c_str(), O_WRONLY | O_CLOEXEC);
  if (file < 0) return io_failure(target, "open");
  MaybeError error = write_all(file, target, content);
  if (::close(file) != 0 && !error) error = io_failure(target, "write");
  return error;
}

}  // namespace

MaybeError write_whole_file(const std::string& target, const std::string& content) {
  // A pipe or a device is written to; renaming over it would replace it by a file.
  struct ::stat target_status {};
  const bool special = ::stat(target.c_str(), &target_status) == 0 && !S_ISREG(target_status.st_mode) &&
                       !S_ISDIR(target_status.st_mode);
  if (special) return write_special(target, content);
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  const PartialFileGuard guard;
  const NewFile partial = create_partial_file(target);
  if (partial.file < 0) return io_failure(partial.name, "create");
  partial_file = partial.name.c_str();
  MaybeError error = write_all(partial.file, target, content);
  if (!error && ::fsync(partial.file) != 0) error = io_failure(target, "write");
  if (::close(partial.file) != 0 && !error) error = io_failure(target, "write");
  if (!error && ::rename(partial.name.c_str(), target.c_str()) != 0) error = io_failure(target, "create");
  if (error) ::unlink(partial.name.c_str());
  partial_file = nullptr;
  return error;
}

MaybeError check_output(const std::string& target, const std::vector<std::string>& inputs) {
  namespace fs = std::filesystem;
  std::error_code error;  // a target that does not exist yet is equivalent to nothing
  if (fs::is_directory(target, error))
    return bad_input(fmt::format("{}: is a directory; a file to write is expected", target));
  for (const std::string& input : inputs)
    if (fs::is_regular_file(target, error) && fs::equivalent(target, input, error))
      return bad_input(fmt::format("{} is an input; it is not written over", target));
  const fs::path parent = fs::path(target).parent_path();
  const std::string folder = parent.empty() ? "." : parent.string();
  if (!fs::is_directory(folder, error))
    return bad_input(fmt::format("{}: cannot create: there is no folder {}", target, folder));
  if (!fs::exists(target, error) && ::access(folder.c_str(), W_OK | X_OK) != 0)
    return bad_input(fmt::format("{}: cannot create: {}: {}", target, folder, std::strerror(errno)));
  return {};
}

bool same_file(const std::string& a, const std::string& b) {
  namespace fs = std::filesystem;
  return fs::absolute(a).lexically_normal() == fs::absolute(b).lexically_normal();
}

}  // namespace wattline::experiments
