// Predictions for a list of requests, with bands.
#pragma once

#include <vector>

#include "devices/hybrid.hpp"
#include "devices/profile.hpp"
#include "experiments/report/result_table.hpp"

namespace wattline::experiments {

struct Prediction {
  devices::calibration::CostPrediction cost;
  // Whether the point lies in the range of this workload's own profiles, of time and of power.
  bool time_checked = true;
  bool power_checked = true;
};

struct Predictions {
  std::vector<Prediction> of_points;    // distinct points
  std::vector<std::size_t> of_request;  // index into of_points, per request
  std::size_t outside = 0;
  std::size_t first_outside_line = 0;
};

// Equal points are computed once. Errors name file and line: another board, an unknown workload, a knob that
// the board does not have, another power kind than the model's. `name` is what messages call the requests.
Result<Predictions> predict_all(const devices::HybridModel& model,
                                const std::vector<devices::ProfileRow>& requests, const std::string& name);

// The request's columns, then time_ms and power_w, each with the ends of its one-sigma band, and whether the
// model was checked there in time and in power.
ResultTable predictions_table(const std::vector<devices::ProfileRow>& requests,
                              const Predictions& predictions);

// predictions_table() as CSV, without the table in between: for a million rows.
std::string predictions_csv(const std::vector<devices::ProfileRow>& requests, const Predictions& predictions);

}  // namespace wattline::experiments
