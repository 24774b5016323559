// One process at a time in a folder.
#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "sim/base/result.hpp"

namespace wattline::experiments {

// Held as long as it lives. The lock is on the folder itself and the kernel's: no file is left behind, and a
// process that is killed gives it up. It holds between the processes and threads of one machine; where the
// file system has no locks, everyone is let in.
class DirectoryLock {
 public:
  // Waits at most `patience` for others; then, or where there is no such folder, an error.
  static Result<DirectoryLock> take(const std::string& directory,
                                    std::chrono::milliseconds patience = std::chrono::minutes(1));
  ~DirectoryLock();
  DirectoryLock(DirectoryLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;
  DirectoryLock& operator=(DirectoryLock&&) = delete;

 private:
  explicit DirectoryLock(int file) : file_(file) {}
  int file_ = -1;
};

}  // namespace wattline::experiments
