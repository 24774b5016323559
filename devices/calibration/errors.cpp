#include "devices/calibration/errors.hpp"

#include <cmath>

#include "sim/base/median.hpp"

namespace wattline::devices::calibration {

bool inside(const Band& predicted, double measured) {
  return std::abs(std::log(predicted.value / measured)) <= predicted.sigma;
}

void ErrorSum::add(double measured, const Band& predicted, std::optional<double> law_alone) {
  relative_.push_back(predicted.value / measured - 1);
  if (law_alone) law_alone_ += std::abs(*law_alone / measured - 1);
  if (inside(predicted, measured)) ++inside_;
}

ErrorSummary ErrorSum::summary() const {
  ErrorSummary summary;
  if (empty()) return summary;
  std::vector<double> magnitude;
  for (const double relative : relative_) {
    magnitude.push_back(std::abs(relative));
    summary.mean_absolute += magnitude.back();
    summary.bias += relative;
    if (magnitude.back() > std::abs(summary.worst)) summary.worst = relative;
  }
  const auto count = static_cast<double>(relative_.size());
  summary.points = static_cast<std::int64_t>(relative_.size());
  summary.mean_absolute /= count;
  summary.bias /= count;
  summary.law_alone = law_alone_ / count;
  summary.within_one_sigma = static_cast<double>(inside_) / count;
  summary.median_absolute = median(std::move(magnitude));
  return summary;
}

}  // namespace wattline::devices::calibration
