#include "experiments/whole_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace wattline::experiments {

namespace {

Error io_failure(const std::string& path, const char* what) {
  return failure(fmt::format("{}: cannot {}: {}", path, what, std::strerror(errno)));
}

}  // namespace

MaybeError write_whole_file(const std::string& target, const std::string& content) {
  const std::string temporary = fmt::format("{}.{}.partial", target, ::getpid());
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) return io_failure(temporary, "create");
  std::size_t written = 0;
  MaybeError error;
  while (written < content.size() && !error) {
    const ::ssize_t count = ::write(file, content.data() + written, content.size() - written);
    if (count >= 0)
      written += static_cast<std::size_t>(count);
    else if (errno != EINTR)
      error = io_failure(temporary, "write");
  }
  if (!error && ::fsync(file) != 0) error = io_failure(temporary, "write");
  if (::close(file) != 0 && !error) error = io_failure(temporary, "write");
  if (!error && ::rename(temporary.c_str(), target.c_str()) != 0) error = io_failure(target, "create");
  if (error) ::unlink(temporary.c_str());
  return error;
}

}  // namespace wattline::experiments
