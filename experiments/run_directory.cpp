#include "experiments/run_directory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "experiments/directory_lock.hpp"
#include "experiments/version.hpp"
#include "experiments/whole_file.hpp"

namespace wattline::experiments {

namespace fs = std::filesystem;

namespace {

constexpr const char* manifest_name = "manifest.json";
// Holds the identity of the run while its files are being written: what is left of an interrupted run
// is recognised by it, and may be written over by the same run.
constexpr const char* unfinished_name = "unfinished";

std::string content_or_nothing(const fs::path& path) {
  const auto text = read_text_file(path.string());
  return text ? *text : std::string{};
}

// The nearest folder above that exists can be written to.
bool can_be_created(const fs::path& directory) {
  fs::path parent = fs::absolute(directory).lexically_normal();
  std::error_code error;
  while (!parent.empty() && !fs::exists(parent, error) && parent != parent.parent_path())
    parent = parent.parent_path();
  return fs::is_directory(parent, error) && ::access(parent.c_str(), W_OK | X_OK) == 0;
}

void remove_partial_files(const fs::path& directory) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    if (is_partial_file(entry.path().filename().string())) fs::remove(entry.path(), error);
  }
}

// Whether a folder that is there is empty or holds this run. For whoever holds the folder's lock: a run that
// is being written has now one mark, now the other.
MaybeError check_content(const std::string& directory, const Manifest& manifest) {
  std::error_code error;
  // A run that was killed at its very start leaves no more than a half-written marker.
  const fs::directory_iterator entries(directory, error);
  const bool empty =
      !error && std::all_of(begin(entries), end(entries), [](const fs::directory_entry& entry) {
        return is_partial_file(entry.path().filename().string());
      });
  if (error) return bad_input(fmt::format("{}: cannot be read: {}", directory, error.message()));
  if (empty) return std::nullopt;
  if (content_or_nothing(fs::path(directory) / unfinished_name) == manifest.identity()) return std::nullopt;
  const auto known = read_json_file((fs::path(directory) / manifest_name).string());
  if (!known || !known->is_object() || !known->contains("identity") ||
      (*known)["identity"] != manifest.identity()) {
    return bad_input(fmt::format(
        "{}: holds something other than this run; a new or empty directory is expected", directory));
  }
  return std::nullopt;
}

}  // namespace

std::string sha256_of(const std::string& bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr);
  std::string hex;
  for (unsigned i = 0; i < length; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

Result<InputFile> hashed_input(const std::string& path, const std::string& given) {
  const auto bytes = read_text_file(path, std::size_t{1} << 30);
  if (!bytes) return bytes.error();
  return InputFile{given, sha256_of(*bytes)};
}

OrderedJson resolved_configuration(const Json& given, const std::string& name,
                                   const std::vector<Defaulted>& defaults) {
  OrderedJson resolved;
  resolved["given"] = OrderedJson::parse(given.dump());
  resolved["defaults"] = OrderedJson::object();
  for (const Defaulted& entry : defaults) {
    const bool prefixed = entry.field.starts_with(name + ": ");
    resolved["defaults"][prefixed ? entry.field.substr(name.size() + 2) : entry.field] =
        OrderedJson::parse(entry.value.dump());
  }
  return resolved;
}

std::string Manifest::text() const {
  OrderedJson json;
  json["schema"] = "wattline-manifest/1";
  json["verb"] = verb;
  json["identity"] = identity();
  json["version"] = version();
  json["commit"] = commit();
  json["compiler"] = compiler();
  json["seed"] = seed;
  json["inputs"] = OrderedJson::array();
  for (const InputFile& input : inputs)
    json["inputs"].push_back({{"path", input.path}, {"sha256", input.sha256}});
  json["configuration"] = configuration;
  return json.dump(2) + "\n";
}

std::string Manifest::identity() const {
  std::string all = verb + "\n" + configuration.dump() + "\n";
  for (const InputFile& input : inputs) all += input.sha256 + "\n";
  return sha256_of(all);
}

MaybeError check_run_directory(const std::string& directory, const Manifest& manifest) {
  std::error_code error;
  const fs::file_status status = fs::status(directory, error);
  if (status.type() == fs::file_type::not_found) {
    if (directory.empty() || !can_be_created(directory)) {
      return bad_input(
          fmt::format("'{}': cannot be created; a folder that can be written to is expected", directory));
    }
    return std::nullopt;
  }
  if (status.type() != fs::file_type::directory) {
    return bad_input(fmt::format("{}: not a directory; a new or empty one is expected", directory));
  }
  if (::faccessat(AT_FDCWD, directory.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
    return bad_input(fmt::format("{}: cannot be written to; a folder that can be is expected", directory));
  }
  const auto lock = DirectoryLock::take(directory);
  if (!lock) return lock.error();
  return check_content(directory, manifest);
}

MaybeError write_run_directory(const std::string& directory, const Manifest& manifest,
                               const std::vector<ResultFile>& results, const OrderedJson& timing) {
  if (auto error = check_run_directory(directory, manifest)) return error;
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return failure(fmt::format("{}: cannot create: {}", directory, error.message()));
  const auto lock = DirectoryLock::take(directory);
  if (!lock) return lock.error();
  // Asked again: it may have become another run's since.
  if (auto refused = check_content(directory, manifest)) return refused;
  const fs::path folder(directory);
  if (auto failed = write_whole_file(folder / unfinished_name, manifest.identity())) return failed;
  // From here on the folder is no finished run, until its manifest is there again.
  fs::remove(folder / manifest_name, error);
  for (const ResultFile& result : results) {
    if (auto failed = write_whole_file(folder / result.name, result.content)) return failed;
  }
  if (auto failed = write_whole_file(folder / "timing.json", timing.dump(2) + "\n")) return failed;
  if (auto failed = write_whole_file(folder / manifest_name, manifest.text())) return failed;
  fs::remove(folder / unfinished_name, error);
  remove_partial_files(folder);
  return std::nullopt;
}

std::string default_run_directory(const std::string& name, const Manifest& manifest) {
  std::string letters = name.substr(0, 60);
  std::replace_if(
      letters.begin(), letters.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); },
      '-');
  return fmt::format("runs/{}-{}", letters, manifest.identity().substr(0, 12));
}

}  // namespace wattline::experiments
