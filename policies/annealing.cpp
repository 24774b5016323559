#include "policies/annealing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/elementary.hpp"
#include "sim/random.hpp"

namespace wattline::policies {

namespace {

// Positions on the mode's axes, then the place of the batch.
constexpr std::size_t batch_axis = devices::all_axes.size();
constexpr std::size_t axis_count = batch_axis + 1;
using Place = std::array<std::size_t, axis_count>;

class Walk {
 public:
  Walk(const Problem& problem, const devices::ModeSpace& modes, const AnnealingOptions& options,
       Notebook& notebook)
      : problem_(problem),
        modes_(modes),
        options_(options),
        notebook_(notebook),
        stream_(options.seed, fmt::format("annealing/{}", problem.id)) {
    if (!problem.infers()) batches_ = {0};
    for (const int batch : problem.infer_batches) {
      // One that cannot even be gathered within the latency budget is no choice.
      if (problem.infers() && gathering_ns(problem, batch) < problem.latency_budget_ns)
        batches_.push_back(batch);
    }
    for (std::size_t axis = 0; axis < batch_axis; ++axis)
      length_[axis] = modes.axis(devices::all_axes[axis]).size();
    length_[batch_axis] = batches_.size();
    visited_.assign(modes.size() * batches_.size(), false);
    unvisited_ = visited_.size();
  }

  // Whether every point was seen, rather than profiles used up.
  bool run() {
    if (batches_.empty()) return true;
    for (std::size_t axis = 0; axis < axis_count; ++axis) here_[axis] = length_[axis] / 2;
    if (!visit(here_, "middle of every axis")) return false;
    int stalled = 0;  // proposals in a row that were known
    while (unvisited_ > 0) {
      Place next = neighbour();
      const bool jump = stalled >= 20;
      if (jump) next = nearest_unvisited();
      stalled = visited_[index_of(next)] ? stalled + 1 : 0;
      if (!visited_[index_of(next)] && !visit(next, jump ? "nearest unseen to the best" : reason()))
        return false;
      if (jump || accepted(next)) here_ = next;
    }
    return true;
  }

 private:
  std::size_t index_of(const Place& place) const {
    return modes_.index_of({place[0], place[1], place[2], place[3]}) * batches_.size() + place[batch_axis];
  }
  devices::PowerMode mode_at(const Place& place) const {
    return modes_.at(devices::ModeCoordinates{place[0], place[1], place[2], place[3]});
  }
  int batch_at(const Place& place) const { return batches_[place[batch_axis]]; }
  std::string reason() const { return fmt::format("neighbour at temperature {:.4f}", temperature_); }

  bool visit(const Place& place, const std::string& reason) {
    const devices::PowerMode mode = mode_at(place);
    const int before = notebook_.remaining();
    if (problem_.trains() && !notebook_.train(mode, reason)) return false;
    if (problem_.infers() && !notebook_.infer(mode, batch_at(place), reason)) return false;
    visited_[index_of(place)] = true;
    --unvisited_;
    for (int spent = before - notebook_.remaining(); spent > 0; --spent) temperature_ *= options_.cooling;
    const Evaluation value = *notebook_.seen(mode, batch_at(place));
    if (!best_ || preferred(value, *best_)) {
      best_ = value;
      best_place_ = place;
    }
    return true;
  }

  // Of points that keep the budgets the better, of others the one that breaks them less.
  bool preferred(const Evaluation& a, const Evaluation& b) const {
    if (a.feasible() && b.feasible()) return better(problem_, a, b);
    if (a.feasible() != b.feasible()) return a.feasible();
    return excess(a) < excess(b);
  }

  // The shares by which budgets are broken, summed.
  double excess(const Evaluation& value) const {
    const auto over = [](double seen, double budget) { return std::max(0.0, seen / budget - 1); };
    double sum = over(value.power_w, problem_.power_budget_w);
    if (problem_.energy_budget_j) sum += over(value.energy_j, *problem_.energy_budget_j);
    if (!problem_.infers()) return sum;
    return sum + over(static_cast<double>(value.latency_ns), static_cast<double>(problem_.latency_budget_ns));
  }

  double energy(const Place& place) const {
    const Evaluation value = *notebook_.seen(mode_at(place), batch_at(place));
    double broken = excess(value);
    if (!value.keeps_up) {
      const auto infer = notebook_.seen_infer(mode_at(place), batch_at(place));
      const auto cycle = cycle_ns(problem_, batch_at(place));
      broken +=
          static_cast<double>(infer->time_ns - cycle) / static_cast<double>(std::max<sim::TimeNs>(1, cycle));
    }
    return regret(problem_, value, *best_) + options_.penalty * broken;
  }

  bool accepted(const Place& next) {
    const double draw = stream_.uniform();  // always, so that the walk's draws stay in step
    const double rise = energy(next) - energy(here_);
    return rise <= 0 || draw < sim::exp(-rise / temperature_);
  }

  // One axis that has somewhere to go, by up to a quarter of its length; the other way where it ends.
  Place neighbour() {
    std::array<std::size_t, axis_count> movable{};
    std::size_t count = 0;
    for (std::size_t axis = 0; axis < axis_count; ++axis) {
      if (length_[axis] > 1) movable[count++] = axis;
    }
    Place next = here_;
    if (count == 0) return next;
    const std::size_t axis = movable[static_cast<std::size_t>(stream_.below(count))];
    const std::size_t step = 1 + static_cast<std::size_t>(stream_.below(std::max<std::size_t>(
                                     1, (axis == batch_axis ? length_[axis] - 1 : length_[axis] / 4))));
    const bool up = stream_.below(2) == 1;
    const bool fits_up = here_[axis] + step < length_[axis], fits_down = here_[axis] >= step;
    if (fits_up && (up || !fits_down))
      next[axis] += step;
    else if (fits_down)
      next[axis] -= step;
    return next;
  }

  // In positions over all axes; the first of equals. Precondition: there is one.
  Place nearest_unvisited() const {
    Place nearest{};
    std::size_t least = SIZE_MAX;
    for (std::size_t i = 0; i < visited_.size(); ++i) {
      if (visited_[i]) continue;
      const devices::ModeCoordinates mode = modes_.coordinates_of(i / batches_.size());
      const Place place = {mode[0], mode[1], mode[2], mode[3], i % batches_.size()};
      std::size_t distance = 0;
      for (std::size_t axis = 0; axis < axis_count; ++axis)
        distance += std::max(place[axis], best_place_[axis]) - std::min(place[axis], best_place_[axis]);
      if (distance >= least) continue;
      least = distance;
      nearest = place;
    }
    return nearest;
  }

  const Problem& problem_;
  const devices::ModeSpace& modes_;
  const AnnealingOptions& options_;
  Notebook& notebook_;
  sim::RandomStream stream_;
  std::vector<int> batches_;
  Place length_{};
  Place here_{};
  Place best_place_{};
  std::optional<Evaluation> best_;
  double temperature_ = options_.initial_temperature;
  std::vector<bool> visited_;
  std::size_t unvisited_ = 0;
};

}  // namespace

Outcome Annealing::solve(const Problem& problem, Platform& platform) const {
  Notebook notebook(problem, platform, options_.profiles);
  const bool complete = Walk(problem, platform.modes(), options_, notebook).run();
  return notebook.conclude(complete);
}

}  // namespace wattline::policies
