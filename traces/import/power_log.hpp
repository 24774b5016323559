// What a power log (tegrastats, jtop) says line by line, and how it becomes profiles: joined with the
// minibatch log of the same run.
//
// A run is a sequence of minibatches with the same workload, role, batch and mode, without a pause longer
// than ImportOptions::longest_gap_s. Each run is one profile: the median and the standard deviation of its
// minibatch times, and the mean and standard deviation of the power readings between its start plus
// settle_s and its end (no power where there are none). Power is the sum of module rails.
//
// The mode of a minibatch is that of the line nearest to its middle. A clock is moved to the nearest one of
// the board's tables, or refused if that is more than 2 % (1.5 MHz) away: pin the clocks while measuring.
// The CPU clock is that of the fastest core that is online. Logs do not say how many SMs are active: that
// comes from the options, or from the preset where the log names one, and else is left as all of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "devices/profile.hpp"
#include "sim/base/result.hpp"
#include "traces/import/minibatch_log.hpp"
#include "traces/import/options.hpp"

namespace wattline::traces {

// One line of a log; nothing for what it does not say.
struct PowerReading {
  double time_s = 0;
  std::optional<double> power_w;      // of the module
  std::optional<std::int32_t> cores;  // online
  std::optional<double> cpu_khz;
  std::optional<double> gpu_khz;
  std::optional<double> emc_khz;
  std::string preset;  // of nvpmodel; empty where the log does not name it
  std::size_t line = 0;
};

struct PowerLog {
  std::string name;                    // for messages
  std::string source;                  // of the profiles
  std::vector<PowerReading> readings;  // ascending in time, at least one
};

// An error where a mode cannot be told (which knob no line states), where a clock or preset is not the
// board's, and where the two logs do not overlap in time.
Result<std::vector<devices::ProfileRow>> join_minibatches(const PowerLog& log,
                                                          const std::vector<Minibatch>& minibatches,
                                                          const ImportOptions& options);

// The same with the minibatch log that the options name; an error where they name none.
Result<std::vector<devices::ProfileRow>> join_minibatch_log(const PowerLog& log,
                                                            const ImportOptions& options);

}  // namespace wattline::traces
