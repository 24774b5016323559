// What physics demands of a calibrated model: more of a clock never makes a minibatch slower.
#pragma once

#include "devices/calibration/model.hpp"

namespace wattline::devices::calibration {

// Samples lines along each clock, through both ends of the checked range of every group. Where time rises
// with a clock by more than the band there, the residual process is made quieter (its amplitudes scaled down)
// until it no longer does or `steps` are used up. Where that makes the profiles less likely by a factor of
// more than e^10, the data insist, and the process stays as it was. Appends a note for each group of which
// one or the other is true.
void keep_monotone(int steps, CalibratedModel& model, std::vector<std::string>& notes);

// The largest rise of ln time along any of those lines, less the band there; at most 0 where time never
// rises.
double worst_rise(const CalibratedModel& model, const GroupModel& group);

}  // namespace wattline::devices::calibration
