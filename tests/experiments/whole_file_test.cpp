// A file is written whole or not at all, whatever ends the process.
#include "experiments/whole_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/catch.hpp"

namespace fs = std::filesystem;

namespace wattline::experiments {
namespace {

class TemporaryFolder {
 public:
  TemporaryFolder() : path_(fs::temp_directory_path() / fmt::format("wattline-whole-{}", ::getpid())) {
    fs::create_directories(path_);
  }
  ~TemporaryFolder() { fs::remove_all(path_); }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

bool has_partial_file(const fs::path& folder) {
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".partial") return true;
  return false;
}

std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The exit status of a process that writes, ended by `signal` as soon as its partial file is there.
int status_after(int signal, const TemporaryFolder& folder, const std::string& text) {
  const ::pid_t child = ::fork();
  if (child == 0) {
    ::signal(signal, SIG_DFL);  // the test framework has a handler of its own
    (void)write_whole_file(folder / "target", text);
    ::_exit(0);
  }
  int status = 0;
  while (!has_partial_file(folder.path()))
    if (::waitpid(child, &status, WNOHANG) == child) return status;
  ::kill(child, signal);
  ::waitpid(child, &status, 0);
  return status;
}

TEST_CASE("A signal that ends the process leaves the old file and no partial one") {
  const TemporaryFolder folder;
  const std::string large(std::size_t{64} << 20, 'n');
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    REQUIRE_FALSE(write_whole_file(folder / "target", "old").has_value());
    const int status = status_after(signal, folder, large);
    CAPTURE(signal, status);
    CHECK_FALSE(has_partial_file(folder.path()));
    const std::string left = content(folder / "target");
    CHECK((left == "old" || left == large));
    if (left == "old") {  // the writer was not faster
      CHECK(WIFSIGNALED(status));
      CHECK(WTERMSIG(status) == signal);
    }
  }
}

TEST_CASE("A signal that the process ignores or handles itself is left to it") {
  const TemporaryFolder folder;
  const auto before = ::signal(SIGHUP, SIG_IGN);
  REQUIRE_FALSE(write_whole_file(folder / "target", "new").has_value());
  CHECK(::signal(SIGHUP, before) == SIG_IGN);
  struct ::sigaction before_term {};
  struct ::sigaction after_term {};
  ::sigaction(SIGTERM, nullptr, &before_term);
  REQUIRE_FALSE(write_whole_file(folder / "target", "newer").has_value());
  ::sigaction(SIGTERM, nullptr, &after_term);
  CHECK(after_term.sa_handler == before_term.sa_handler);
}

TEST_CASE("A file beyond the size limit of the process is an error and leaves nothing") {
  const TemporaryFolder folder;
  const ::pid_t child = ::fork();
  if (child == 0) {
    const struct ::rlimit limit { 1024, 1024 };
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const auto error = write_whole_file(folder / "target", std::string(100'000, 'x'));
    ::_exit(error && error->message.find("cannot write: File too large") != std::string::npos ? 7 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 7);
  CHECK(fs::is_empty(folder.path()));
}

TEST_CASE("A partial file that another process of the same number left is not written into") {
  const TemporaryFolder folder;
  const std::string theirs = folder / fmt::format("target.{}.partial", ::getpid());
  std::ofstream(theirs) << "theirs";
  REQUIRE_FALSE(write_whole_file(folder / "target", "ours").has_value());
  CHECK(content(folder / "target") == "ours");
  CHECK(content(theirs) == "theirs");
}

TEST_CASE("Partial files that killed processes left of the same name are removed, and no others") {
  const TemporaryFolder folder;
  const ::pid_t dead = ::fork();
  if (dead == 0) ::_exit(0);
  ::waitpid(dead, nullptr, 0);
  const auto name = [&folder](const char* pattern, ::pid_t process) {
    return folder / fmt::format(fmt::runtime(pattern), process);
  };
  const std::vector<std::string> stale = {name("target.{}.partial", dead), name("target.{}-1.partial", dead)};
  const std::vector<std::string> others = {
      name("target.{}.partial", ::getppid()), name("target2.{}.partial", dead), name("target.{}.part", dead),
      name("target.x{}.partial", dead),       folder / "target.partial",        folder / "target.-1.partial"};
  for (const auto& names : {stale, others})
    for (const std::string& file : names) std::ofstream(file) << "half";
  REQUIRE_FALSE(write_whole_file(folder / "target", "whole").has_value());
  for (const std::string& file : stale) CHECK_FALSE(fs::exists(file));
  for (const std::string& file : others) {
    CAPTURE(file);
    CHECK(content(file) == "half");
  }
}

TEST_CASE("A partial file that is still locked is left: its writer may be of another container") {
  const TemporaryFolder folder;
  const ::pid_t dead = ::fork();
  if (dead == 0) ::_exit(0);
  ::waitpid(dead, nullptr, 0);
  const std::string theirs = folder / fmt::format("target.{}.partial", dead);
  const int file = ::open(theirs.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  REQUIRE(::flock(file, LOCK_EX) == 0);
  REQUIRE_FALSE(write_whole_file(folder / "target", "ours").has_value());
  CHECK(fs::exists(theirs));
  ::close(file);
  REQUIRE_FALSE(write_whole_file(folder / "target", "ours").has_value());
  CHECK_FALSE(fs::exists(theirs));
}

TEST_CASE("A link stays and what it points to is written, be it there or not") {
  const TemporaryFolder folder;
  fs::create_directories(folder / "far");
  fs::create_symlink("far/near", folder / "first");
  fs::create_symlink("../there", folder / "far/near");  // relative to the link's own folder
  for (const char* text : {"new", "newer"}) {           // dangling, then not
    CHECK_FALSE(check_output(folder / "first", {}).has_value());
    REQUIRE_FALSE(write_whole_file(folder / "first", text).has_value());
    CHECK(fs::is_symlink(folder / "first"));
    CHECK(fs::is_symlink(folder / "far/near"));
    CHECK_FALSE(fs::is_symlink(folder / "there"));
    CHECK(content(folder / "there") == text);
  }
  CHECK_FALSE(has_partial_file(folder.path()));
}

TEST_CASE("A link into a missing folder, to a directory or in a circle is refused") {
  const TemporaryFolder folder;
  fs::create_symlink("nowhere/file", folder / "lost");
  fs::create_symlink("round", folder / "round");
  fs::create_directory_symlink(".", folder / "here");
  for (const char* name : {"lost", "round", "here"}) {
    CAPTURE(name);
    const auto refused = check_output(folder / name, {});
    REQUIRE(refused.has_value());
    CHECK(refused->kind == Error::Kind::bad_input);
    CHECK(refused->message.find(folder / name) == 0);
    CHECK(write_whole_file(folder / name, "x").has_value());
    CHECK(fs::is_symlink(folder / name));
  }
}

TEST_CASE("Two names of one file are the same file, through links too") {
  const TemporaryFolder folder;
  fs::create_symlink("there", folder / "link");
  fs::create_directory_symlink(".", folder / "here");
  CHECK(same_file(folder / "link", folder / "there"));
  CHECK(same_file(folder / "here/there", folder / "there"));
  CHECK(same_file(folder / "./there", folder / "there"));
  CHECK_FALSE(same_file(folder / "there", folder / "elsewhere"));
  CHECK(same_file("/proc/self/fd/1", "/dev/fd/1"));
  CHECK_FALSE(same_file("/dev/fd/1", "/dev/fd/2"));
}

TEST_CASE("A descriptor of the process is written through, from where it stands") {
  const TemporaryFolder folder;
  const std::string name = folder / "redirected";
  const int file = ::open(name.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  REQUIRE(::write(file, "before,", 7) == 7);
  fs::create_symlink(fmt::format("/proc/self/fd/{}", file), folder / "out");  // as /dev/stdout is
  for (const std::string& target : {folder / "out", fmt::format("/proc/self/fd/{}", file)}) {
    CHECK_FALSE(check_output(target, {}).has_value());
    CHECK_FALSE(write_whole_file(target, "written,").has_value());
  }
  REQUIRE(::write(file, "after", 5) == 5);
  ::close(file);
  CHECK(content(name) == "before,written,written,after");
  CHECK(fs::is_symlink(folder / "out"));
  const auto closed = check_output(folder / "out", {});
  REQUIRE(closed.has_value());
  CHECK(closed->message == (folder / "out") + ": is not open for writing");
  CHECK(write_whole_file(folder / "out", "x").has_value());
}

TEST_CASE("A folder that is not there is bad usage, as a directory in the place of the file is") {
  const TemporaryFolder folder;
  fs::create_directories(folder / "directory");
  for (const std::string& target : {folder / "none/target", folder / "directory"}) {
    const auto refused = check_output(target, {});
    REQUIRE(refused.has_value());
    CHECK(refused->kind == Error::Kind::bad_input);
  }
}

TEST_CASE("What takes the place of a file may be read by whom that file could") {
  const TemporaryFolder folder;
  REQUIRE_FALSE(write_whole_file(folder / "target", "old").has_value());
  fs::permissions(folder / "target", fs::perms::owner_read | fs::perms::owner_write);
  REQUIRE_FALSE(write_whole_file(folder / "target", "new").has_value());
  CHECK(content(folder / "target") == "new");
  CHECK(fs::status(folder / "target").permissions() == (fs::perms::owner_read | fs::perms::owner_write));
}

TEST_CASE("Of several writers at once one wins, whole") {
  const TemporaryFolder folder;
  std::vector<std::thread> writers;
  for (const char letter : {'a', 'b', 'c', 'd'})
    writers.emplace_back([&folder, letter] {
      for (int i = 0; i < 20; ++i) (void)write_whole_file(folder / "target", std::string(50'000, letter));
    });
  for (std::thread& writer : writers) writer.join();
  const std::string left = content(folder / "target");
  REQUIRE(left.size() == 50'000);
  CHECK(left == std::string(50'000, left.front()));
  CHECK_FALSE(has_partial_file(folder.path()));
}

}  // namespace
}  // namespace wattline::experiments
