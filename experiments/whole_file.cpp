#include "experiments/whole_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

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
  const std::string temporary = fmt::format("{}.{}.partial", target, ::getpid());
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) return io_failure(temporary, "create");
  MaybeError error = write_all(file, target, content);
  if (!error && ::fsync(file) != 0) error = io_failure(target, "write");
  if (::close(file) != 0 && !error) error = io_failure(target, "write");
  if (!error && ::rename(temporary.c_str(), target.c_str()) != 0) error = io_failure(target, "create");
  if (error) ::unlink(temporary.c_str());
  return error;
}

MaybeError refuse_overwriting(const std::string& target, const std::vector<std::string>& inputs) {
  for (const std::string& input : inputs) {
    std::error_code error;  // a target that does not exist yet is equivalent to nothing
    if (std::filesystem::is_regular_file(target, error) && std::filesystem::equivalent(target, input, error))
      return bad_input(fmt::format("{} is an input; it is not written over", target));
  }
  return {};
}

}  // namespace wattline::experiments
