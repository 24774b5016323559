// What physics demands of a calibrated model: more of a clock never makes a minibatch slower.
#pragma once

#include "devices/calibration/model.hpp"

namespace wattline::devices::calibration {

// Samples lines along each clock through the checked range of every group. Where time rises with a clock by
// more than the band there, the residual process is made quieter (its amplitudes scaled down) until it no
// longer does or `steps` are used up. Rises inside the band are kept: the data insist. Appends a note for
// each group that was changed.
void keep_monotone(int steps, CalibratedModel& model, std::vector<std::string>& notes);

// The largest rise of ln time along any clock, less the band there; at most 0 where time never rises.
// Residuals that the data insist on do not count.
double worst_rise(const CalibratedModel& model, const GroupModel& group);

}  // namespace wattline::devices::calibration
