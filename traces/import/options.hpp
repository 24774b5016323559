// What a foreign file does not say, and which of its readings to take. Each importer uses what its format
// needs and ignores the rest; its header says which.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "devices/device_spec.hpp"
#include "devices/power_mode.hpp"

namespace wattline::traces {

struct ImportOptions {
  // --- every format ---

  std::string device;    // replaces the board's name on every row; tegrastats and jtop need it
  std::string workload;  // replaces the workload's name on every row
  // Replaces, knob by knob, what the file says of the mode where the knob here is not 0.
  devices::PowerMode mode;

  // --- formats with several times (branes-subgraphs, single-stream, triton-mobilenet) ---

  std::string time;  // which one becomes time_ms; empty: the format's default

  // --- single-stream ---

  std::string observed_clocks;  // path; empty: observed_clocks.csv beside the file

  // --- tx2-gpu-emc ---

  bool keep_repeats = false;  // also the second measurement of a point; see the format's header

  // --- tegrastats and jtop ---

  std::string minibatches;                   // path of the minibatch log (minibatch_log.hpp)
  std::optional<devices::DeviceSpec> board;  // its clocks and presets; nothing: the built-in `device`
  // Instant of the log's first line in the clock of the minibatch log, in seconds, a finite number. Nothing:
  // the log's own time stamps count, in seconds from 1970-01-01 of the clock that printed them, time zone and
  // all.
  std::optional<double> start_s;
  double interval_s = 1;     // between lines, for logs without time stamps
  double settle_s = 0;       // from the start of a run, without power readings
  double longest_gap_s = 1;  // without a minibatch, inside a run
  // The rails whose sum is the power; empty: the rule of the board (power_rails.hpp).
  std::vector<std::string> power_rails;
};

}  // namespace wattline::traces
