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

enum class Verdict {
  feasible,
  over_power,
  too_slow,   // within power, but latency or rate is not met
  unknown     // no profile left, or the platform failed
};

bool at_least(const ModeCoordinates& a, const ModeCoordinates& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] < b[i]) return false;
  }
  return true;
}

// The search at one inference batch (0 for training problems).
class Search {
 public:
  Search(const Problem& problem, const devices::ModeSpace& modes, Notebook& notebook, int batch)
      : problem_(problem), modes_(modes), notebook_(notebook), batch_(batch) {
    for (const Axis axis : all_axes) {
      const auto i = static_cast<std::size_t>(axis);
      length_[i] = modes.axis(axis).size();
      here_[i] = length_[i] / 2;
    }
  }

  void run() {
    const Verdict start = visit(here_, "middle of every axis");
    if (start == Verdict::unknown || hopeless()) return;
    const bool down = start == Verdict::over_power;
    for (const std::size_t axis : ranked_axes(down)) {
      if (notebook_.failed() || notebook_.exhausted()) return;
      bisect(axis);
    }
    trade();
  }

 private:
  // Even the top mode cannot meet the latency: no clock is higher by more than the largest ratio of
  // an axis, so no minibatch is faster by more than that.
  bool hopeless() const {
    const auto seen = problem_.infers() ? notebook_.seen_infer(modes_.at(here_), batch_) : std::nullopt;
    if (!seen) return false;
    double largest_ratio = 1;
    for (const Axis axis : all_axes) {
      const auto& values = modes_.axis(axis);
      largest_ratio = std::max(largest_ratio, static_cast<double>(values.back()) / values[here_[static_cast<std::size_t>(axis)]]);
    }
    const double fastest_ns = static_cast<double>(seen->time_ns) / largest_ratio;
    return static_cast<double>(gathering_ns(problem_, batch_)) + fastest_ns > static_cast<double>(problem_.latency_budget_ns) ||
           fastest_ns > static_cast<double>(cycle_ns(problem_, batch_));
  }

  bool pruned(const ModeCoordinates& point) const {
    return std::any_of(over_power_.begin(), over_power_.end(),
                       [&](const ModeCoordinates& over) { return at_least(point, over); });
  }

  std::optional<Measured> profile(bool training, const ModeCoordinates& point, const std::string& reason) {
    const PowerMode mode = modes_.at(point);
    const auto seen = training ? notebook_.train(mode, reason) : notebook_.infer(mode, batch_, reason);
    if (seen && seen->power_w > problem_.power_budget_w) over_power_.push_back(point);
    if (seen && problem_.kind == ProblemKind::concurrent) {
      (training ? train_power_w_ : infer_power_w_) = seen->power_w;
      hungrier_is_training_ = train_power_w_ >= infer_power_w_;
    }
    return seen;
  }

  // Profiles what the problem needs at `point`, the hungrier workload first: if that one breaks the
  // power budget the other need not run.
  Verdict visit(const ModeCoordinates& point, const std::string& reason) {
    if (pruned(point)) return Verdict::over_power;
    const bool first_is_training = problem_.kind == ProblemKind::train ||
                                   (problem_.kind == ProblemKind::concurrent && hungrier_is_training_);
    const bool needs[2] = {problem_.trains(), problem_.infers()};
    for (const bool training : {first_is_training, !first_is_training}) {
      if (!needs[training ? 0 : 1]) continue;
      const auto seen = profile(training, point, reason);
      if (!seen) return Verdict::unknown;
      if (seen->power_w > problem_.power_budget_w) return Verdict::over_power;
    }
    const Evaluation value = *notebook_.seen(modes_.at(point), batch_);
    return value.feasible() ? Verdict::feasible : Verdict::too_slow;
  }

