#include "experiments/calibration/profiles.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "devices/calibration/intake.hpp"
#include "experiments/calibration/profile_files.hpp"
#include "sim/base/printable.hpp"
#include "sim/base/text.hpp"
#include "traces/import/formats.hpp"

namespace wattline::experiments {

namespace {

// The board that the rows name, by its full name or a short one. Precondition: there is a row.
Result<devices::DeviceSpec> named_board(const std::vector<ProfileFile>& files) {
  std::set<std::string> seen;
  std::map<std::string, std::string> first_row;  // of every board
  for (const ProfileFile& file : files) {
    for (const devices::ProfileRow& row : file.rows) {
      if (!seen.insert(row.device).second) continue;
      const auto known = devices::find_device(row.device);
      if (!known)
        return bad_input(fmt::format("{}: line {}: device: {}", file.name, row.line, known.error().message));
      first_row.try_emplace(known->name,
                            fmt::format("{} (from {}, line {})", known->name, file.name, row.line));
    }
  }
  if (first_row.size() > 1) {
    std::vector<std::string> list;
    for (const auto& [board, where] : first_row) list.push_back(where);
    return bad_input(fmt::format("profiles of several boards: {}; say which with --device", joined(list)));
  }
  return devices::find_device(first_row.begin()->first);
}

bool is_of(const devices::DeviceSpec& spec, const std::string& name) {
  return name == spec.name || std::find(spec.aliases.begin(), spec.aliases.end(), name) != spec.aliases.end();
}

// What a format would ignore.
MaybeError check_import(const ProfileSource& source) {
  if (source.format.empty()) return {};
  const auto format = traces::find_format(source.format);
  if (!format) return format.error();
  const traces::ImportOptions& given = source.import;
  const traces::ImportOptions defaults;
  if (!given.observed_clocks.empty() && format->name != "single-stream")
    return bad_input(fmt::format("--observed-clocks is of single-stream files; format '{}' has no use for it",
                                 format->name));
  if (format->power_log) {
    if (given.minibatches.empty())
      return bad_input(
          fmt::format("a {} log holds no minibatches; give their log with --minibatches", format->name));
    return {};
  }
  const char* useless = nullptr;
  if (!given.power_rails.empty()) useless = "--rails";
  if (!given.minibatches.empty()) useless = "--minibatches";
  if (given.start_s) useless = "--start-s";
  if (given.interval_s != defaults.interval_s) useless = "--interval-s";
  if (given.settle_s != defaults.settle_s) useless = "--settle-s";
  if (useless == nullptr) return {};
  return bad_input(
      fmt::format("{} is of tegrastats and jtop logs; format '{}' has no use for it", useless, format->name));
}

Result<BoardProfiles> read_of(const ProfileSource& source, std::optional<devices::DeviceSpec> spec) {
  if (auto error = check_import(source)) return *error;
  traces::ImportOptions import = source.import;
  if (!source.format.empty() && traces::find_format(source.format)->power_log) {
    // A power log does not name its board, and its clocks are read as that board's.
    if (!spec)
      return bad_input(fmt::format("a {} log does not name its board; give it with --device", source.format));
    import.device = spec->name;
    import.board = spec;
  }
  const auto read = read_profile_files(source, import);
  if (!read) return read.error();
  if (std::all_of(read->files.begin(), read->files.end(),
                  [](const ProfileFile& file) { return file.rows.empty(); }))
    return bad_input(fmt::format("{}: no profile; at least one row is expected", name_of(source)));
  if (!spec) {
    auto named = named_board(read->files);
    if (!named) return named.error();
    spec = *std::move(named);
  }
  BoardProfiles profiles;
  profiles.sha256 = read->sha256;
  profiles.notes = read->notes;
  for (const ProfileFile& file : read->files) {
    for (const devices::ProfileRow& row : file.rows) {
      // A foreign data set may hold several boards; in a profile CSV another board is a mistake.
      if (!source.format.empty() && !is_of(*spec, row.device)) {
        ++profiles.of_other_boards;
        continue;
      }
      if (auto error = devices::calibration::check_profile(*spec, file.name, row)) return *error;
      profiles.rows.push_back(row);
      profiles.rows.back().device = spec->name;
    }
  }
  if (profiles.rows.empty() && profiles.of_other_boards > 0)
    return bad_input(fmt::format("{}: no profile of {}", name_of(source), spec->name));
  profiles.spec = *std::move(spec);
  return profiles;
}

}  // namespace

std::string name_of(const ProfileSource& source) {
  constexpr std::size_t longest = 4000;  // that a text of a model file may be
  std::vector<std::string> names;
  std::size_t size = 0;
  for (const std::string& file : source.files) {
    names.push_back(printable(file));
    size += names.back().size() + 2;
    // A tenth is left for the number of the others.
    if (size <= longest - longest / 10) continue;
    names.back() = fmt::format("and {} more", source.files.size() - names.size() + 1);
    break;
  }
  return joined(names);
}

Result<BoardProfiles> read_profiles(const ProfileSource& source, const std::string& device,
                                    const std::string& device_file) {
  if (device.empty() && device_file.empty()) return read_of(source, std::nullopt);
  auto spec = device_file.empty() ? devices::find_device(device) : devices::read_device_spec(device_file);
  if (!spec) return spec.error();
  return read_of(source, *std::move(spec));
}

Result<BoardProfiles> read_profiles(const ProfileSource& source, const devices::DeviceSpec& spec) {
  return read_of(source, spec);
}

}  // namespace wattline::experiments
