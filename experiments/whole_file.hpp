// Writing a file whole or not at all.
#pragma once

#include <string>

#include "sim/base/result.hpp"

namespace wattline::experiments {

// Writes beside the target, then renames over it: a reader sees the old file or the new one, whole. What an
// interruption leaves is a file "TARGET.PID.partial".
MaybeError write_whole_file(const std::string& target, const std::string& content);

}  // namespace wattline::experiments
