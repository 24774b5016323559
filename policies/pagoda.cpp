#include "policies/pagoda.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "policies/energy_roofline.hpp"

namespace wattline::policies {

namespace {

using devices::ModeCoordinates;
using devices::ModeSpace;
using devices::PowerMode;

struct Point {
  std::size_t mode = 0;
  int batch = 0;  // 0: no inference
};

struct Valued {
  Point point;
  Evaluation value;
};

Problem with_objective(const Problem& problem, Objective objective) {
  Problem other = problem;
  other.objective = objective;
  return other;
}

class Search {
 public:
  Search(const Problem& problem, const ModeSpace& modes, const PagodaOptions& options, Notebook& notebook)
      : problem_(problem),
        by_speed_(with_objective(problem, Objective::speed)),
        by_energy_(with_objective(problem, Objective::energy)),
        modes_(modes),
        options_(options),
        notebook_(notebook) {
    for (std::size_t mode = 0; mode < modes.size(); ++mode) knobs_.push_back(roofline_knobs(modes, mode));
    if (!problem.infers()) batches_ = {0};
    for (const int batch : problem.infer_batches) {
      // One that cannot even be gathered within the latency budget is no choice.
      if (problem.infers() && gathering_ns(problem, batch) < problem.latency_budget_ns)
        batches_.push_back(batch);
    }
  }

  // Whether the search came to its end, rather than out of profiles.
  bool run() {
    const auto batch = profile_top();
    if (!batch) return !stopped();
    probe_axes(*batch);
    while (!stopped()) {
      model_.fit();
      const auto target = aim();
      // It would go where it has been. That is an end only if it has looked down every axis.
      if (!target || complete(*target)) return probed_all_;
      profile(*target, feasible_ ? "least energy within the slack, as predicted" : "nearest to the budgets");
    }
    return false;
  }

  // By the same rule as the search, of what was seen.
  std::optional<Plan> plan() const {
    std::vector<Valued> seen;
    for (std::size_t mode = 0; mode < modes_.size(); ++mode) {
      for (const int batch : batches_) {
        const auto value = notebook_.seen(modes_.at(mode), batch);
        if (value && value->feasible()) seen.push_back({{mode, batch}, *value});
      }
    }
    const auto chosen = choose(seen);
    if (!chosen) return std::nullopt;
    return Plan{modes_.at(chosen->point.mode), chosen->point.batch, chosen->value.train_per_cycle};
  }

 private:
  bool stopped() const { return notebook_.failed() || notebook_.exhausted(); }

  std::optional<Measured> train(std::size_t mode, const std::string& reason) {
    const PowerMode at = modes_.at(mode);
    const bool known = notebook_.seen_train(at).has_value();
    const auto seen = notebook_.train(at, reason);
    if (seen && !known) model_.observe(Half::train, problem_.train_batch, knobs_[mode], *seen);
    return seen;
  }
  std::optional<Measured> infer(const Point& point, const std::string& reason) {
    const PowerMode at = modes_.at(point.mode);
    const bool known = notebook_.seen_infer(at, point.batch).has_value();
    const auto seen = notebook_.infer(at, point.batch, reason);
    if (seen && !known) model_.observe(Half::infer, point.batch, knobs_[point.mode], *seen);
    return seen;
  }

  // All that is unseen of a point, unless its first half breaks the power budget already.
  void profile(const Point& point, const std::string& reason) {
    if (problem_.trains()) {
      const auto seen = train(point.mode, reason);
      if (!seen || seen->power_w > problem_.power_budget_w) return;
    }
    if (problem_.infers()) infer(point, reason);
  }

  bool complete(const Point& point) const {
    const PowerMode mode = modes_.at(point.mode);
    const auto trained = notebook_.seen_train(mode);
    if (trained && trained->power_w > problem_.power_budget_w) return true;
    return (!problem_.trains() || trained) && (!problem_.infers() || notebook_.seen_infer(mode, point.batch));
  }

  // MAXN, and the batch that it serves by: the smallest for latency, the largest for training throughput,
  // which leaves the most time between inference minibatches. Nothing when even MAXN serves at no batch, or
  // out of profiles.
  std::optional<int> profile_top() {
    const std::size_t top = modes_.size() - 1;
    if (batches_.empty() || (problem_.trains() && !train(top, "MAXN"))) return std::nullopt;
    if (!problem_.infers()) return 0;
    std::vector<int> order = batches_;
    if (problem_.trains()) std::reverse(order.begin(), order.end());
    for (const int batch : order) {
      const auto seen = infer({top, batch}, "MAXN");
      if (!seen) return std::nullopt;
      const Evaluation value = evaluate(problem_, batch, notebook_.seen_train(modes_.at(top)), seen);
      if (!value.within_latency || !value.keeps_up) continue;
      // The other end of the batches tells how time grows with them; where both halves cost a profile at
      // every point, there are too few for that.
      if (!problem_.trains() && batch != order.back())
        infer({top, order.back()}, "MAXN, the other end of the batches");
      return batch;
    }
    return std::nullopt;
  }

