// What a calibration tells: errors on held-out points, parameters with intervals, what the data could not
// determine, and where the profiles contradict each other.
#pragma once

#include "devices/calibration/calibrate.hpp"
#include "experiments/report/result_table.hpp"
#include "sim/base/strict_json.hpp"

namespace wattline::experiments {

// One row per workload and target (time, power). Errors in per cent.
ResultTable error_table(const devices::calibration::CalibratedModel& model);

// One row per parameter: of the board, then of each workload. Parameters that cannot matter for a workload
// (the tell-tales of counted work, where the kernels are known) are left out.
ResultTable parameter_table(const devices::calibration::CalibratedModel& model);

// The parameters of a shipped model, each with where it comes from: fitted (with its interval), or what the
// board's spec says of it (datasheet, measured, public, estimated), or estimated.
ResultTable provenance_table(const devices::calibration::CalibratedModel& model);

// One row per parameter whose prior came from a base model. `spread`: of the natural logarithm.
ResultTable transfer_table(const devices::calibration::CalibrationReport& report);

// One row per point that was profiled more than once with results that differ; of its lines the first eight.
ResultTable disagreement_table(const devices::calibration::CalibrationReport& report);

// Names of the parameters that the data left at their prior, "board: memory_w, ..." a line.
std::vector<std::string> undetermined(const devices::calibration::CalibratedModel& model);

// Numbers as text of four significant digits: parameters span twenty orders of magnitude.
ResultTable to_significant(ResultTable table);

std::string calibration_text(const devices::calibration::Calibration& calibration);
OrderedJson calibration_json(const devices::calibration::Calibration& calibration);

}  // namespace wattline::experiments
