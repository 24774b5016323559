// Fitting the calibrated law (law.hpp) to profiles: maximum a posteriori with Ceres.
//
// Every parameter has a prior, a log-normal of given median and spread, and bounds; residuals are
// logarithms of predicted over measured, under a Huber loss. Data that say nothing of a parameter leave
// it at its prior. Starts: the prior, then points drawn around it; the lowest cost wins. The noise level
// that weighs data against priors is estimated from the residuals and the fit repeated with it.
//
// Deterministic for one binary; 1e-6 across compilers. Thread-safe: no shared state.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "devices/calibration/law.hpp"
#include "sim/base/result.hpp"

namespace wattline::devices::calibration {

struct Parameter {
  std::string name;   // "compute_efficiency"
  std::string unit;   // "" for a ratio
  double prior = 1;   // median
  double spread = 1;  // of the natural logarithm, standard deviation
  double low = 0;     // bounds of the value
  double high = 0;
};

// A fitted parameter. The interval is prior and data together (Laplace approximation).
struct Estimate {
  double value = 1;
  double deviation = 1;  // standard deviation of the natural logarithm
  double low95() const;
  double high95() const;
  // Whether the data narrowed the prior by at least a fifth.
  bool determined(const Parameter& parameter) const { return deviation < 0.8 * parameter.spread; }
};

// One measured point: the setting, the group (workload) that it belongs to, and the meter that read it.
struct Observation {
  Setting setting;
  std::size_t group = 0;
  std::size_t meter = 0;  // 0 is the model's own
  double time_s = 0;      // 0: not measured
  double power_w = 0;     // 0: not measured
  double weight = 1;      // of its residual
};

struct FitOptions {
  int starts = 3;             // 1 .. 100
  int iterations = 60;        // of each start, 1 .. 10,000
  double huber = 1.5;         // in standard deviations, above 0: where the loss turns linear
  double least_noise = 0.01;  // relative; the noise estimate's bounds
  double most_noise = 0.30;
  double first_noise = 0.05;
  std::uint64_t seed = 1;  // of the starts
};

enum class Termination {
  converged,
  iterations_exhausted,  // the best found so far is given
  no_data,               // priors are given
  failed
};
const char* name_of(Termination termination);

// One row per start of one round.
struct FitStep {
  int round = 0;
  int start = 0;
  int iterations = 0;
  double cost = 0;
  bool chosen = false;
};

// Parameters of one law: those of the board, then those of each group.
struct ParameterSet {
  std::vector<Parameter> board;
  std::vector<std::vector<Parameter>> groups;
  // Of each group: how far off the law may be, relative, until the data have shown it. Missing: 0.1.
  std::vector<double> misfit;
};

struct FitResult {
  std::vector<Estimate> board;
  std::vector<std::vector<Estimate>> groups;
  std::vector<std::vector<Estimate>> meters;  // power only: gain and offset of every meter but the first
  std::vector<double> noise;  // of each group: standard deviation of its log residuals, robust
  // The same for stating errors: larger where parameters could follow most of the points (their degrees of
  // freedom are not counted), and by the group's misfit where points are few. The covariance is of this.
  std::vector<double> stated_noise;
  // Covariance of (board, group) in logarithms, per group, row by row.
  std::vector<std::vector<double>> covariance;
  Termination termination = Termination::no_data;
  std::vector<FitStep> steps;

  std::vector<double> board_logs() const;
  std::vector<double> group_logs(std::size_t group) const;
};

// Time over all observations that have one. `from`: a fit of the same parameters under other priors, where
// this one starts instead of at several points.
FitResult fit_time(const ParameterSet& parameters, const std::vector<Observation>& observations,
                   const FitOptions& options, const FitResult* from = nullptr);

// Power over all observations that have one. `time_s` of each observation must be set (measured, or what
// the time model says), and its `use` given beside it. `meters`: gain and offset of meters 1, 2, ...
FitResult fit_power(const ParameterSet& parameters, const std::vector<std::vector<Parameter>>& meters,
                    const std::vector<Observation>& observations, const std::vector<law::Use>& use,
                    const FitOptions& options, const FitResult* from = nullptr);

}  // namespace wattline::devices::calibration
