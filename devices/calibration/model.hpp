// A calibrated model of one board: the law's parameters, what is left over as a residual process per
// workload, and how far off it was on points that were held out.
//
// Made by calibrate() (calibrate.hpp), kept in a file (model_file.hpp), asked through predict() or as a
// cost model (devices/hybrid.hpp). Value types; immutable once made, so threads may share one.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "devices/calibration/checked_range.hpp"
#include "devices/calibration/group.hpp"

namespace wattline::devices::calibration {

// Errors of predictions, relative: predicted / measured - 1 (errors.hpp).
struct ErrorSummary {
  std::int64_t points = 0;
  double mean_absolute = 0;
  double median_absolute = 0;
  double worst = 0;             // signed, of the largest magnitude
  double bias = 0;              // mean, signed
  double law_alone = 0;         // mean absolute error of the law without its residual process
  double within_one_sigma = 0;  // share of points inside the band; 0.68 is honest
};

struct ParameterEstimates {
  std::vector<Parameter> parameters;  // with the priors that were used
  std::vector<Estimate> estimates;    // of each
};

// Natural logarithms of the estimates, as law.hpp takes them.
std::vector<double> logs(const ParameterEstimates& of);

// One of the two laws, for one group.
struct GroupLaw {
  ParameterEstimates group;
  std::vector<double> covariance;  // of (board, group) in logarithms, row by row
  ResidualProcess residual;
  std::int64_t points = 0;  // used
  double noise = 0;         // relative, of one measurement about the law alone
  ErrorSummary held_out;    // on points that were held out in turn; of none where there were too few
};

struct GroupModel {
  Group group;
  GroupLaw time;
  GroupLaw power;
  CheckedRange range;
};

// Of a counted workload: which minibatch of it.
struct CountedPoint {
  workloads::Role role = workloads::Role::infer;
  std::int64_t batch = 1;
  auto operator<=>(const CountedPoint&) const = default;
};

// FLOP and bytes of one minibatch of a counted workload, remembered from its profiles.
struct CountedWork {
  double flop = 0;
  double bytes = 0;
};

struct CalibratedModel {
  DeviceSpec spec;
  std::string spec_text;  // the JSON that `spec` was read from
  PowerKind power_kind = PowerKind::module_rails;
  ParameterEstimates board_time;
  ParameterEstimates board_power;
  std::map<PowerKind, ParameterEstimates> meters;  // of the kinds that are not power_kind
  std::vector<GroupModel> groups;
  std::map<std::pair<std::string, CountedPoint>, CountedWork> counted;  // by full name
  std::string source;                                                   // of the profiles, as it was given
  std::string profiles_sha256;  // of the file they came from; may be empty

  // The group of a workload in a role, or null. `counted`: as known_group().
  const GroupModel* find(const std::string& workload, workloads::Role role) const;
};

// What the board draws whatever is executed: leakage, idle memory, carrier. `board`: logarithms.
double static_power_w(const std::vector<double>& board, const Setting& at);

struct Band {
  double value = 0;
  double sigma = 0;  // standard deviation of the natural logarithm, of a new measurement
};

struct CostPrediction {
  Band time_s;
  Band power_w;
  std::array<double, 4> domain_w{};  // GPU, CPU, memory, board; sum is power_w.value
};

// `law_only` leaves the residual processes out. Precondition: a counted point brings FLOP and bytes.
CostPrediction predict(const CalibratedModel& model, const GroupModel& group, const Point& point,
                       bool law_only = false);

// Only the bands of `values`, which predict_values() gave for the point.
void add_bands(const CalibratedModel& model, const GroupModel& group, const Point& point,
               CostPrediction& values);

// The same as predict() without bands, faster.
CostPrediction predict_values(const CalibratedModel& model, const GroupModel& group, const Point& point);

}  // namespace wattline::devices::calibration
