// What physics demands of a calibrated model: more of a clock, or more cores, never make a minibatch slower.
#pragma once

#include <span>

#include "devices/calibration/model.hpp"

namespace wattline::devices::calibration {

// Samples lines along each clock and over cores, over the checked range of every group and as far as the
// profiles vary the knob. They go through both ends of the range and the middle of the profiles, each at up
// to four works, and through up to 24 profiled points. Where time rises along a line by more than the band
// there, more of the residual process is taken for noise (ResidualProcess::damped) until it no longer does or
// `steps` are used up; 0: never. Where that makes the profiles less likely by a factor of more than e^3 (over
// cores: e), the data insist, and the process stays as it was. Returns a note for each group of which one or
// the other is true, of clocks and of cores.
//
// `profiled`: the points of each group.
std::vector<std::string> keep_monotone(int steps, const std::vector<std::vector<Point>>& profiled,
                                       CalibratedModel& model);

// The largest rise of ln time along any of those lines, less the band there; 0 where time never rises so far.
double worst_rise(const CalibratedModel& model, const GroupModel& group, std::span<const Point> profiled);

}  // namespace wattline::devices::calibration
