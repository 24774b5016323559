// The whole model from some of the points: law and residual processes of time, then of power.
//
// Deterministic for one binary; thread-safe (no shared state).
#pragma once

#include "devices/calibration/intake.hpp"

namespace wattline::devices::calibration {

// Everything that the fitting of a set of points needs and that no point changes. Borrows all but the priors.
struct Ground {
  const DeviceSpec& spec;
  const std::vector<ProfileRow>& rows;
  const Intake& intake;
  const CalibrationOptions& options;
  ParameterSet time_priors;
  ParameterSet power_priors;
};

// `points`: indices into the intake's points. `report`, if given, gets how both fits ended and their steps.
CalibratedModel fit_model(const Ground& ground, const std::vector<std::size_t>& points,
                          const FitOptions& fit_options, CalibrationReport* report);

}  // namespace wattline::devices::calibration
