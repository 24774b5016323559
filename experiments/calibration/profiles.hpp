// The profiles of a calibration or validation: profile CSV files, or a foreign format, of one board.
#pragma once

#include <string>
#include <vector>

#include "devices/device_spec.hpp"
#include "devices/profile.hpp"
#include "sim/base/result.hpp"
#include "traces/import/options.hpp"

namespace wattline::experiments {

struct ProfileSource {
  std::vector<std::string> files;
  std::string format;  // empty: profile CSV; else a name of traces::formats()
  traces::ImportOptions import;
};

struct BoardProfiles {
  devices::DeviceSpec spec;
  std::vector<devices::ProfileRow> rows;  // of this board, with its full name
  std::size_t of_other_boards = 0;        // left out; only a foreign format may hold several
  std::string sha256;                     // of the files, one after the other
  std::vector<std::string> notes;         // what may be wrong with the files (profile_files.hpp)
};

// "a.csv, b.csv", printable and no longer than a model file's source may be.
std::string name_of(const ProfileSource& source);

// Several files are read one after the other; each must be in order by itself (calibration/intake.hpp), so
// that messages name the right one.
//
// `device`: name or alias; empty: the one that the rows name. `device_file`: a spec of the user's own
// instead. An option of ImportOptions that the format has no use for is an error.
Result<BoardProfiles> read_profiles(const ProfileSource& source, const std::string& device,
                                    const std::string& device_file);
// Of a board that is known already, built in or not.
Result<BoardProfiles> read_profiles(const ProfileSource& source, const devices::DeviceSpec& spec);

}  // namespace wattline::experiments
