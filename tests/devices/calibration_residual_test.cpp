// The residual process against a Gaussian process written out here: Matern from Bessel functions, and
// dense inverses.
#include "devices/calibration/residual_process.hpp"

#include <rapidcheck.h>

#include <cmath>

#include "devices/calibration/hyperparameter_search.hpp"
#include "sim/random.hpp"
#include "tests/catch.hpp"

namespace wattline::devices::calibration {
namespace {

// Matern by its definition (Rasmussen and Williams 2006, eq. 4.14) at nu = 5/2.
double matern_by_bessel(double away, double length) {
  if (away == 0) return 1;
  constexpr double nu = 2.5;
  const double z = std::sqrt(2 * nu) * std::abs(away) / length;
  return std::pow(2, 1 - nu) / std::tgamma(nu) * std::pow(z, nu) * std::cyl_bessel_k(nu, z);
}

double covariance_by_hand(const Hyperparameters& hyper, const ResidualPoint& a, const ResidualPoint& b) {
  double sum = 0;
  for (const Component c : {smooth_component, tile_component, same_component}) {
    double term = hyper.amplitude[c] * hyper.amplitude[c];
    for (std::size_t f = 0; f < feature_count; ++f)
      if (hyper.length[c][f] > 0) term *= matern_by_bessel(a.at[f] - b.at[f], hyper.length[c][f]);
    if (c != smooth_component) term *= a.share * b.share;
    if (c == same_component && a.work != b.work) term = 0;
    sum += term;
  }
  return sum;
}

Hyperparameters some_hyperparameters() {
  Hyperparameters hyper;
  hyper.amplitude = {0.2, 0.1, 0.05};
  hyper.length[smooth_component] = {1.5, 0, 0, 0.8, 1.2, 2, 1, 0};
  hyper.length[tile_component] = {3, 0, 1.1, 0, 0, 0, 0, 0};
  hyper.length[same_component] = {0, 0, 0, 0.7, 0.9, 1, 0, 0};
  hyper.noise = 0.02;
  return hyper;
}

// Batches 1 to 8, random clocks.
std::vector<ResidualPoint> random_points(std::size_t count, std::uint64_t seed) {
  sim::RandomStream random(seed, "residual test");
  std::vector<ResidualPoint> points(count);
  for (ResidualPoint& point : points) {
    point.work = 1 + static_cast<std::int64_t>(random.below(8));
    point.at[work_feature] = std::log(static_cast<double>(point.work));
    point.at[alignment_feature] = point.work % 4 == 0 ? 2 : point.work % 2 == 0 ? 1 : 0;
    for (const Feature f : {gpu_feature, emc_feature, cpu_feature}) point.at[f] = -1.5 * random.uniform();
    point.at[cores_feature] = std::log(1.0 + static_cast<double>(random.below(12)));
    point.share = 0.5 + 0.5 * random.uniform();
  }
  return points;
}

struct Dense {
  Eigen::MatrixXd k;
  Eigen::VectorXd weights;

