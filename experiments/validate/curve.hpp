// Which sizes of a learning curve (devices/calibration/learning_curve.hpp) profiles are enough for.
#pragma once

#include <string>
#include <vector>

#include "devices/calibration/learning_curve.hpp"

namespace wattline::experiments {

// The sizes of `options.used` that learning_curve() leaves out, one line a workload: "W infer: 50 left out,
// of 12 profiles one at least must be left to predict". An error where no size of any workload is left, and
// what learning_curve() refuses. `name` is what messages call the rows.
Result<std::vector<std::string>> sizes_left_out(const devices::DeviceSpec& spec,
                                                const std::vector<devices::ProfileRow>& rows,
                                                const std::string& name,
                                                const devices::calibration::LearningCurveOptions& options);

}  // namespace wattline::experiments
