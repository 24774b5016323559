#include "experiments/calibration/profiles.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "devices/calibration/intake.hpp"
#include "experiments/run_directory.hpp"
#include "sim/base/text.hpp"
#include "traces/import/formats.hpp"
#include "traces/profile_csv.hpp"

namespace wattline::experiments {

namespace {

Result<devices::DeviceSpec> spec_for(const std::vector<devices::ProfileRow>& rows, const std::string& file,
                                     const std::string& device, const std::string& device_file) {
  if (!device_file.empty()) return devices::read_device_spec(device_file);
  if (!device.empty()) return devices::find_device(device);
  std::set<std::string> named;
  for (const devices::ProfileRow& row : rows) named.insert(row.device);
  if (named.empty()) return bad_input(fmt::format("{}: no profile; at least one row is expected", file));
  if (named.size() > 1) {
    const std::vector<std::string> list(named.begin(), named.end());
    return bad_input(
        fmt::format("{}: profiles of several boards ({}); say which with --device", file, joined(list)));
  }
  return devices::find_device(*named.begin());
}

bool is_of(const devices::DeviceSpec& spec, const std::string& name) {
  return name == spec.name || std::find(spec.aliases.begin(), spec.aliases.end(), name) != spec.aliases.end();
}

}  // namespace

std::string name_of(const ProfileSource& source) {
  return joined(source.files);
}

Result<BoardProfiles> read_profiles(const ProfileSource& source, const std::string& device,
                                    const std::string& device_file) {
  traces::ImportOptions import = source.import;
  if (source.format == "tegrastats" || source.format == "jtop") {
    // A power log does not name its board, and its clocks are read as that board's.
    if (device.empty() && device_file.empty())
      return bad_input(fmt::format("a {} log does not name its board; give it with --device", source.format));
    auto board = device_file.empty() ? devices::find_device(device) : devices::read_device_spec(device_file);
    if (!board) return board.error();
    import.device = board->name;
    import.board = *std::move(board);
  }
  std::vector<std::vector<devices::ProfileRow>> of_file;
  std::vector<devices::ProfileRow> all;
  std::string hashes;
  for (const std::string& file : source.files) {
    const auto hashed = hashed_input(file, file);
    if (!hashed) return hashed.error();
    hashes += hashed->sha256;
    auto rows = source.format.empty() ? traces::read_profile_csv(file)
                                      : traces::import_profiles(source.format, file, import);
    if (!rows) return rows.error();
    all.insert(all.end(), rows->begin(), rows->end());
    of_file.push_back(*std::move(rows));
  }
  auto spec = spec_for(all, name_of(source), device, device_file);
  if (!spec) return spec.error();
  BoardProfiles profiles;
  profiles.sha256 = source.files.size() == 1 ? hashes : sha256_of(hashes);
  for (std::size_t f = 0; f < of_file.size(); ++f) {
    for (const devices::ProfileRow& row : of_file[f]) {
      // A foreign data set may hold several boards; in a profile CSV another board is a mistake.
      if (!source.format.empty() && !is_of(*spec, row.device)) {
        ++profiles.of_other_boards;
        continue;
      }
      if (auto error = devices::calibration::check_profile(*spec, source.files[f], row)) return *error;
      profiles.rows.push_back(row);
      profiles.rows.back().device = spec->name;
    }
  }
  if (profiles.rows.empty() && profiles.of_other_boards > 0)
    return bad_input(fmt::format("{}: no profile of {}", name_of(source), spec->name));
  profiles.spec = *std::move(spec);
  return profiles;
}

}  // namespace wattline::experiments