  Dense(const Hyperparameters& hyper, const std::vector<ResidualPoint>& points,
        const std::vector<double>& residuals, const std::vector<double>& noises) {
    const auto n = static_cast<Eigen::Index>(points.size());
    k.resize(n, n);
    for (Eigen::Index i = 0; i < n; ++i)
      for (Eigen::Index j = 0; j < n; ++j)
        k(i, j) = covariance_by_hand(hyper, points[static_cast<std::size_t>(i)],
                                     points[static_cast<std::size_t>(j)]);
    for (Eigen::Index i = 0; i < n; ++i) k(i, i) += std::pow(noises[static_cast<std::size_t>(i)], 2);
    weights = k.inverse() * Eigen::Map<const Eigen::VectorXd>(residuals.data(), n);
  }
  Eigen::VectorXd against(const Hyperparameters& hyper, const std::vector<ResidualPoint>& points,
                          const ResidualPoint& at) const {
    Eigen::VectorXd row(k.rows());
    for (Eigen::Index i = 0; i < row.size(); ++i)
      row[i] = covariance_by_hand(hyper, at, points[static_cast<std::size_t>(i)]);
    return row;
  }
};

std::vector<double> to_vector(const Eigen::VectorXd& v) {
  return {v.data(), v.data() + v.size()};
}

// A process over known data at fixed hyperparameters.
ResidualProcess restored(const Hyperparameters& hyper, const std::vector<ResidualPoint>& points,
                         const std::vector<double>& residuals, int pivots = 1000) {
  const std::vector<double> noises(points.size(), hyper.noise);
  const Dense dense(hyper, points, residuals, noises);
  return ResidualProcess::restore(points, to_vector(dense.weights), noises, hyper, pivots);
}

std::vector<double> random_residuals(std::size_t count, std::uint64_t seed, double deviation) {
  sim::RandomStream random(seed, "residuals");
  std::vector<double> residuals(count);
  for (double& residual : residuals) residual = deviation * random.normal();
  return residuals;
}

// A smooth effect of the clocks and batches, known without any process.
std::vector<double> smooth_residuals(const std::vector<ResidualPoint>& points, std::uint64_t seed) {
  sim::RandomStream random(seed, "noise");
  std::vector<double> residuals;
  for (const ResidualPoint& point : points) {
    residuals.push_back(0.1 * std::sin(2 * point.at[gpu_feature]) + 0.05 * point.at[work_feature] +
                        0.005 * random.normal());
  }
  return residuals;
}

TEST_CASE("The correlation is Matern's with nu = 5/2") {
  for (const double away : {0.01, 0.3, 1.0, 2.5, 8.0})
    for (const double length : {0.5, 1.0, 4.0})
      CHECK(matern(away, length) == Approx(matern_by_bessel(away, length)).epsilon(1e-10));
  CHECK(matern(0, 1) == 1);
  CHECK(matern(5, 0) == 1);  // a feature without a length plays no part
}

TEST_CASE("Mean and variance are those of the dense formulas") {
  const Hyperparameters hyper = some_hyperparameters();
  CHECK(rc::check([&] {
    const auto seed = *rc::gen::inRange<std::uint64_t>(0, 100000);
    const auto count = *rc::gen::inRange<std::size_t>(1, 25);
    const auto points = random_points(count, seed);
    const auto residuals = random_residuals(count, seed, 0.1);
    const Dense dense(hyper, points, residuals, std::vector<double>(count, hyper.noise));
    const ResidualProcess process = restored(hyper, points, residuals);
    for (const ResidualPoint& at : random_points(5, seed + 1)) {
      const Eigen::VectorXd row = dense.against(hyper, points, at);
      const double variance = covariance_by_hand(hyper, at, at) - row.dot(dense.k.inverse() * row);
      RC_ASSERT(std::abs(process.mean(at) - row.dot(dense.weights)) < 1e-9);
      RC_ASSERT(std::abs(process.variance(at) - variance) < 1e-9);
    }
  }));
}

TEST_CASE("With little noise the process goes through its points and is sure of them") {
  Hyperparameters hyper = some_hyperparameters();
  hyper.noise = 1e-5;
  const auto points = random_points(20, 1);
  const auto residuals = random_residuals(20, 1, 0.1);
  const ResidualProcess process = restored(hyper, points, residuals);
  for (std::size_t i = 0; i < points.size(); ++i) {
    CHECK(process.mean(points[i]) == Approx(residuals[i]).margin(1e-5));
    CHECK(process.variance(points[i]) < 1e-8);
  }
}

TEST_CASE("Far from its points the process is 0 with the amplitudes it started from") {
  const Hyperparameters hyper = some_hyperparameters();
  const ResidualProcess process = restored(hyper, random_points(20, 2), random_residuals(20, 2, 0.1));
  ResidualPoint far;
  far.work = 1000;
  far.at.fill(200);
  CHECK(process.mean(far) == Approx(0).margin(1e-12));
  CHECK(process.variance(far) == Approx(0.04 + 0.01 + 0.0025));
  far.share = 0.5;  // halves what belongs to the work
  CHECK(process.variance(far) == Approx(0.04 + 0.25 * 0.0125));
  CHECK(ResidualProcess().mean(far) == 0);
  CHECK(ResidualProcess().variance(far) == 0);
}

TEST_CASE("The variance with few pivots is never below the full one, and falls with more") {
  const Hyperparameters hyper = some_hyperparameters();
  CHECK(rc::check([&] {
    const auto seed = *rc::gen::inRange<std::uint64_t>(0, 100000);
    const auto points = random_points(40, seed);
    const auto residuals = random_residuals(40, seed, 0.1);
    std::vector<ResidualProcess> processes;
    for (const int pivots : {1, 4, 16, 40}) processes.push_back(restored(hyper, points, residuals, pivots));
    for (const ResidualPoint& at : random_points(10, seed + 1)) {
      RC_ASSERT(processes.front().variance(at) <= covariance_by_hand(hyper, at, at) + 1e-12);
      for (std::size_t i = 1; i < processes.size(); ++i)
        RC_ASSERT(processes[i].variance(at) <= processes[i - 1].variance(at) + 1e-12);
    }
  }));
}

TEST_CASE("The posterior of the hyperparameters is the textbook's, and its gradient the finite difference") {
  const auto points = random_points(25, 3);
  const auto residuals = smooth_residuals(points, 3);
  const ResidualPrior prior;
  const Hyperparameters hyper = some_hyperparameters();
  // In the order of the gradient: amplitude and lengths of each component, then the noise.
  Hyperparameters at = hyper;
  std::vector<double*> values;
  std::vector<std::pair<double, double>> priors;  // median and spread, of the logarithm
  for (std::size_t c = 0; c < component_count; ++c) {
    values.push_back(&at.amplitude[c]);
    priors.emplace_back(std::log(prior.amplitude), 1.0);
    for (double& length : at.length[c]) {
      if (length <= 0) continue;
      values.push_back(&length);
      priors.emplace_back(0.0, 1.0);
    }
  }
  values.push_back(&at.noise);
  priors.emplace_back(std::log(prior.noise), 0.7);

  // 1/2 r'K^-1 r + 1/2 ln det K, and half squares of the priors; no constants.
  const auto by_hand = [&] {
    const Dense dense(at, points, residuals, std::vector<double>(points.size(), at.noise));
    const Eigen::Map<const Eigen::VectorXd> r(residuals.data(), dense.k.rows());
    double cost = 0.5 * r.dot(dense.weights) + 0.5 * std::log(dense.k.determinant());
    for (std::size_t i = 0; i < values.size(); ++i)
      cost += 0.5 * std::pow((std::log(*values[i]) - priors[i].first) / priors[i].second, 2);
    return cost;
  };
  std::vector<double> gradient;
  CHECK(negative_log_posterior(points, residuals, prior, at, &gradient) == Approx(by_hand()).epsilon(1e-5));
  REQUIRE(gradient.size() == values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    CAPTURE(i);
    const double before = *values[i];
    constexpr double step = 1e-4;
    *values[i] = before * std::exp(step);
    const double above = negative_log_posterior(points, residuals, prior, at, nullptr);
    *values[i] = before * std::exp(-step);
    const double below = negative_log_posterior(points, residuals, prior, at, nullptr);
    *values[i] = before;
    CHECK(gradient[i] == Approx((above - below) / (2 * step)).epsilon(1e-5).margin(1e-5));
  }
}

TEST_CASE("A fitted process predicts a smooth effect at points it has not seen") {
  const auto points = random_points(80, 4);
  const auto process = ResidualProcess::fit(points, smooth_residuals(points, 4), {}, {});
  const auto others = random_points(50, 5);
  const auto truth = smooth_residuals(others, 5);
  double squares = 0;
  int inside = 0;
  for (std::size_t i = 0; i < others.size(); ++i) {
    const double off = process.mean(others[i]) - truth[i];
    squares += off * off;
    if (std::abs(off) <= std::sqrt(process.variance(others[i]) + std::pow(process.noise(), 2))) ++inside;
  }
  // The effect itself has a deviation of 0.05, its noise one of 0.005.
  CHECK(std::sqrt(squares / 50) < 0.012);
  // 50 trials at 0.68: 0.0005 of the binomial is outside of 22 .. 44; bands may be a little wide.
  CHECK(inside >= 22);
  CHECK(process.noise() == Approx(0.005).epsilon(0.5));
}

TEST_CASE("A feature that does not vary has no length, a component without features no amplitude") {
  auto points = random_points(20, 6);
  for (ResidualPoint& point : points) {
    point.at[cpu_feature] = 0;
    point.at[alignment_feature] = 1;
  }
  const auto process = ResidualProcess::fit(points, random_residuals(20, 6, 0.05), {}, {});
  const Hyperparameters& hyper = process.hyperparameters();
  CHECK(hyper.length[smooth_component][cpu_feature] == 0);
  CHECK(hyper.length[smooth_component][gpu_feature] > 0);
  CHECK(hyper.amplitude[tile_component] == 0);
  ResidualPoint moved = points[0];
  moved.at[cpu_feature] = -5;
  CHECK(process.mean(moved) == process.mean(points[0]));
}

TEST_CASE("A point that its neighbours contradict is given more noise, and moves them little") {
  auto points = random_points(60, 7);
  auto residuals = smooth_residuals(points, 7);
  // The first is measured five times, once badly.
  for (const std::size_t i : {10, 20, 30, 40}) {
    points[i] = points[0];
    residuals[i] = residuals[0];
  }
  const double truth = residuals[0];
  residuals[20] += 1.0;
  const auto process = ResidualProcess::fit(points, residuals, {}, {});
  CHECK(process.noises()[20] > 5 * process.noises()[10]);
  CHECK(process.noises()[10] == process.noise());
  CHECK(process.mean(points[0]) == Approx(truth).margin(0.03));  // the mean of the five is 0.2 off
}

TEST_CASE("A process whose amplitude is damped to nothing says nothing, and what it said becomes noise") {
  const auto points = random_points(30, 8);
  const auto residuals = smooth_residuals(points, 8);
  const auto process = ResidualProcess::fit(points, residuals, {}, {});
  const auto none = process.damped(0);
  const auto whole = process.damped(1);
  const auto half = process.damped(0.5);
  for (const ResidualPoint& at : points) {
    CHECK(none.mean(at) == 0);
    CHECK(none.variance(at) == 0);
    CHECK(whole.mean(at) == Approx(process.mean(at)).margin(1e-12));
  }
  // No more noise than there are residuals, beside what was noise before.
  double squares = 0;
  for (const double residual : residuals) squares += residual * residual / 30;
  CHECK(whole.noise() == process.noise());
  CHECK(half.noise() > process.noise());
  CHECK(none.noise() > half.noise());
  CHECK(none.noise() <= std::hypot(process.noise(), std::sqrt(squares)) * 1.000001);
}

TEST_CASE("The same data and seed give the same process to the bit, also where points are drawn") {
  const auto points = random_points(120, 9);
  const auto residuals = smooth_residuals(points, 9);
  ResidualOptions options;
  options.exact_points = 60;
  options.hyper_points = 40;
  const auto one = ResidualProcess::fit(points, residuals, {}, options);
  const auto two = ResidualProcess::fit(points, residuals, {}, options);
  CHECK(one.points().size() == 60);
  CHECK(one.weights() == two.weights());
  CHECK(one.noises() == two.noises());
  CHECK(one.hyperparameters().amplitude == two.hyperparameters().amplitude);
  CHECK(one.hyperparameters().length == two.hyperparameters().length);
  options.seed = 2;
  CHECK(ResidualProcess::fit(points, residuals, {}, options).weights() != one.weights());
}

TEST_CASE("A process restored from its parts is the process") {
  const auto points = random_points(50, 10);
  const auto process = ResidualProcess::fit(points, smooth_residuals(points, 10), {}, {});
  const auto again = ResidualProcess::restore(process.points(), process.weights(), process.noises(),
                                              process.hyperparameters(), ResidualOptions{}.variance_points);
  for (const ResidualPoint& at : random_points(10, 11)) {
    CHECK(again.mean(at) == process.mean(at));
    CHECK(again.variance(at) == process.variance(at));
  }
}

}  // namespace
}  // namespace wattline::devices::calibration
