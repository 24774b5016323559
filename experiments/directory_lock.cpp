#include "experiments/directory_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

namespace wattline::experiments {

Result<DirectoryLock> DirectoryLock::take(const std::string& directory, std::chrono::milliseconds patience) {
  const int file = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return bad_input(fmt::format("{}: cannot be read: {}", directory, std::strerror(errno)));
  DirectoryLock lock(file);
  const auto end = std::chrono::steady_clock::now() + patience;
  // Asked again and again: a lock that is waited for in the kernel cannot be given up after a while.
  while (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) break;
    if (std::chrono::steady_clock::now() >= end)
      return failure(fmt::format("{}: another run is writing into it", directory));
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return lock;
}

DirectoryLock::~DirectoryLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace wattline::experiments
