// The foreign formats by name, for `wattline calibrate --import FORMAT`. Adding one is one file beside
// this one and a line in formats.cpp.
#pragma once

#include <string>
#include <vector>

#include "devices/profile.hpp"
#include "sim/base/result.hpp"
#include "traces/import/options.hpp"

namespace wattline::traces {

struct Format {
  std::string name;   // "triton-mobilenet"
  std::string title;  // "MobileNet on Triton over GPU clock and batch, AGX Xavier and Jetson Nano"
  // Nothing for a format whose rows are not profiles (request latencies under load, benchmark results):
  // `title` says what they are, and a header of its own reads them.
  // `path` is what messages call the text, and what other files of the data set are beside.
  Result<std::vector<devices::ProfileRow>> (*parse)(const std::string& text, const std::string& path,
                                                    const ImportOptions& options);
  bool several_times;      // ImportOptions::time chooses
  bool power_log = false;  // joined with a minibatch log; the options of such are for no other
};

// In a fixed order.
const std::vector<Format>& formats();

// An unknown name is an error that names the nearest and lists those that hold profiles.
Result<Format> find_format(const std::string& name);

// The profiles of a text in `format`, with the device, workload and mode of the options. An error for a
// format without profiles, for a `time` that the format does not have, and for what its parser refuses.
Result<std::vector<devices::ProfileRow>> import_text(const std::string& format, const std::string& text,
                                                     const std::string& path, const ImportOptions& options);
// Of the file at `path`.
Result<std::vector<devices::ProfileRow>> import_profiles(const std::string& format, const std::string& path,
                                                         const ImportOptions& options = {});

}  // namespace wattline::traces
