// Errors of predictions beside measurements, summed up.
#pragma once

#include "devices/calibration/model.hpp"

namespace wattline::devices::calibration {

// Whether a measurement lies inside one sigma of its prediction.
bool inside(const Band& predicted, double measured);

// Collects the errors of one group and target.
class ErrorSum {
 public:
  // `law_alone`: what the law without its residual process predicts, where that is asked for.
  void add(double measured, const Band& predicted, std::optional<double> law_alone = std::nullopt);

  bool empty() const { return relative_.empty(); }
  // All 0 where nothing was added; the mean of the law alone is over all that were added.
  ErrorSummary summary() const;

 private:
  std::vector<double> relative_;
  double law_alone_ = 0;  // sum of magnitudes
  std::int64_t inside_ = 0;
};

}  // namespace wattline::devices::calibration
