// The power mode at each instant of a power log: of the clocks that its lines state, or of the preset that
// they name, with what the options say in place of it (power_log.hpp).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "devices/device_spec.hpp"
#include "devices/power_mode.hpp"
#include "sim/base/result.hpp"
#include "traces/import/options.hpp"
#include "traces/import/power_log.hpp"

namespace wattline::traces {

// A line's mode is worked out only once it is asked for: what a log shows outside of the runs (an idle
// GPU's clock) may be no mode at all.
class LogModes {
 public:
  // The log is borrowed. An error where no line states the whole mode, naming what is missing.
  static Result<LogModes> make(const PowerLog& log, const ImportOptions& options);

  // Of the line nearest in time that states the whole mode, the earlier of two as near. An error where
  // its clocks or preset are not the board's.
  Result<devices::PowerMode> at(double time_s);

 private:
  LogModes(const PowerLog& log, const ImportOptions& options) : log_(&log), given_(options.mode) {}
  Result<devices::PowerMode> of(const PowerReading& reading) const;
  Result<devices::PowerMode> of_clocks(const PowerReading& reading) const;
  Result<devices::PowerMode> of_preset(const PowerReading& reading) const;
  Error error_at(const PowerReading& reading, const std::string& message) const;

  const PowerLog* log_;
  devices::PowerMode given_;
  std::optional<devices::DeviceSpec> board_;              // nothing where the options give the whole mode
  std::vector<const PowerReading*> usable_;               // that state every knob which is not given
  std::vector<std::optional<devices::PowerMode>> modes_;  // of usable_, once asked for
};

}  // namespace wattline::traces
