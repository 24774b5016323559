// How good a calibration is with so many profiles: random splits of a set of profiles into points that are
// used and points that are predicted.
#pragma once

#include <vector>

#include "devices/calibration/calibrate.hpp"

namespace wattline::devices::calibration {

struct LearningCurveOptions {
  std::vector<std::int64_t> used = {0, 1, 3, 5, 10, 20, 50};
  int seeds = 10;  // splits of each size
  CalibrationOptions calibration;
};

// Of one workload (counted ones are one) with so many profiles used: medians over the seeds.
struct LearningCurvePoint {
  std::string workload;
  workloads::Role role = workloads::Role::infer;
  std::int64_t used = 0;
  std::int64_t predicted = 0;  // points per split
  // Per cent, of the points not used; nothing where that was not measured.
  std::optional<double> time_mean, time_median, time_law_mean;
  std::optional<double> power_mean, power_median, power_law_mean;
  std::optional<double> time_inside, power_inside;  // share of points inside one sigma
};

// A size that leaves nothing to predict is left out. Splits are by row, drawn from seed 0, 1, ...; every
// choice that calibrate() makes is made again for each from the used points alone. With 0 used the model
// is the prior (or the base model), which for a workload whose work is fitted does not exist: left out.
Result<std::vector<LearningCurvePoint>> learning_curve(const DeviceSpec& spec,
                                                       const std::vector<ProfileRow>& rows,
                                                       const std::string& name,
                                                       const LearningCurveOptions& options);

}  // namespace wattline::devices::calibration
