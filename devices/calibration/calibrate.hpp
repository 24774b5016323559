// Profiles in, calibrated model out.
//
// Rows are sorted into groups (group.hpp), the law is fitted to all of them together (fit.hpp), what is
// left over becomes one residual process per group and target (residual_process.hpp), and the whole is
// repeated with a part of the points held out to state its error: five folds, one fold of a fifth where
// there are more than 300 points, none below 3 points. Points that are
// the same (workload, batch, mode) are held out together.
//
// Works from one row (parameters stay at their priors) to 100,000 (law and process use a sample of them).
// Deterministic for one binary. Errors name file and line.
#pragma once

#include <functional>

#include "devices/calibration/model.hpp"

namespace wattline::devices::calibration {

struct CalibrationOptions {
  FitOptions fit;
  ResidualOptions time_residual;
  ResidualOptions power_residual;
  bool hybrid = true;                          // false: the law alone
  int law_points = 1000;                       // most observations that the law is fitted to
  std::vector<std::string> fit_work;           // networks that may be unknown: their work is fitted
  bool fit_any_work = false;                   // every unknown network's is
  bool fit_power_offset = false;               // several power kinds: fit gain and offset between them
  PowerKind power_kind = PowerKind::unstated;  // to predict; unstated: that of most rows
  const CalibratedModel* base = nullptr;       // whose estimates become priors (transfer); borrowed
  bool held_out = true;                        // whether to state the error on held-out points
  int monotone_steps = 8;  // at most so often a process that bends the physics is damped; 0: never
  // Told what begins ("fitting time"), for a person who waits; changes no result.
  std::function<void(const char*)> on_step = [](const char*) {};
};

// Two or more profiles of one point that differ by more than 2 %.
struct Disagreement {
  std::string workload;
  std::vector<std::size_t> lines;
  double time_spread = 0;  // highest / lowest - 1
  double power_spread = 0;
};

// A parameter whose prior a base model changed, with the prior that it got.
struct TransferredPrior {
  std::string group;  // its name; empty: the board
  workloads::Role role = workloads::Role::infer;
  const char* target = "time";  // or "power"
  Parameter parameter;
};

struct CalibrationReport {
  std::vector<Disagreement> disagreements;
  std::vector<TransferredPrior> transferred;
  std::vector<std::string> notes;  // what was assumed, and what the data could not determine
  Termination time_fit = Termination::no_data;
  Termination power_fit = Termination::no_data;
  std::vector<FitStep> time_steps;
  std::vector<FitStep> power_steps;
};

struct Calibration {
  CalibratedModel model;
  CalibrationReport report;
};

// `name` is what messages call the rows' file.
Result<Calibration> calibrate(const DeviceSpec& spec, const std::string& spec_text,
                              const std::vector<ProfileRow>& rows, const std::string& name,
                              const CalibrationOptions& options);

// The model of one group without any profile: the priors, or what a base model knows.
Result<CalibratedModel> prior_model(const DeviceSpec& spec, const Group& group,
                                    const CalibrationOptions& options);

// The model of a board without any profile, from one of another board: what its workloads ask of a GPU, a CPU
// and a memory stays, the board is `spec`. Workloads whose work is fitted or counted stay with it; one whose
// stack or role the board lacks is left out, and an error where none is left. The report lists what came from
// the base. `kind`: the power that it predicts; unstated: that of the base.
Result<Calibration> transferred(const CalibratedModel& base, const DeviceSpec& spec,
                                const std::string& spec_text, PowerKind kind = PowerKind::unstated);

}  // namespace wattline::devices::calibration
