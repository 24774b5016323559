#include "policies/scout/belief.hpp"

#include <Eigen/Cholesky>
#include <algorithm>

namespace wattline::policies::scout {

namespace {

using Curvature = Eigen::Matrix<double, parameter_count, parameter_count>;

// A fit has converged when an iteration gains less than this in log posterior.
constexpr double least_gain = 0.01;

// Minus log posteriors scatter by about the square root of the number of parameters; one that is so much
// above the least has not been found.
constexpr double stuck_above = 20;

}  // namespace

// Minus the log posterior, its gradient, and its curvature without second derivatives of the law.
struct Belief::State {
  double cost = 0;
  Parameters gradient;
  Curvature curvature;
};

Belief::Belief(const BeliefOptions& options, std::uint64_t seed, const Size& size)
    : options_(options), prior_(prior(size)), random_(seed, "scout/hypotheses") {
  for (int i = 0; i < options.hypotheses; ++i) {
    Parameters draw = prior_.mean;
    // The first is the prior's centre: the best single guess.
    for (int j = 0; j < parameter_count && i > 0; ++j) draw[j] += prior_.deviation[j] * random_.normal();
    draws_.push_back(draw);
  }
  hypotheses_ = draws_;
}

void Belief::observe(const Minibatch& minibatch, const Knobs& knobs, const Prediction& seen) {
  profiles_.push_back({minibatch, knobs, seen});
  std::vector<Prediction> disturbances(draws_.size());
  for (std::size_t i = 1; i < draws_.size(); ++i)
    disturbances[i] = {options_.deviation * random_.normal(), options_.deviation * random_.normal()};
  disturbances_.push_back(std::move(disturbances));
}

Belief::State Belief::state_of(const Parameters& parameters, std::size_t hypothesis) const {
  State state;
  const Parameters away = (parameters - draws_[hypothesis]).cwiseQuotient(prior_.deviation);
  const Parameters precision = prior_.deviation.cwiseAbs2().cwiseInverse();
  state.cost = 0.5 * away.squaredNorm();
  state.gradient = away.cwiseQuotient(prior_.deviation);
  state.curvature = precision.asDiagonal();
  const double weight = 1 / (options_.deviation * options_.deviation);
  const Law law(parameters);
  Slopes slopes;
  for (std::size_t i = 0; i < profiles_.size(); ++i) {
    const Profile& profile = profiles_[i];
    const Prediction& disturbance = disturbances_[i][hypothesis];
    const Prediction predicted = law.predict(profile.minibatch, profile.knobs, slopes);
    const double time_error = predicted.log_ms - profile.seen.log_ms - disturbance.log_ms;
    const double power_error = predicted.log_w - profile.seen.log_w - disturbance.log_w;
    state.cost += 0.5 * weight * (time_error * time_error + power_error * power_error);
    state.gradient += weight * (time_error * slopes.log_ms + power_error * slopes.log_w);
    state.curvature.selfadjointView<Eigen::Lower>().rankUpdate(slopes.log_ms, weight);
    state.curvature.selfadjointView<Eigen::Lower>().rankUpdate(slopes.log_w, weight);
  }
  return state;
}

Belief::Fit Belief::fit_from(const Parameters& start, std::size_t hypothesis) const {
  Parameters here = start;
  State state = state_of(here, hypothesis);
  double damping = 0.01;
  for (int iteration = 0; iteration < options_.iterations; ++iteration) {
    Curvature damped = state.curvature;
    damped.diagonal() *= 1 + damping;
    // No parameter moves by more than its unit at once: the law is far from linear.
    const Parameters step = damped.llt().solve(state.gradient).cwiseMax(-1).cwiseMin(1);
    const Parameters there = here - step;
    const State next = state_of(there, hypothesis);
    if (!(next.cost < state.cost)) {
      damping *= 5;
      if (damping > 1e6) break;
      continue;
    }
    const bool converged = state.cost - next.cost < least_gain;
    here = there;
    state = next;
    damping = std::max(damping / 5, 1e-7);
    if (converged) break;
  }
  return {here, state.cost};
}

void Belief::update() {
  std::vector<double> costs(hypotheses_.size());
  for (std::size_t i = 0; i < hypotheses_.size(); ++i) {
    const Fit fit = fit_from(hypotheses_[i], i);
    hypotheses_[i] = fit.parameters;
    costs[i] = fit.cost;
  }
  // One that got stuck in a corner of the law tries again from where the best one is.
  const auto best = std::min_element(costs.begin(), costs.end());
  const Parameters start = hypotheses_[static_cast<std::size_t>(best - costs.begin())];
  const double acceptable = *best + stuck_above;
  for (std::size_t i = 0; i < hypotheses_.size(); ++i) {
    if (costs[i] <= acceptable) continue;
    const Fit fit = fit_from(start, i);
    if (fit.cost < costs[i]) hypotheses_[i] = fit.parameters;
  }
}

}  // namespace wattline::policies::scout
