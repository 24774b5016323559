// Powers that the physics of a board speaks against: another unit, another rail, an inverted column. A fit
// follows such profiles as well as true ones, so a small error does not clear them.
#pragma once

#include <string>
#include <vector>

#include "devices/calibration/intake.hpp"

namespace wattline::devices::calibration {

// The most that a board can draw in a mode by its spec: every domain busy, the peaks of arithmetic and memory
// at once.
double most_power_w(const DeviceSpec& spec, const PowerMode& mode);
// The least: idle at the lowest voltage.
double least_power_w(const DeviceSpec& spec, const PowerMode& mode);

// Appends a note, with the first line, where powers are above twice the most (for a meter outside the module,
// 10 W more) or below a third of the least, and where power falls with a rising GPU clock in most of the
// series that differ in it alone. Specs are estimates, so nothing is refused.
void doubt_powers(const DeviceSpec& spec, const std::vector<ProfileRow>& rows, const Intake& intake,
                  std::vector<std::string>& notes);

}  // namespace wattline::devices::calibration
