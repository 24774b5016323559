#include "policies/gmd.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace wattline::policies {

namespace {

using devices::all_axes;
using devices::Axis;
using devices::ModeCoordinates;
using devices::PowerMode;

constexpr std::size_t axis_count = all_axes.size();

bool at_least(const ModeCoordinates& a, const ModeCoordinates& b) {
  for (std::size_t i = 0; i < axis_count; ++i) {
    if (a[i] < b[i]) return false;
  }
  return true;
}

std::string along(const char* what, std::size_t axis) {
  return fmt::format("{} along {}", what, name_of(all_axes[axis]));
}

class Search {
 public:
  Search(const Problem& problem, const devices::ModeSpace& modes, Notebook& notebook)
      : problem_(problem), modes_(modes), notebook_(notebook) {
    for (std::size_t i = 0; i < axis_count; ++i) {
      length_[i] = modes.axis(all_axes[i]).size();
      here_[i] = length_[i] / 2;
    }
  }

  // Whether the search came to its end, rather than out of profiles.
  bool run() {
    if (problem_.infers() && !choose_batch()) return true;  // no batch can ever meet the latency
    // Where inference alone breaks the power budget, training need not be profiled too.
    if (pruned(here_))
      hungrier_is_training_ = false;
    else if (!profile(objective_is_training(), here_, "middle of every axis"))
      return false;
    const bool over = pruned(here_);
    measure_slopes(over);
    if (over && !descend()) return may_explore();
    if (over && problem_.infers() && !serving_here()) mend_inference();
    for (const std::size_t axis : ranked()) {
      if (merit_[axis] > 0) bisect(axis);
    }
    settle();
    climb();
    return may_explore();
  }

 private:
  bool stopped() const { return notebook_.failed() || notebook_.exhausted(); }
  bool objective_is_training() const { return problem_.trains(); }
  bool hungrier_is_training() const {
    return problem_.interleaves() ? hungrier_is_training_ : problem_.trains();
  }

  // One profile is kept back to complete the point that the search arrives at.
  bool may_explore() const {
    return !notebook_.failed() && notebook_.remaining() > (problem_.interleaves() ? 1 : 0);
  }

  bool pruned(const ModeCoordinates& point) const {
    return std::any_of(over_power_.begin(), over_power_.end(),
                       [&](const ModeCoordinates& over) { return at_least(point, over); });
  }

  std::optional<Measured> profile(bool training, const ModeCoordinates& point, const std::string& reason) {
    const PowerMode mode = modes_.at(point);
    const auto seen = training ? notebook_.train(mode, reason) : notebook_.infer(mode, batch_, reason);
    if (!seen) return seen;
    if (seen->power_w > problem_.power_budget_w) over_power_.push_back(point);
    const auto trained = notebook_.seen_train(mode);
    const auto inferred = notebook_.seen_infer(mode, batch_);
    if (trained && inferred) hungrier_is_training_ = trained->power_w >= inferred->power_w;
    return seen;
  }

  // Profiles the workload that drew more where both were last seen: if it keeps the power budget, the
  // other likely does.
  std::optional<Measured> seen_hungrier(const ModeCoordinates& point) const {
    const PowerMode mode = modes_.at(point);
    return hungrier_is_training() ? notebook_.seen_train(mode) : notebook_.seen_infer(mode, batch_);
  }

  bool power_ok(const ModeCoordinates& point, const std::string& reason) {
    if (pruned(point)) return false;
    const auto seen = profile(hungrier_is_training(), point, reason);
    return seen && seen->power_w <= problem_.power_budget_w;
  }

  // All that the problem needs at `point`; nothing when a budget of power is broken or profiles ran out.
  std::optional<Evaluation> complete(const ModeCoordinates& point, const std::string& reason) {
    if (!power_ok(point, reason)) return std::nullopt;
    if (problem_.trains()) profile(true, point, reason);
    if (problem_.infers()) profile(false, point, reason);
    const auto value = notebook_.seen(modes_.at(point), batch_);
    return value && value->within_power ? value : std::nullopt;
  }

  // No clock can be raised by more than the largest ratio of an axis, so no minibatch can become faster
  // by more than that: whether `batch` could meet latency and rate in the best of modes.
  bool reachable(int batch, sim::TimeNs seen_ns) const {
    double largest_ratio = 1;
    for (std::size_t i = 0; i < axis_count; ++i) {
      const auto& values = modes_.axis(all_axes[i]);
      largest_ratio = std::max(largest_ratio, static_cast<double>(values.back()) / values[here_[i]]);
    }
    const double fastest_ns = static_cast<double>(seen_ns) / largest_ratio;
    return static_cast<double>(gathering_ns(problem_, batch)) + fastest_ns <=
               static_cast<double>(problem_.latency_budget_ns) &&
           fastest_ns <= static_cast<double>(cycle_ns(problem_, batch));
  }

  bool serves(int batch, const Measured& infer) const {
    return gathering_ns(problem_, batch) + infer.time_ns <= problem_.latency_budget_ns &&
           infer.time_ns <= cycle_ns(problem_, batch);
  }

