// The cost of one minibatch at many modes: what predict_values() gives for each, with everything that modes
// share computed once. 18,096 modes cost a few milliseconds for a model of 50 profiles.
//
// The law falls into a part of (GPU clock, EMC clock, SMs) and a part of (cores, CPU clock); the residual
// process is a sum over its points of products of one factor per knob, so that per mode one scalar product
// of two vectors is left.
#pragma once

#include <span>

#include "devices/calibration/model.hpp"

namespace wattline::devices::calibration {

// Precondition: a counted `point` brings FLOP and bytes. The point's own mode does not matter.
std::vector<CostPrediction> predict_values(const CalibratedModel& model, const GroupModel& group,
                                           const Point& point, std::span<const PowerMode> modes);

}  // namespace wattline::devices::calibration
