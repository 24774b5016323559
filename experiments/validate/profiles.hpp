// Measured profiles beside what a calibrated model says of them.
#pragma once

#include "experiments/calibration/predictions.hpp"
#include "experiments/report/result_table.hpp"

namespace wattline::experiments {

struct ProfileValidation {
  ResultTable rows;     // one per profile: measured, predicted, error, whether inside one sigma and checked
  ResultTable summary;  // one per workload, role and target: points, errors, share inside one sigma
  std::vector<std::string> notes;  // what was left out of the comparison
};

// A power of another kind than the model's is left out, and noted; the row's time is compared. Errors are
// predict_all()'s, and rows of which nothing is left to compare.
Result<ProfileValidation> validate_profiles(const devices::HybridModel& model,
                                            const std::vector<devices::ProfileRow>& profiles,
                                            const std::string& name);

}  // namespace wattline::experiments