  // At the start: the first batch, in order of preference, that meets latency and rate there, or might
  // in a faster mode while power is left; else the first that might at all. False when none can.
  bool choose_batch() {
    std::optional<int> fallback;
    for (const int batch : preferred_batches()) {
      batch_ = batch;
      const auto seen = profile(false, here_, fmt::format("batch {} in the middle", batch));
      if (!seen) return true;
      if (serves(batch, *seen)) return true;
      if (!reachable(batch, seen->time_ns)) continue;
      if (seen->power_w <= problem_.power_budget_w) return true;  // there is power left to become faster
      if (!fallback) fallback = batch;
    }
    if (fallback) batch_ = *fallback;
    return fallback.has_value();
  }

  // For latency the smallest comes first; for training throughput the largest, which leaves the most
  // time between inference minibatches. A batch whose gathering alone takes the latency budget is out.
  std::vector<int> preferred_batches() const {
    std::vector<int> batches;
    for (const int batch : problem_.infer_batches) {
      if (gathering_ns(problem_, batch) < problem_.latency_budget_ns) batches.push_back(batch);
    }
    if (problem_.trains()) std::reverse(batches.begin(), batches.end());
    return batches;
  }

  // Whose speed matters for the objective: training, unless inference takes a third of each cycle, so
  // that its speed decides how much time is left for training.
  bool pacing_is_training() const {
    if (!problem_.interleaves()) return problem_.trains();
    const auto infer = notebook_.seen_infer(modes_.at(here_), batch_);
    return !infer || 3 * infer->time_ns < cycle_ns(problem_, batch_);
  }

  // One profile on each axis, up or down from here: of the workload whose speed matters, or, above the
  // power budget, of the hungrier one.
  void measure_slopes(bool down) {
    const bool training = down ? hungrier_is_training() : pacing_is_training();
    const auto start = profile(training, here_, "start of the slopes");
    if (!start) return;
    const double start_ms = sim::ns_to_ms(start->time_ns);
    for (std::size_t axis = 0; axis < axis_count; ++axis) {
      ModeCoordinates point = here_;
      point[axis] = down ? here_[axis] / 2 : (here_[axis] + length_[axis]) / 2;
      probed_[axis] = point[axis];
      if (point[axis] == here_[axis] || !may_explore()) continue;  // nothing lies that way
      const auto seen = profile(training, point, along("slope", axis));
      if (!seen) return;
      const double changed_ms = std::abs(start_ms - sim::ns_to_ms(seen->time_ns));
      const double changed_w = std::abs(seen->power_w - start->power_w);
      step_w_[axis] =
          changed_w / std::abs(static_cast<double>(here_[axis]) - static_cast<double>(point[axis]));
      // A hundredth of the time is noise and gains nothing; a hundredth of the power is noise too, and
      // must not make an axis look free.
      if (changed_ms > 0.01 * start_ms)
        merit_[axis] = changed_ms / std::max(0.01 * start->power_w, changed_w);
    }
  }

