// Profiles checked and sorted into groups, for calibrate().
#pragma once

#include "devices/calibration/calibrate.hpp"

namespace wattline::devices::calibration {

// A row as calibration uses it.
struct IntakePoint {
  std::size_t row = 0;  // index into the rows
  std::size_t group = 0;
  std::size_t key = 0;  // the same for the same (workload, batch, mode)
  Point point;
  PowerKind power_kind = PowerKind::module_rails;
};

struct Intake {
  std::vector<Group> groups;
  std::vector<double> typical_time_s;  // of each group; 0 where no time was measured
  std::vector<IntakePoint> points;
  PowerKind power_kind = PowerKind::module_rails;  // that the model predicts
  std::vector<PowerKind> other_kinds;              // ascending
  std::vector<std::string> notes;
  std::vector<Disagreement> disagreements;
};

// What the row's power is of: what it says, else what the options say, else module rails.
PowerKind power_kind_of(const ProfileRow& row, const CalibrationOptions& options);

// Whether the board can be in the row's mode; the row's other values are not looked at.
MaybeError check_profile(const DeviceSpec& spec, const std::string& name, const ProfileRow& row);

// Errors name file and line: another board's profile, a knob that the board does not have (with the unit
// that it looks like), an unknown workload, several power kinds.
Result<Intake> take_in(const DeviceSpec& spec, const std::vector<ProfileRow>& rows, const std::string& name,
                       const CalibrationOptions& options);

}  // namespace wattline::devices::calibration
