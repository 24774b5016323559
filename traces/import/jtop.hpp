// Importer of jtop CSV logs (jetson_stats 4: a row of jtop.stats each time, as its example logger writes
// them), joined with a minibatch log (minibatch_log.hpp, power_log.hpp). Columns, which differ by board:
//
//   time           "2026-11-23 10:00:01.703152", local time; required, ascending
//   uptime, RAM, SWAP, IRAM, MTS FG, MTS BG, Fan .., Temp .., jetson_clocks    not used
//   CPU1, CPU2, .. load in percent, or OFF: the cores that are not are online
//   GPU, EMC, and any other name of capitals and digits (NVENC, APE, ..)       loads, not used
//   nvp model      the preset
//   Power ..       power of a rail in mW, and Power TOT, jtop's total
//
// Power is the sum of the rails that make up the module (power_rails.hpp); where they are not there, Power
// TOT: on AGX Orin that also counts VDDQ_VDD2_1V8AO, which is why it is not preferred. jtop.stats has no
// clocks, so the mode is the preset's (or the options'), and a log says "jetson_clocks OFF" in the source
// of its profiles where the clocks were only capped by it.
//
// Options: device and minibatches are required.
#pragma once

#include <string>
#include <vector>

#include "devices/profile.hpp"
#include "sim/base/result.hpp"
#include "traces/import/options.hpp"
#include "traces/import/power_log.hpp"

namespace wattline::traces {

Result<PowerLog> parse_jtop(const std::string& text, const std::string& name,
                            const ImportOptions& options = {});
// Joined with the minibatch log that the options name.
Result<std::vector<devices::ProfileRow>> import_jtop(const std::string& text, const std::string& name,
                                                     const ImportOptions& options);

}  // namespace wattline::traces
