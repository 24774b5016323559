// Importer of NVIDIA tegrastats logs of all Jetson generations, joined with a minibatch log
// (minibatch_log.hpp, power_log.hpp). A line, in any order of its parts:
//
//   11-23-2026 10:00:01                    time stamp, month first, local time (JetPack 5 and later)
//   RAM 1/2MB (lfb 3x4MB) SWAP .. IRAM ..  memory, not used
//   CPU [12%@1190,off,..]                  load and MHz of each core; also [12%,off]@2601
//   EMC_FREQ 0%@2133, GR3D_FREQ 99%@1300,  load and MHz; also 99%@[1300,1300] (one a GPC), @1300, 99%
//   VIC_FREQ 115, NVENC off, APE 174,      engines, not used; MTS fg 0% bg 0% neither
//   GPU@48.5C, cpu@48.5C/49C               temperatures, not used
//   POM_5V_IN 2532/2698, VDD_IN 2401mW/..  power of a rail in mW, now/mean (now/mean/peak), mW or no unit
//
// The power now is used; of the rails, those that make up the module (power_rails.hpp). A clock of 0 (an
// engine that is gated) is not stated. A time stamp has whole seconds and a reading is taken within the
// second after it. Anything else in a line is an error that names the line, as is a change of the rails,
// or a stamp that goes back.
//
// Options: device and minibatches are required; start_s and interval_s for logs without time stamps.
#pragma once

#include <string>
#include <vector>

#include "devices/profile.hpp"
#include "sim/base/result.hpp"
#include "traces/import/options.hpp"
#include "traces/import/power_log.hpp"

namespace wattline::traces {

Result<PowerLog> parse_tegrastats(const std::string& text, const std::string& name,
                                  const ImportOptions& options = {});
// Joined with the minibatch log that the options name.
Result<std::vector<devices::ProfileRow>> import_tegrastats(const std::string& text, const std::string& name,
                                                           const ImportOptions& options);

}  // namespace wattline::traces
