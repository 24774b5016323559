// Writing a file whole or not at all.
#pragma once

#include <string>
#include <vector>

#include "sim/base/result.hpp"

namespace wattline::experiments {

// Writes beside the target, into "TARGET.PID.partial", then renames over it: a reader sees the old file or
// the new one, whole, and of several writers at once one wins. A signal that ends the process (SIGHUP,
// SIGINT, SIGQUIT, SIGTERM, SIGXCPU) removes the partial file; only SIGKILL or a crash leaves it, until the
// same target is written again and no process has that number. Thread-safe, one at a time.
//
// The target is what a link points to; the link stays. A pipe or a device is written to as it is, and a
// descriptor of the process (/dev/stdout, /dev/fd/3) from where it stands.
MaybeError write_whole_file(const std::string& target, const std::string& content);

// Whether a file of that name is one that write_whole_file() left of some target, NAME.PID.partial or
// NAME.PID-N.partial.
bool is_partial_file(const std::string& name);

// Asked before the work is done: an error where `target` is a directory, is in a folder that is not there or
// cannot be written to, is a descriptor that is not open for writing, or is one of the files that are read
// (writing would destroy it). Empty names in `inputs` are no files.
MaybeError check_output(const std::string& target, const std::vector<std::string>& inputs);

// Whether two names stand for the same file, be it there or not.
bool same_file(const std::string& a, const std::string& b);

}  // namespace wattline::experiments
