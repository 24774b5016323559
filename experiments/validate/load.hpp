// Load validation: what the simulator predicts of a board that serves requests at higher loads, from its
// lowest load and its closed-loop profile alone (load_fit.hpp), against what was measured there.
//
// Measured figures are means over the repeats. Deterministic for a seed; independent of the number of jobs.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "experiments/report/result_table.hpp"
#include "experiments/validate/load_fit.hpp"

namespace wattline::experiments {

struct LoadOptions {
  FitOptions fit;
  std::string device;    // only this one is predicted; the fit uses all. Empty: all
  std::size_t runs = 0;  // simulated repeats of a point; 0: as many as make 200,000 requests, from 10 to 400
};

enum class Quantity { mean_ms, p50_ms, p95_ms, p99_ms, power_w };
inline constexpr std::size_t quantities = 5;
const char* name_of(Quantity quantity);
// The median relative error that is aimed at; nothing for p50.
std::optional<double> target_of(Quantity quantity);

struct Compared {
  double measured = 0;
  double predicted = 0;
  double noise = 0;  // relative standard deviation between the measured repeats

  double error() const { return predicted / measured - 1; }
};

struct PredictedPoint {
  std::size_t mode = 0;  // index into LoadValidation::modes
  std::size_t load = 0;  // index into its loads; above 0
  double utilisation = 0;
  std::array<std::optional<Compared>, quantities> figures;
};

struct LoadValidation {
  std::vector<ServedMode> modes;
  LoadFit fit;
  std::vector<PredictedPoint> points;
};

// An error: no mode at all, or `device` is not in the data.
Result<LoadValidation> validate_load(const std::vector<ServedMode>& modes, const LoadOptions& options);

// Over the points of one device (empty: of all) that have the quantity; nothing where none has.
struct ErrorSummary {
  std::size_t points = 0;
  double median_error = 0;  // of absolute relative errors
  double worst_error = 0;   // the relative error of largest size, with its sign
  double bias = 0;          // median of the signed relative errors
  double noise = 0;         // median relative standard deviation between repeats
};
std::optional<ErrorSummary> summary_of(const LoadValidation& validation, Quantity quantity,
                                       const std::string& device);

}  // namespace wattline::experiments
