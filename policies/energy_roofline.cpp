#include "policies/energy_roofline.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "policies/least_squares.hpp"
#include "policies/predicted_table.hpp"
#include "sim/elementary.hpp"

namespace wattline::policies {

using devices::Axis;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

RooflineKnobs roofline_knobs(const devices::ModeSpace& modes, std::size_t mode) {
  const devices::PowerMode at = modes.at(mode);
  const auto share = [&](std::int32_t value, Axis axis) {
    return static_cast<double>(value) / modes.axis(axis).back();
  };
  return {share(at.cores, Axis::cores), share(at.cpu_khz, Axis::cpu), share(at.gpu_khz, Axis::gpu),
          share(at.emc_khz, Axis::emc)};
}

namespace {

std::array<double, 4> place_of(const RooflineKnobs& knobs) {
  return {sim::log(knobs.cores), sim::log(knobs.cpu), sim::log(knobs.gpu), sim::log(knobs.emc)};
}

// What each ceiling is multiplied by.
std::array<double, 3> loads(double scale, const RooflineKnobs& knobs) {
  return {scale / knobs.gpu, scale / knobs.emc, 1 / knobs.cpu};
}

std::array<double, 3> log_loads(double scale, const RooflineKnobs& knobs) {
  const double log_scale = sim::log(scale);
  return {log_scale - sim::log(knobs.gpu), log_scale - sim::log(knobs.emc), -sim::log(knobs.cpu)};
}

// Terms of the power; a role's own come after the shared ones.
constexpr Index shared_terms = 4, role_terms = 2;

VectorXd power_terms(std::size_t role, double scale, double time_ms, const RooflineKnobs& knobs) {
  VectorXd terms = VectorXd::Zero(shared_terms + 2 * role_terms);
  terms.head<shared_terms>() << 1, knobs.cores * knobs.cpu, knobs.gpu, knobs.emc;
  const Index own = shared_terms + static_cast<Index>(role) * role_terms;
  terms[own] = scale * knobs.gpu * knobs.gpu / time_ms;
  terms[own + 1] = scale / time_ms;
  return terms;
}

}  // namespace

void EnergyRoofline::observe(Half half, double size, const RooflineKnobs& knobs, const Measured& seen) {
  Role& role = roles_[static_cast<std::size_t>(half)];
  if (role.points.empty()) role.first_size = size;
  Point point;
  point.scale = size / role.first_size;
  point.knobs = knobs;
  point.place = place_of(knobs);
  point.time_ms = sim::ns_to_ms(seen.time_ns);
  point.power_w = std::max(1e-6, seen.power_w);
  role.points.push_back(point);
}

void EnergyRoofline::fit_time(Role& role) const {
  const std::size_t count = role.points.size();
  // By ceiling, what it would be if it alone were the time of each point.
  std::array<std::vector<double>, ceilings> alone;
  std::vector<double> log_time;
  for (const Point& point : role.points) {
    const auto load = log_loads(point.scale, point.knobs);
    log_time.push_back(sim::log(point.time_ms));
    for (std::size_t k = 0; k < ceilings; ++k) alone[k].push_back(log_time.back() - load[k]);
  }
  for (std::size_t k = 0; k < ceilings; ++k)
    role.log_ceiling[k] = *std::min_element(alone[k].begin(), alone[k].end());
  const auto squared_error = [&] {
    double sum = 0;
    for (std::size_t i = 0; i < count; ++i) {
      double modelled = role.log_ceiling[0] + log_time[i] - alone[0][i];
      for (std::size_t k = 1; k < ceilings; ++k)
        modelled = std::max(modelled, role.log_ceiling[k] + log_time[i] - alone[k][i]);
      sum += (log_time[i] - modelled) * (log_time[i] - modelled);
    }
    return sum;
  };
  // Ceiling by ceiling to the best of the values that make some point exact; errors only fall, so it ends.
  double least = squared_error();
  for (int sweep = 0; sweep < 10; ++sweep) {
    const double before = least;
    for (std::size_t k = 0; k < ceilings; ++k) {
      double best = role.log_ceiling[k];
      for (const double value : alone[k]) {
        role.log_ceiling[k] = value;
        const double error = squared_error();
        if (error >= least - 1e-12) continue;
        least = error;
        best = value;
      }
      role.log_ceiling[k] = best;
    }
    if (least == before) break;
  }
  // One that no point needs is only known not to be higher: it is taken to be no bound at all, for whoever
  // counts on that will look, and know.
  for (std::size_t k = ceilings; k-- > 0;) {
    const double kept = role.log_ceiling[k];
    role.log_ceiling[k] = -std::numeric_limits<double>::infinity();
    if (!(squared_error() <= least + 1e-12)) role.log_ceiling[k] = kept;
  }
}

double EnergyRoofline::modelled_ms(const Role& role, double scale, const RooflineKnobs& knobs) const {
  const auto load = loads(scale, knobs);
  double time_ms = 0;
  for (std::size_t k = 0; k < ceilings; ++k)
    time_ms = std::max(time_ms, sim::exp(role.log_ceiling[k]) * load[k]);
  return time_ms;
}

double EnergyRoofline::modelled_w(std::size_t role, double scale, double time_ms,
                                  const RooflineKnobs& knobs) const {
  return std::max(1e-6, power_.dot(power_terms(role, scale, time_ms, knobs)));
}

void EnergyRoofline::fit_power() {
  const std::size_t count = roles_[0].points.size() + roles_[1].points.size();
  MatrixXd terms(static_cast<Index>(count), shared_terms + 2 * role_terms);
  Index row = 0;
  for (std::size_t role = 0; role < roles_.size(); ++role) {
    // Over the power, so that errors are relative.
    for (const Point& point : roles_[role].points)
      terms.row(row++) =
          power_terms(role, point.scale, point.time_ms, point.knobs).transpose() / point.power_w;
  }
  power_ = non_negative_least_squares(terms, VectorXd::Ones(terms.rows()));
}

void EnergyRoofline::fit() {
  fit_power();
  for (std::size_t i = 0; i < roles_.size(); ++i) {
    Role& role = roles_[i];
    if (role.points.empty()) continue;
    fit_time(role);
    for (Point& point : role.points) {
      const double modelled = modelled_ms(role, point.scale, point.knobs);
      point.log_time_left = sim::log(point.time_ms / modelled);
      point.log_power_left = sim::log(point.power_w / modelled_w(i, point.scale, point.time_ms, point.knobs));
    }
  }
}

Measured EnergyRoofline::predict(Half half, double size, const RooflineKnobs& knobs) const {
  const auto index = static_cast<std::size_t>(half);
  const Role& role = roles_[index];
  if (role.points.empty()) return {};
  const double scale = size / role.first_size;
  // What is left over is averaged by the inverse squares of distances; far from all points the model alone
  // counts. Distances are of logarithms: a tenth on one knob is 0.1.
  constexpr double at_hand = 0.01, far = 2;
  const std::array<double, 4> place = place_of(knobs);
  double weights = far, time_left = 0, power_left = 0;
  for (const Point& point : role.points) {
    const double log_size = sim::log(scale / point.scale);
    double squared = at_hand + log_size * log_size;
    for (std::size_t k = 0; k < place.size(); ++k)
      squared += (place[k] - point.place[k]) * (place[k] - point.place[k]);
    weights += 1 / squared;
    time_left += point.log_time_left / squared;
    power_left += point.log_power_left / squared;
  }
  const double time_ms = modelled_ms(role, scale, knobs) * sim::exp(time_left / weights);
  return predicted(time_ms, modelled_w(index, scale, time_ms, knobs) * sim::exp(power_left / weights));
}

}  // namespace wattline::policies
