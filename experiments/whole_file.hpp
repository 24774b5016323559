// Writing a file whole or not at all.
#pragma once

#include <string>
#include <vector>

#include "sim/base/result.hpp"

namespace wattline::experiments {

// Writes beside the target, then renames over it: a reader sees the old file or the new one, whole. What an
// interruption leaves is a file "TARGET.PID.partial". A target that is a pipe or a device is written to as it
// is.
MaybeError write_whole_file(const std::string& target, const std::string& content);

// An error where `target` is one of the files that are read: writing would destroy it.
MaybeError refuse_overwriting(const std::string& target, const std::vector<std::string>& inputs);

}  // namespace wattline::experiments
