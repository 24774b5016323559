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
  std::string sha256;              // of the file; of the hashes of several, one after the other
  std::vector<std::string> notes;  // what may be wrong with a file though it can be read
};

// `import` are the source's options, completed. A file that is given twice, or whose text is that of another,
// is an error. Noted are a last line that may be cut off, and rows that are the same as earlier ones.
Result<ProfileFiles> read_profile_files(const ProfileSource& source, const traces::ImportOptions& import);

}  // namespace wattline::experiments
