// The error of a calibration on points that it has not seen.
#pragma once

#include "devices/calibration/fit_model.hpp"

namespace wattline::devices::calibration {

// Fits again without a part of the points and predicts them, and notes the errors in `model`'s groups: five
// folds, one of them where there are more than 300 points, none below 3. Points of one key are held out
// together. Every choice, the nominal work of fitted groups included, is made anew from the points that are
// used.
void hold_out(const Ground& ground, CalibratedModel& model);

}  // namespace wattline::devices::calibration