  // Half-way down each axis with the others at their top. A profile or two are kept for what the model finds.
  void probe_axes(int batch) {
    const ModeCoordinates top = modes_.coordinates_of(modes_.size() - 1);
    const int a_point = problem_.interleaves() ? 2 : 1;
    for (std::size_t axis = 0; axis < top.size(); ++axis) {
      ModeCoordinates at = top;
      at[axis] /= 2;
      if (at[axis] == top[axis]) continue;
      if (notebook_.remaining() < 2 * a_point) {
        probed_all_ = false;
        continue;
      }
      const std::string reason = fmt::format("half-way down {}", name_of(devices::all_axes[axis]));
      const std::size_t mode = modes_.index_of(at);
      // Both halves, whatever they draw: the model learns from either.
      if (problem_.trains() && !train(mode, reason)) return;
      if (problem_.infers() && !infer({mode, batch}, reason)) return;
    }
  }

  // As seen, or as the model has it; nothing where it has nothing.
  std::optional<Evaluation> value_of(const Point& point) const {
    const PowerMode mode = modes_.at(point.mode);
    std::optional<Measured> trained, inferred;
    if (problem_.trains()) {
      trained = notebook_.seen_train(mode);
      if (!trained) trained = model_.predict(Half::train, problem_.train_batch, knobs_[point.mode]);
      if (trained->time_ns <= 0) return std::nullopt;
    }
    if (problem_.infers()) {
      inferred = notebook_.seen_infer(mode, point.batch);
      if (!inferred) inferred = model_.predict(Half::infer, point.batch, knobs_[point.mode]);
      if (inferred->time_ns <= 0) return std::nullopt;
    }
    return evaluate(problem_, point.batch, trained, inferred);
  }

  // The least energy among those that are as fast as the fastest, but for the slack. All feasible.
  std::optional<Valued> choose(const std::vector<Valued>& points) const {
    if (points.empty()) return std::nullopt;
    const auto fastest = std::min_element(
        points.begin(), points.end(),
        [&](const Valued& a, const Valued& b) { return better(by_speed_, a.value, b.value); });
    const Valued* least = nullptr;
    for (const Valued& candidate : points) {
      const bool fast = problem_.objective == Objective::energy ||
                        regret(by_speed_, candidate.value, fastest->value) <= options_.time_slack;
      if (fast && (!least || better(by_energy_, candidate.value, least->value))) least = &candidate;
    }
    return *least;
  }

  // The share by which the budget that is broken most is broken.
  double excess(const Point& point, const Evaluation& value) const {
    double most = value.power_w / problem_.power_budget_w;
    if (problem_.energy_budget_j) most = std::max(most, value.energy_j / *problem_.energy_budget_j);
    if (!problem_.infers()) return most - 1;
    const auto over = [](sim::TimeNs seen, sim::TimeNs budget) {
      return static_cast<double>(seen) / static_cast<double>(std::max<sim::TimeNs>(1, budget));
    };
    most = std::max(most, over(value.latency_ns, problem_.latency_budget_ns));
    return std::max(most, over(value.latency_ns - gathering_ns(problem_, point.batch),
                               cycle_ns(problem_, point.batch))) -
           1;
  }

  // Where to look next: where nothing is predicted to be within the budgets, at what is unseen and nearest to
  // them. Nothing where all that is unseen is far off.
  std::optional<Point> aim() {
    std::vector<Valued> within;
    std::optional<Point> nearest;
    double least_excess = hopeless;
    for (std::size_t mode = 0; mode < modes_.size(); ++mode) {
      for (const int batch : batches_) {
        const Point point{mode, batch};
        const auto value = value_of(point);
        if (!value) continue;
        if (value->feasible()) {
          within.push_back({point, *value});
          continue;
        }
        const double broken = excess(point, *value);
        if (broken >= least_excess || complete(point)) continue;
        nearest = point;
        least_excess = broken;
      }
    }
    feasible_ = !within.empty();
    if (feasible_) return choose(within)->point;
    return nearest;
  }

  // Predictions do not err by as much.
  static constexpr double hopeless = 0.3;

  const Problem& problem_;
  const Problem by_speed_, by_energy_;
  const ModeSpace& modes_;
  const PagodaOptions& options_;
  Notebook& notebook_;
  EnergyRoofline model_;
  std::vector<RooflineKnobs> knobs_;
  std::vector<int> batches_;
  bool probed_all_ = true;  // whether profiles were enough for every axis
  bool feasible_ = false;   // whether the last aim was at a point predicted to be within the budgets
};

}  // namespace

Outcome Pagoda::solve(const Problem& problem, Platform& platform) const {
  Notebook notebook(problem, platform, options_.profiles);
  Search search(problem, platform.modes(), options_, notebook);
  const bool complete = search.run();
  Outcome outcome = notebook.conclude(complete);
  if (outcome.plan) outcome.plan = search.plan();
  return outcome;
}

}  // namespace wattline::policies