  // The axes in the order in which to move along them, from one profile on each, of the workload whose
  // time is the objective.
  std::vector<std::size_t> ranked_axes(bool down) {
    const bool training = problem_.trains();
    std::array<double, 4> merit{};  // higher is moved along earlier
    const auto start = profile(training, here_, "start of the slopes");
    for (std::size_t axis = 0; axis < length_.size() && start; ++axis) {
      ModeCoordinates point = here_;
      point[axis] = down ? here_[axis] / 2 : (here_[axis] + length_[axis]) / 2;
      if (point[axis] == here_[axis]) continue;  // nothing lies that way: merit 0
      const auto seen = profile(training, point, fmt::format("slope along {}", name_of(all_axes[axis])));
      if (!seen) break;
      const double time_ms = static_cast<double>(start->time_ns - seen->time_ns) * 1e-6;
      const double watts = std::max(1e-3, std::abs(seen->power_w - start->power_w));
      // Upwards: time gained per watt. Downwards: watts saved per time lost.
      merit[axis] = down ? watts / std::max(1e-6, -time_ms) : time_ms / watts;
    }
    merit_ = merit;
    if (down) {
      for (double& value : merit_) value = value > 0 ? 1 / value : 0;
    }
    std::vector<std::size_t> order = {0, 1, 2, 3};
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return merit[a] > merit[b]; });
    return order;
  }

  // Moves to the highest position along `axis` that keeps the power budget, by bisection; when none
  // does, to the lowest, and the next axis goes on from there.
  void bisect(std::size_t axis) {
    const std::string reason = fmt::format("bisection along {}", name_of(all_axes[axis]));
    ModeCoordinates point = here_;
    std::size_t low = 0, high = length_[axis];  // [0, low) keeps the budget as far as known, [high, end) breaks it
    point[axis] = here_[axis];
    if (!pruned(here_)) low = here_[axis] + 1;
    while (low < high) {
      point[axis] = (low + high) / 2;
      const Verdict verdict = visit(point, reason);
      if (verdict == Verdict::unknown) break;
      if (verdict == Verdict::over_power) high = point[axis];
      else low = point[axis] + 1;
    }
    here_[axis] = low > 0 ? low - 1 : 0;
  }

  // One axis a step up, another down: what is gained per watt on one is paid for on the other.
  void trade() {
    if (problem_.infers() && !problem_.trains() && batch_ == 0) return;
    bool improved = true;
    while (improved && !notebook_.exhausted() && !notebook_.failed()) {
      improved = false;
      for (const auto& [up, down] : trades()) {
        ModeCoordinates point = here_;
        point[up] += 1;
        point[down] /= 2;
        if (pruned(point)) continue;
        const auto before = notebook_.seen(modes_.at(here_), batch_);
        const Verdict verdict = visit(point, fmt::format("trade of {} for {}", name_of(all_axes[down]), name_of(all_axes[up])));
        if (verdict == Verdict::unknown) return;
        if (verdict != Verdict::feasible) continue;
        const auto after = notebook_.seen(modes_.at(point), batch_);
        if (before && before->feasible() && !better(problem_, *after, *before)) continue;
        here_ = point;
        improved = true;
        break;
      }
    }
  }

  // (up, down) pairs that are possible here, the most promising first.
  std::vector<std::pair<std::size_t, std::size_t>> trades() const {
    std::vector<std::pair<std::size_t, std::size_t>> pairs;
    for (std::size_t up = 0; up < length_.size(); ++up) {
      for (std::size_t down = 0; down < length_.size(); ++down) {
        if (up != down && here_[up] + 1 < length_[up] && here_[down] > 0 && merit_[up] > merit_[down]) pairs.emplace_back(up, down);
      }
    }
    std::stable_sort(pairs.begin(), pairs.end(), [&](const auto& a, const auto& b) {
      return merit_[a.first] - merit_[a.second] > merit_[b.first] - merit_[b.second];
    });
    return pairs;
  }

  const Problem& problem_;
  const devices::ModeSpace& modes_;
  Notebook& notebook_;
  int batch_;
  ModeCoordinates here_{};
  std::array<std::size_t, 4> length_{};
  std::array<double, 4> merit_{};  // time gained per watt along each axis
  std::vector<ModeCoordinates> over_power_;
  double train_power_w_ = 0;
  double infer_power_w_ = 0;
  bool hungrier_is_training_ = true;
};

// The batches worth trying, in order. A batch whose gathering alone takes the whole latency budget is
// out. For latency the smallest comes first; for training throughput the largest, which leaves the
// most time between inference minibatches.
std::vector<int> batches_to_try(const Problem& problem) {
  if (!problem.infers()) return {0};
  std::vector<int> batches;
  for (const int batch : problem.infer_batches) {
    if (gathering_ns(problem, batch) < problem.latency_budget_ns) batches.push_back(batch);
  }
  if (problem.trains()) std::reverse(batches.begin(), batches.end());
  return batches;
}

}  // namespace

Outcome Gmd::solve(const Problem& problem, Platform& platform) const {
  const int profiles = problem.kind == ProblemKind::train   ? options_.train_profiles
                       : problem.kind == ProblemKind::infer ? options_.infer_profiles
                                                            : options_.concurrent_profiles;
  Notebook notebook(problem, platform, profiles);
  for (const int batch : batches_to_try(problem)) {
    if (notebook.failed() || notebook.exhausted()) break;
    Search(problem, platform.modes(), notebook, batch).run();
    if (notebook.best()) break;
  }
  return notebook.conclude(!notebook.exhausted());
}

}  // namespace wattline::policies