  // The axes, the one that gains most time per watt first.
  std::vector<std::size_t> ranked() const {
    std::vector<std::size_t> order = {0, 1, 2, 3};
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return merit_[a] > merit_[b]; });
    return order;
  }

  // Above the power budget: steps down, the axes that lose least time per watt first, as far as the
  // slopes predict to be enough; profiles; and again from there.
  bool descend() {
    const std::size_t bottom = 0;
    while (may_explore()) {
      // By a little where no profile says by how much: at a point that is pruned, or when it is the
      // other workload that breaks the budget.
      double excess_w = 0.01 * problem_.power_budget_w;
      if (const auto known = seen_hungrier(here_); known || !pruned(here_)) {
        const auto seen = known ? known : profile(hungrier_is_training(), here_, "step down the gradient");
        if (!seen) return false;
        if (seen->power_w > problem_.power_budget_w)
          excess_w = seen->power_w - problem_.power_budget_w;
        else if (complete(here_, "step down the gradient"))
          return true;
        if (stopped()) return false;
      }
      const ModeCoordinates before = here_;
      lower_until(excess_w, probed_);
      lower_until(excess_w, {bottom, bottom, bottom, bottom});
      if (here_ == before) return false;  // the lowest mode
    }
    return false;
  }

  // Lowers positions, not below `floor`, until the predicted saving makes up for `excess_w`, which is
  // reduced by it.
  void lower_until(double& excess_w, const ModeCoordinates& floor) {
    std::vector<std::size_t> order = ranked();
    std::reverse(order.begin(), order.end());
    for (const std::size_t axis : order) {
      while (excess_w > 0 && here_[axis] > floor[axis]) {
        --here_[axis];
        excess_w -= step_w_[axis];
      }
    }
  }

  bool serving_here() const {
    const auto seen = notebook_.seen_infer(modes_.at(here_), batch_);
    return seen && serves(batch_, *seen);
  }

  // Inference is too slow here for the latency or the rate: tries the other batches, then a faster mode.
  void mend_inference() {
    const int chosen = batch_;
    for (const int batch : preferred_batches()) {
      if (batch == chosen || !may_explore()) continue;
      batch_ = batch;
      const auto seen = profile(false, here_, fmt::format("batch {} where it is too slow", batch));
      if (seen && serves(batch, *seen) &&
          complete(here_, fmt::format("batch {} where it is too slow", batch)))
        return;
      // A batch of this kind gets slower to gather, or harder to keep up with, the further it is.
      if (seen && seen->time_ns > cycle_ns(problem_, batch)) break;
    }
    batch_ = chosen;
    speed_up_inference();
  }

  // Raises the first axis that makes inference fast enough within the power budget, by less and less
  // where the budget is broken.
  void speed_up_inference() {
    const auto here = notebook_.seen_infer(modes_.at(here_), batch_);
    for (std::size_t axis = 0; axis < axis_count; ++axis) {
      ModeCoordinates point = here_;
      for (std::size_t end = length_[axis]; may_explore(); end = point[axis]) {
        point[axis] = (here_[axis] + end) / 2;
        if (point[axis] == here_[axis]) break;
        if (pruned(point)) continue;
        const auto seen = profile(false, point, along("faster inference", axis));
        if (!seen || (here && seen->time_ns > here->time_ns - here->time_ns / 100)) break;  // not this axis
        if (seen->power_w > problem_.power_budget_w) continue;
        if (!serves(batch_, *seen) || !complete(point, along("faster inference", axis))) break;
        here_ = point;
        return;
      }
    }
  }

  // To the highest position along `axis`, from here up, that keeps the power budget.
  void bisect(std::size_t axis) {
    ModeCoordinates point = here_;
    std::size_t low = here_[axis] + 1, high = length_[axis];  // below low it is kept, from high on broken
    while (low < high && may_explore()) {
      point[axis] = (low + high) / 2;
      if (power_ok(point, along("bisection", axis)))
        low = point[axis] + 1;
      else
        high = point[axis];
    }
    here_[axis] = low - 1;
  }

  // Completes the point arrived at; where latency or rate is not met, other batches are tried there.
  void settle() {
    const auto value = complete(here_, "arrived");
    if (value && value->feasible()) return;
    for (const int batch : preferred_batches()) {
      if (stopped() || notebook_.best()) return;
      batch_ = batch;
      complete(here_, fmt::format("batch {} where arrived", batch));
    }
  }

  // What profiles are left go into moves from here that might be better: an axis half-way up, one up
  // for another down, the other batches.
  void climb() {
    for (bool improved = true; improved && !stopped();) {
      improved = false;
      for (const ModeCoordinates& point : moves()) {
        if (!pruned(point) && improves(point, batch_)) {
          here_ = point;
          improved = true;
          break;
        }
        if (stopped()) return;
      }
    }
    for (const int batch : preferred_batches()) {
      if (!stopped()) improves(here_, batch);
    }
  }

  bool improves(const ModeCoordinates& point, int batch) {
    const auto before = notebook_.best_value();
    const int kept = batch_;
    batch_ = batch;
    const auto after =
        complete(point, batch == kept ? "neighbour of the best" : fmt::format("batch {} at the best", batch));
    batch_ = kept;
    return after && after->feasible() && (!before || better(problem_, *after, *before));
  }

  // Single axes up first, the one that gains most per watt before the others; then trades.
  std::vector<ModeCoordinates> moves() const {
    std::vector<ModeCoordinates> points;
    const std::vector<std::size_t> order = ranked();
    for (const std::size_t up : order) {
      ModeCoordinates point = here_;
      point[up] = (here_[up] + length_[up]) / 2;
      if (point[up] > here_[up]) points.push_back(point);
    }
    for (const std::size_t up : order) {
      for (auto down = order.rbegin(); down != order.rend(); ++down) {
        if (up == *down || here_[up] + 1 >= length_[up] || here_[*down] == 0 || merit_[up] <= merit_[*down])
          continue;
        ModeCoordinates point = here_;
        point[up] += 1;
        point[*down] /= 2;
        points.push_back(point);
      }
    }
    return points;
  }

  const Problem& problem_;
  const devices::ModeSpace& modes_;
  Notebook& notebook_;
  int batch_ = 0;
  ModeCoordinates here_{};
  ModeCoordinates probed_{};
  std::array<std::size_t, axis_count> length_{};
  std::array<double, axis_count> step_w_{};  // watts a position, between the start and the probe
  std::array<double, axis_count> merit_{};   // milliseconds gained per watt
  std::vector<ModeCoordinates> over_power_;
  bool hungrier_is_training_ = true;
};

}  // namespace

Outcome Gmd::solve(const Problem& problem, Platform& platform) const {
  const int profiles = problem.kind == ProblemKind::train   ? options_.train_profiles
                       : problem.kind == ProblemKind::infer ? options_.infer_profiles
                                                            : options_.concurrent_profiles;
  Notebook notebook(problem, platform, profiles);
  const bool complete = Search(problem, platform.modes(), notebook).run();
  return notebook.conclude(complete);
}

}  // namespace wattline::policies
