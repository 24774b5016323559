#include "devices/calibration/model_checks.hpp"

#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "sim/base/text.hpp"

namespace wattline::devices::calibration {

namespace {

// Correlations, so that the size of a parameter's variance plays no part.
Eigen::MatrixXd correlations(const std::vector<double>& covariance, Eigen::Index side) {
  Eigen::MatrixXd matrix = Eigen::Map<const Eigen::MatrixXd>(covariance.data(), side, side);
  const Eigen::VectorXd deviations = matrix.diagonal().cwiseSqrt();
  for (Eigen::Index i = 0; i < side; ++i)
    for (Eigen::Index j = 0; j < side; ++j) {
      const double scale = deviations(i) * deviations(j);
      // What does not vary cannot vary with anything.
      matrix(i, j) = scale > 0 ? matrix(i, j) / scale : matrix(i, j) == 0 ? 0 : 2;
    }
  return matrix;
}

bool usable(const Band& band) {
  constexpr double widest = 100;  // of a logarithm: e^100
  return std::isfinite(band.value) && band.value > 0 && band.sigma >= 0 && band.sigma < widest;
}

}  // namespace

std::optional<std::string> bounds_fault(const Parameter& parameter, const Estimate& estimate) {
  constexpr double rounding = 1e-6;  // of a logarithm and back
  if (estimate.value >= parameter.low * (1 - rounding) && estimate.value <= parameter.high * (1 + rounding))
    return {};
  return fmt::format("{} is not accepted; a value within the bounds {} to {} is expected",
                     shortest(estimate.value), shortest(parameter.low), shortest(parameter.high));
}

std::optional<std::string> covariance_fault(const std::vector<double>& covariance,
                                            const std::vector<std::string>& names) {
  const std::size_t side = names.size();
  // Priors are no wider than a deviation of 2, and data narrow them.
  constexpr double widest = 16;
  for (std::size_t i = 0; i < side; ++i) {
    const double variance = covariance[i * side + i];
    if (variance < 0) return fmt::format("the variance of {} is below 0: {}", names[i], shortest(variance));
    if (variance > widest)
      return fmt::format("the variance of {}, {}, is above {}, which no prior is as wide as", names[i],
                         shortest(variance), widest);
  }
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(
      correlations(covariance, static_cast<Eigen::Index>(side)));
  constexpr double rounding = 1e-3;  // of numbers with five digits, a hundred of them together
  if (solver.info() == Eigen::Success && solver.eigenvalues()(0) >= -rounding) return {};
  std::vector<std::size_t> order(side);
  std::iota(order.begin(), order.end(), std::size_t{0});
  const Eigen::VectorXd weights = solver.eigenvectors().col(0).cwiseAbs();
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return weights(static_cast<Eigen::Index>(a)) > weights(static_cast<Eigen::Index>(b));
  });
  return fmt::format("this is no covariance: a combination of {} and {} would have a variance below 0",
                     names[order[0]], names[order[1]]);
}

std::optional<std::string> range_fault(const CheckedRange& range) {
  const auto above = [](const char* knob, auto low, auto high) -> std::optional<std::string> {
    if (low <= high) return {};
    return fmt::format("{}: the lowest, {}, is above the highest, {}", knob, low, high);
  };
  for (const auto& fault :
       {above("batch", range.low_batch, range.high_batch), above("cores", range.low.cores, range.high.cores),
        above("cpu_khz", range.low.cpu_khz, range.high.cpu_khz),
        above("gpu_khz", range.low.gpu_khz, range.high.gpu_khz),
        above("emc_khz", range.low.emc_khz, range.high.emc_khz),
        above("active_sms", range.low.active_sms, range.high.active_sms),
        above("flop", range.low_flop, range.high_flop), above("bytes", range.low_bytes, range.high_bytes)})
    if (fault) return fault;
  return {};
}

std::optional<std::string> residual_fault(const ResidualProcess& process, double law_noise) {
  constexpr double largest = 10;      // of a logarithm: a law that is off by e^10 is of something else
  constexpr double largest_own = 40;  // a slip of a unit, or of a few digits, is left to stand out
  // What the process knows is what the law was seen to miss; outliers may be a few times that.
  const double usual = 5 * law_noise + 0.1;
  double squares = 0;
  std::size_t means = 0;
  // Every profile's own residual is its mean and noise^2 times weight; of means a few dozen are enough to
  // tell.
  const std::size_t size = process.points().size();
  constexpr std::size_t most = 64;
  const std::size_t step = std::max<std::size_t>(1, size / most);
  for (std::size_t i = 0; i < size; ++i) {
    const double own = process.noises()[i] * process.noises()[i] * process.weights()[i];
    const bool asked = i % step == 0;
    const double mean = asked ? process.mean(process.points()[i]) : 0;
    squares += mean * mean;
    means += asked;
    if (!(std::abs(own) < largest_own && std::abs(mean) < largest))
      return fmt::format("profile {} would be off the law by a factor of e^{:.3g}", i,
                         std::min(999.0, std::max(std::abs(own), std::abs(mean))));
  }
  const double root_mean_square = means > 0 ? std::sqrt(squares / static_cast<double>(means)) : 0;
  if (root_mean_square > usual || process.noise() > std::max(usual, 1.0))
    return fmt::format(
        "its profiles would be off the law by a factor of e^{:.2g}, with noise of {:.2g}; the law's own "
        "noise is {:.2g}",
        root_mean_square, process.noise(), law_noise);
  return {};
}

std::optional<std::string> prediction_fault(const CalibratedModel& model, const GroupModel& group) {
  const ModeSpace& space = model.spec.mode_spaces.front();
  Point point;
  if (group.group.source == WorkSource::counted) {
    point.flop = 1e9;
    point.bytes = 1e8;
  }
  for (const std::size_t at : {std::size_t{0}, space.size() - 1}) {
    point.mode = space.at(at);
    const CostPrediction cost = predict(model, group, point);
    for (const auto& [target, band] : {std::pair{"time", &cost.time_s}, std::pair{"power", &cost.power_w}})
      if (!usable(*band))
        return fmt::format("{}: predicts {:.3g} with a band of e^{:.3g} at {}", target, band->value,
                           band->sigma, to_text(point.mode));
  }
  return {};
}

}  // namespace wattline::devices::calibration
