// Where the file is that a user names for writing.
#pragma once

#include <filesystem>
#include <string>

#include "sim/base/result.hpp"

namespace wattline::experiments {

struct Destination {
  enum class Kind {
    file,       // there or not; what is renamed into its place takes the place of no link
    stream,     // a pipe, a device: to be opened and written to as it is
    descriptor  // of this process
  };
  Kind kind = Kind::file;
  std::filesystem::path path;  // of the target when all links are followed
  // What /dev/stdout or /dev/fd/3 is, to be written through: opened anew by its name, a regular file would
  // be written from its start instead of from where the descriptor stands.
  int descriptor = -1;
};

// An error where links go round in a circle.
Result<Destination> destination_of(const std::string& target);

}  // namespace wattline::experiments
