// Times that what is known of board and network speaks against: another unit, another column, a slip of one
// row. A fit follows such profiles as well as true ones, so a small error does not clear them.
#pragma once

#include <string>
#include <vector>

#include "devices/calibration/intake.hpp"

namespace wattline::devices::calibration {

// Appends a note, with the first line, where the times of a network of the catalogue are in the middle a
// factor of five off what the law says before it is fitted (`priors`: of intake's groups), and where a single
// time is a factor of twenty off the others', relative to that law. Priors are estimates, so nothing is
// refused.
void doubt_times(const DeviceSpec& spec, const std::vector<ProfileRow>& rows, const Intake& intake,
                 const ParameterSet& priors, std::vector<std::string>& notes);

// Appends notes that name the knobs which all of a group's profiles have at one value.
void note_unvaried(const std::vector<ProfileRow>& rows, const Intake& intake,
                   std::vector<std::string>& notes);

}  // namespace wattline::devices::calibration
