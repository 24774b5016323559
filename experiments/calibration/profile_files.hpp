// The files of a ProfileSource, each read once: its hash is of the text that was parsed, so that a pipe will
// do.
#pragma once

#include "experiments/calibration/profiles.hpp"

namespace wattline::experiments {

struct ProfileFile {
  std::string name;  // for messages
  std::vector<devices::ProfileRow> rows;
};

struct ProfileFiles {
  std::vector<ProfileFile> files;
  std::string sha256;  // of the file; of the hashes of several, one after the other
};

// `import` are the source's options, completed.
Result<ProfileFiles> read_profile_files(const ProfileSource& source, const traces::ImportOptions& import);

}  // namespace wattline::experiments
