// What a model cannot hold although each of its numbers is in range by itself: for the reader of model files,
// which people edit. Each function returns what is wrong, or nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "devices/calibration/model.hpp"

namespace wattline::devices::calibration {

// A parameter's value outside its bounds.
std::optional<std::string> bounds_fault(const Parameter& parameter, const Estimate& estimate);

// A negative variance, of a parameter or of a combination of them, beyond the rounding of numbers with five
// digits; or one that is wider than any prior. `covariance`: square, row by row; `names`: of its rows.
std::optional<std::string> covariance_fault(const std::vector<double>& covariance,
                                            const std::vector<std::string>& names);

// A residual process that is off the law by more than e^10 at one of its profiles, or at many of them by more
// than the law is known to miss (`law_noise`, a deviation of the logarithm).
std::optional<std::string> residual_fault(const ResidualProcess& process, double law_noise);

// A lowest value above the highest.
std::optional<std::string> range_fault(const CheckedRange& range);

// Time or power that is no positive number, or a band without end, at the least or the greatest mode of the
// board's first mode space.
std::optional<std::string> prediction_fault(const CalibratedModel& model, const GroupModel& group);

}  // namespace wattline::devices::calibration
