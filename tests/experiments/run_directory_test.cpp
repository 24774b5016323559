// Run directories: written whole, never over something else, and named by what the results depend on.
#include "experiments/run_directory.hpp"

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "tests/catch.hpp"

namespace wattline::experiments {
namespace {

namespace fs = std::filesystem;

class TemporaryFolder {
 public:
  TemporaryFolder() {
    static int count = 0;
    path_ = fs::temp_directory_path() /
            ("wattline_runs." + std::to_string(::getpid()) + "." + std::to_string(++count));
    fs::create_directories(path_);
  }
  ~TemporaryFolder() { fs::remove_all(path_); }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  fs::path path_;
};

void write(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::set<std::string> names_in(const std::string& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    names.insert(fs::relative(entry.path(), folder).string());
  return names;
}

Manifest manifest_of(const std::string& verb = "compare", int x = 1) {
  return {verb, 7, {{"x", x}}, {{"in.csv", sha256_of("abc")}}};
}

TEST_CASE("SHA-256 is that of the standard") {
  // FIPS 180-2, appendix B; the empty text from NIST's test vectors.
  CHECK(sha256_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256_of("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(sha256_of(std::string(1'000'000, 'a')) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("An input is hashed byte for byte and named as the configuration names it") {
  const TemporaryFolder folder;
  write(folder / "in.csv", "abc");
  const auto input = hashed_input(folder / "in.csv", "data/in.csv");
  REQUIRE(input.ok());
  CHECK(input->sha256 == sha256_of("abc"));
  CHECK(input->path == "data/in.csv");
  write(folder / "in.csv", "abc\r\n");
  CHECK(hashed_input(folder / "in.csv", "x")->sha256 == sha256_of("abc\r\n"));
  const auto missing = hashed_input(folder / "none.csv", "none.csv");
  REQUIRE_FALSE(missing.ok());
  CHECK(missing.error().message.find("none.csv: cannot be opened") != std::string::npos);
}

TEST_CASE("A run directory holds the results, the manifest, the timing and nothing else") {
  const TemporaryFolder folder;
  const std::string run = folder / "runs/deep/first";  // parents are made
  const auto error = write_run_directory(run, manifest_of(), {{"results.csv", "a\n1\n"}, {"summary.csv", ""}},
                                         {{"wall_s", 2}});
  CHECK_FALSE(error.has_value());
  CHECK(names_in(run) == std::set<std::string>{"results.csv", "summary.csv", "manifest.json", "timing.json"});
  CHECK(content(run + "/results.csv") == "a\n1\n");
  CHECK(content(run + "/summary.csv").empty());
  CHECK(Json::parse(content(run + "/timing.json"))["wall_s"] == 2);
  const Json manifest = Json::parse(content(run + "/manifest.json"));
  CHECK(manifest["verb"] == "compare");
  CHECK(manifest["seed"] == 7);
  CHECK(manifest["configuration"]["x"] == 1);
  CHECK(manifest["inputs"][0]["path"] == "in.csv");
  CHECK(manifest["inputs"][0]["sha256"] == sha256_of("abc"));
  for (const char* key : {"schema", "version", "commit", "compiler", "identity"}) {
    CAPTURE(key);
    CHECK_FALSE(manifest[key].get<std::string>().empty());
  }
}

TEST_CASE("The same run may be written again, and replaces its files whole") {
  const TemporaryFolder folder;
  const std::string run = folder / "run";
  CHECK_FALSE(
      write_run_directory(run, manifest_of(), {{"results.csv", std::string(100'000, 'x')}}, {}).has_value());
  CHECK_FALSE(check_run_directory(run, manifest_of()).has_value());
  CHECK_FALSE(write_run_directory(run, manifest_of(), {{"results.csv", "short"}}, {}).has_value());
  CHECK(content(run + "/results.csv") == "short");
  CHECK(names_in(run) == std::set<std::string>{"results.csv", "manifest.json", "timing.json"});
}

TEST_CASE("A directory of another run or of something else is refused and left as it is") {
  const TemporaryFolder folder;
  const std::string run = folder / "run";
  CHECK_FALSE(write_run_directory(run, manifest_of(), {{"results.csv", "mine"}}, {}).has_value());
  for (const Manifest& other : {manifest_of("run"), manifest_of("compare", 2)}) {
    const auto refused = write_run_directory(run, other, {{"results.csv", "yours"}}, {});
    REQUIRE(refused.has_value());
    CHECK(refused->kind == Error::Kind::bad_input);
    CHECK(refused->message ==
          run + ": holds something other than this run; a new or empty directory is expected");
  }
  CHECK(content(run + "/results.csv") == "mine");

  const std::string letters = folder / "letters";
  fs::create_directories(letters);
  write(letters + "/dear.txt", "dear");
  CHECK(check_run_directory(letters, manifest_of()).has_value());
  CHECK(write_run_directory(letters, manifest_of(), {{"results.csv", "x"}}, {}).has_value());
  CHECK(names_in(letters) == std::set<std::string>{"dear.txt"});

  for (const char* text : {"", "not json", "[]", "{}", "{\"identity\": 5}", "{\"identity\": \"feed\"}"}) {
    CAPTURE(text);
    write(letters + "/manifest.json", text);
    CHECK(check_run_directory(letters, manifest_of()).has_value());
  }
}

TEST_CASE("An empty directory is accepted, a file in its place is not") {
  const TemporaryFolder folder;
  fs::create_directories(folder / "empty");
  CHECK_FALSE(check_run_directory(folder / "empty", manifest_of()).has_value());
  CHECK_FALSE(check_run_directory(folder / "new", manifest_of()).has_value());
  CHECK_FALSE(fs::exists(folder / "new"));  // asking creates nothing
  write(folder / "file", "");
  const auto refused = check_run_directory(folder / "file", manifest_of());
  REQUIRE(refused.has_value());
  CHECK(refused->message == (folder / "file") + ": not a directory; a new or empty one is expected");
}

TEST_CASE("A directory that cannot be written to is refused before anything runs") {
  const TemporaryFolder folder;
  fs::create_directories(folder / "locked");
  fs::permissions(folder / "locked", fs::perms::owner_read | fs::perms::owner_exec);
  // Root may write everywhere: ask as somebody else.
  const bool root = ::geteuid() == 0;
  if (root) REQUIRE(::seteuid(65534) == 0);
  const auto refused = check_run_directory(folder / "locked", manifest_of());
  if (root) REQUIRE(::seteuid(0) == 0);
  REQUIRE(refused.has_value());
  CHECK(refused->message == (folder / "locked") + ": cannot be written to; a folder that can be is expected");
}

TEST_CASE("Half-written files of runs do not make a directory another's, and a user's files are left alone") {
  const TemporaryFolder folder;
  const std::string run = folder / "run";
  fs::create_directories(run);
  write(run + "/results.csv.999999999.partial", "x");
  CHECK_FALSE(check_run_directory(run, manifest_of()).has_value());
  CHECK_FALSE(write_run_directory(run, manifest_of(), {{"results.csv", "x"}}, {}).has_value());
  CHECK(names_in(run) == std::set<std::string>{"results.csv", "manifest.json", "timing.json"});

  const std::string mine = folder / "mine";
  fs::create_directories(mine);
  write(mine + "/my.partial", "precious");
  CHECK(check_run_directory(mine, manifest_of()).has_value());
  CHECK(write_run_directory(mine, manifest_of(), {{"results.csv", "x"}}, {}).has_value());
  CHECK(content(mine + "/my.partial") == "precious");
}

TEST_CASE("A run that cannot be written whole has no manifest and leaves no half-written file") {
  const TemporaryFolder folder;
  const std::string run = folder / "run";
  const auto failed =
      write_run_directory(run, manifest_of(), {{"good.csv", "x"}, {"no/such/folder.csv", "y"}}, {});
  REQUIRE(failed.has_value());
  CHECK(failed->kind == Error::Kind::failed);
  CHECK(failed->message.find("no/such/folder.csv") != std::string::npos);
  CHECK(names_in(run) == std::set<std::string>{"good.csv", "unfinished"});
}

TEST_CASE("A file that cannot be put in its place leaves nothing beside it") {
  const TemporaryFolder folder;
  const std::string run = folder / "run";
  CHECK_FALSE(write_run_directory(run, manifest_of(), {{"results.csv", "x"}}, {}).has_value());
  fs::create_directories(run + "/blocked.csv/inside");  // no file can be renamed over it
  const auto failed = write_run_directory(run, manifest_of(), {{"blocked.csv", "y"}}, {});
  REQUIRE(failed.has_value());
  CHECK(failed->kind == Error::Kind::failed);
  CHECK(names_in(run) == std::set<std::string>{"results.csv", "unfinished", "timing.json", "blocked.csv",
                                               "blocked.csv/inside"});
}

TEST_CASE("Several runs of the same configuration may write one directory at once") {
  const TemporaryFolder folder;
  const std::string run = folder / "run";
  const std::vector<ResultFile> results = {{"results.csv", std::string(10'000, 'r')}, {"summary.csv", "s"}};
  std::atomic<int> refused{0};
  const auto write_often = [&] {
    for (int i = 0; i < 50; ++i) {
      if (check_run_directory(run, manifest_of())) ++refused;
      if (write_run_directory(run, manifest_of(), results, {})) ++refused;
    }
  };
  {
    std::vector<std::jthread> writers;
    for (int i = 0; i < 4; ++i) writers.emplace_back(write_often);
  }
  CHECK(refused == 0);
  CHECK(content(run + "/results.csv") == results.front().content);
  CHECK(names_in(run) == std::set<std::string>{"results.csv", "summary.csv", "manifest.json", "timing.json"});
}

TEST_CASE("The identity depends on verb, configuration and the content of the inputs") {
  const std::string identity = manifest_of().identity();
  CHECK(identity.size() == 64);
  CHECK(identity == manifest_of().identity());
  CHECK(identity != manifest_of("run").identity());
  CHECK(identity != manifest_of("compare", 2).identity());
  Manifest changed = manifest_of();
  changed.inputs[0].sha256 = sha256_of("abcd");
  CHECK(identity != changed.identity());
  changed.inputs.clear();
  CHECK(identity != changed.identity());
}

TEST_CASE("The resolved configuration tells what was given from what was taken by default") {
  const auto resolved =
      resolved_configuration(Json{{"seed", 5}}, "file.json", {{"file.json: train: batch", 16}});
  CHECK(resolved["given"] == OrderedJson{{"seed", 5}});
  CHECK(resolved["defaults"] == OrderedJson{{"train: batch", 16}});
}

}  // namespace
}  // namespace wattline::experiments
