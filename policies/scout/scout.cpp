#include "policies/scout/scout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "policies/scout/forecast.hpp"
#include "sim/elementary.hpp"

namespace wattline::policies {

namespace {

using scout::Belief;
using scout::Forecast;
using scout::Forecaster;
using scout::Grid;
using scout::Measurements;
using scout::Minibatch;
using scout::Point;
using scout::Predictions;
using scout::Stream;

// A point that is out of its budgets by no more than this many deviations of a board from the law may yet
// keep them.
constexpr double near_in_blurs = 3;

// Of an expected gain no hypothesis counts for more than this, as a share of what gains are relative to: one
// hypothesis' dream must not outweigh what many agree on.
constexpr double most_gain = 0.5;

// A board draws at most about this share of its largest preset's nominal power, which is that of its heatsink
// and of all that it carries.
constexpr double drawn_of_nominal = 0.7;

// One without presets, as a measured table is: Jetson modules are of 5 to 60 W, four deviations.
constexpr scout::Size any_module{17, 0.62};

scout::Size size_of(const std::vector<devices::Preset>& presets) {
  double nominal_w = 0;
  for (const devices::Preset& preset : presets) nominal_w = std::max(nominal_w, preset.nominal_power_w);
  return nominal_w > 0 ? scout::Size{drawn_of_nominal * nominal_w, 0} : any_module;
}

// What is known of one pair of workloads.
struct Knowledge {
  Belief belief;
  Measurements measurements;
  std::map<std::vector<int>, Predictions> predictions;  // of what is believed now, by inference batches
};

// A plan that may be returned, and what it is worth by hypothesis.
struct Incumbent {
  Plan plan;
  Point point;
  std::vector<double> worth;
  double mean = -1;
};

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

double quantile_of(std::vector<double> values, double share) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size()));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

// What to profile next, of which candidate.
struct Choice {
  Point point;
  Stream stream = Stream::inference;
  std::string reason;
};

// Scout on one problem.
class Search {
 public:
  Search(const Problem& problem, Platform& platform, const Grid& grid, const ScoutOptions& options,
         Knowledge& knowledge)
      : problem_(problem),
        modes_(platform.modes()),
        grid_(grid),
        options_(options),
        knowledge_(knowledge),
        notebook_(problem, platform, options.profiles),
        forecaster_(problem) {}

  Outcome run() {
    for (auto next = choose(); next; next = choose()) {
      if (!profile(*next)) break;
    }
    return conclude();
  }

 private:
  const Predictions& predictions() {
    const auto known = knowledge_.predictions.find(problem_.infer_batches);
    if (known != knowledge_.predictions.end()) return known->second;
    return knowledge_.predictions
        .try_emplace(problem_.infer_batches, problem_, grid_, knowledge_.belief, knowledge_.measurements,
                     options_.blur, options_.share)
        .first->second;
  }

  bool seen(Stream stream, const Point& point) const {
    if (stream == Stream::background)
      return !problem_.trains() || knowledge_.measurements.background.contains(point.mode);
    return !problem_.infers() || knowledge_.measurements.inference.contains({point.mode, point.batch});
  }
  int missing(const Point& point) const {
    return (seen(Stream::background, point) ? 0 : 1) + (seen(Stream::inference, point) ? 0 : 1);
  }

  Evaluation evaluation_at(const Point& point) const {
    std::optional<Measured> train, infer;
    if (problem_.trains()) train = knowledge_.measurements.background.at(point.mode);
    if (problem_.infers()) infer = knowledge_.measurements.inference.at({point.mode, point.batch});
    return evaluate(problem_, point.batch, train, infer);
  }

  // The best plan all of whose minibatches were measured.
  std::optional<Incumbent> best_measured() const {
    std::optional<Plan> plan;
    Point at;
    Evaluation best;
    const auto consider = [&](const Point& point) {
      if (missing(point) > 0) return;
      const Evaluation value = evaluation_at(point);
      if (!value.feasible() || (plan && !better(problem_, value, best))) return;
      plan = Plan{modes_.at(point.mode), point.batch, value.train_per_cycle};
      at = point;
      best = value;
    };
    if (problem_.infers()) {
      const auto& batches = problem_.infer_batches;
      for (const auto& [where, measured] : knowledge_.measurements.inference) {
        if (std::binary_search(batches.begin(), batches.end(), where.second))
          consider({where.first, where.second});
      }
    } else {
      for (const auto& [mode, measured] : knowledge_.measurements.background) consider({mode, 0});
    }
    if (!plan) return std::nullopt;
    const double value = scout::worth(problem_, best);
    return Incumbent{*plan, at, std::vector<double>(knowledge_.belief.hypotheses().size(), value), value};
  }

  // Whether a half of a candidate needs no profile: it was profiled, or breaks no budget under any
  // hypothesis.
  bool settled(Stream stream, const Forecast& forecast) const {
    if (seen(stream, forecast.point)) return true;
    if (problem_.minds_energy()) return false;  // energy needs both
    return (stream == Stream::background ? forecast.background_breaks : forecast.inference_breaks) == 0;
  }

  // Profiles until the candidate may be returned. With the last profile a half that is sure to keep the
  // budgets may stay unseen, if the other was seen; before, seeing it tells more than it costs.
  int cost_of(const Forecast& forecast) const {
    if (notebook_.remaining() > 1) return missing(forecast.point);
    const int unsettled =
        (settled(Stream::background, forecast) ? 0 : 1) + (settled(Stream::inference, forecast) ? 0 : 1);
    const bool none_seen = missing(forecast.point) == (problem_.interleaves() ? 2 : 1);
    return std::max(unsettled, none_seen ? 1 : 0);
  }

  // The best plan that may be returned as things are known.
  std::optional<Incumbent> incumbent(const std::vector<Forecast>& list) const {
    auto best = best_measured();
    for (const Forecast& forecast : list) {
      if (missing(forecast.point) == 0 || cost_of(forecast) > 0) continue;
      // The half that was seen may break a budget, or the two together.
      if (*std::min_element(forecast.worth.begin(), forecast.worth.end()) < 0) continue;
      // What was measured is given up only for what is better under nearly every hypothesis.
      const double mean = mean_of(forecast.worth);
      if (best && (mean <= best->mean || quantile_of(forecast.worth, 0.1) <= best->mean)) continue;
      best = Incumbent{{modes_.at(forecast.point.mode), forecast.point.batch, planned_tau(forecast)},
                       forecast.point,
                       forecast.worth,
                       mean};
    }
    return best;
  }

  // As many as any hypothesis has room for. Too few would lose training; of too many the dispatcher begins
  // none that it expects to end late, and is late by one at most.
  std::int64_t planned_tau(const Forecast& forecast) const {
    if (!problem_.interleaves()) return 0;
    const double rate_hz = *std::max_element(forecast.worth.begin(), forecast.worth.end());
    return std::max<std::int64_t>(0, std::llround(rate_hz * forecast.point.batch / problem_.arrival_rate_hz));
  }

  // With no plan and hardly a profile left, also what was half seen and seemed too little to go on with: of
  // many thousand candidates it may be the only one that can still be completed.
  std::vector<Point> half_seen_if_urgent() const {
    std::vector<Point> points;
    if (!problem_.interleaves() || notebook_.remaining() > 2 || best_measured()) return points;
    for (const auto& [mode, measured] : knowledge_.measurements.background) {
      for (const int batch : problem_.infer_batches) {
        if (missing({mode, batch}) > 0) points.push_back({mode, batch});
      }
    }
    for (const auto& [at, measured] : knowledge_.measurements.inference) {
      if (missing({at.first, at.second}) > 0) points.push_back({at.first, at.second});
    }
    return points;
  }

  // Nothing when no profile is worth making, or none can be paid; complete_ tells which.
  std::optional<Choice> choose() {
    const auto list = forecaster_.of(predictions(), options_.caution, half_seen_if_urgent());
    incumbent_ = incumbent(list);
    const double unit = unit_of(list);
    const Forecast* chosen = nullptr;
    double chosen_gain = 0, chosen_score = 0, largest_gain = 0;
    for (const Forecast& forecast : list) {
      const int cost = cost_of(forecast);
      if (cost == 0) continue;
      const double gain = incumbent_ ? gain_of(unit, forecast) : promise_of(unit, forecast);
      largest_gain = std::max(largest_gain, gain);
      const double score = gain / std::sqrt(cost);
      if (cost > notebook_.remaining() || score <= chosen_score) continue;
      chosen = &forecast;
      chosen_gain = gain;
      chosen_score = score;
    }
    if (incumbent_) {
      complete_ = largest_gain <= options_.worthwhile;
      if (!chosen || chosen_gain < options_.worthwhile) return check_of_incumbent();
      return choice_of(*chosen, fmt::format("could gain {:.1f} % over the best known", 100 * chosen_gain));
    }
    if (chosen) return choice_of(*chosen, "the likeliest to keep the budgets and be good");
    return largest_gain > 0 ? std::nullopt : last_resort();
  }

  // Precondition: some of the point is unseen.
  Choice unseen_of(const Point& point, const std::string& reason) const {
    return {point, seen(Stream::background, point) ? Stream::inference : Stream::background, reason};
  }

  // A profile that nothing better is known for goes to what of the plan is unseen.
  std::optional<Choice> check_of_incumbent() const {
    if (notebook_.exhausted() || missing(incumbent_->point) == 0) return std::nullopt;
    return unseen_of(incumbent_->point, "the plan's unseen half");
  }

  // No hypothesis finds a plan within the budgets: the unseen points that are nearest to them decide whether
  // that is so.
  std::optional<Choice> last_resort() {
    if (notebook_.exhausted()) return std::nullopt;
    const auto any = [](const Point&) { return true; };
    const auto unseen = [this](const Point& point) { return missing(point) > 0; };
    auto nearest = forecaster_.nearest(predictions(), any, std::numeric_limits<double>::infinity());
    if (nearest && !unseen(nearest->point))
      nearest = forecaster_.nearest(predictions(), unseen, near_in_blurs * options_.blur);
    complete_ = !nearest;
    if (complete_) return std::nullopt;
    return unseen_of(nearest->point, "nothing seems to keep the budgets; this is nearest to them");
  }

  // What gains are relative to: the best known, or what the hypotheses think that the best comes to.
  double unit_of(const std::vector<Forecast>& list) const {
    if (incumbent_ && incumbent_->mean > 0) return incumbent_->mean;
    std::vector<double> bests;
    if (list.empty()) return 1;
    for (std::size_t h = 0; h < list.front().worth.size(); ++h) {
      double best = 0;
      for (const Forecast& forecast : list) best = std::max(best, forecast.worth[h]);
      if (best > 0) bests.push_back(best);
    }
    if (bests.empty()) return 1;
    std::sort(bests.begin(), bests.end());
    return incumbent_ ? bests.back() : bests[bests.size() / 2];
  }

  double gain_of(double unit, const Forecast& forecast) const {
    double sum = 0;
    for (std::size_t h = 0; h < forecast.worth.size(); ++h)
      sum += std::clamp((forecast.worth[h] - incumbent_->worth[h]) / unit, 0.0, most_gain);
    return sum / static_cast<double>(forecast.worth.size());
  }

  double promise_of(double unit, const Forecast& forecast) const {
    double sum = 0;
    for (const double worth : forecast.worth) {
      // One hypothesis' dream must not outweigh the others.
      if (worth >= 0) sum += options_.caution + std::min(worth / unit, 1.5);
    }
    return sum / static_cast<double>(forecast.worth.size());
  }

  Choice choice_of(const Forecast& forecast, const std::string& reason) const {
    const bool background_seen = seen(Stream::background, forecast.point);
    const bool inference_seen = seen(Stream::inference, forecast.point);
    const bool background =
        inference_seen || (!background_seen && forecast.background_breaks >= forecast.inference_breaks);
    return {forecast.point, background ? Stream::background : Stream::inference, reason};
  }

  bool profile(const Choice& choice) {
    const devices::PowerMode mode = modes_.at(choice.point.mode);
    const bool background = choice.stream == Stream::background;
    const auto seen = background ? notebook_.train(mode, choice.reason)
                                 : notebook_.infer(mode, choice.point.batch, choice.reason);
    if (!seen) return false;
    if (background)
      knowledge_.measurements.background.emplace(choice.point.mode, *seen);
    else
      knowledge_.measurements.inference.emplace(std::pair{choice.point.mode, choice.point.batch}, *seen);
    if (knowledge_.belief.profiles() >= static_cast<std::size_t>(options_.learning)) {
      for (auto& [batches, predictions] : knowledge_.predictions)
        predictions.take(choice.stream, choice.point.mode, choice.point.batch, *seen);
      return true;
    }
    const double power_w = std::max(1e-6, seen->power_w);
    const Minibatch minibatch =
        background ? scout::background_of(problem_) : scout::inference_of(choice.point.batch);
    knowledge_.belief.observe(minibatch, grid_.at(choice.point.mode),
                              {sim::log(sim::ns_to_ms(seen->time_ns)), sim::log(power_w)});
    knowledge_.belief.update();
    knowledge_.predictions.clear();
    return true;
  }

  Outcome conclude() const {
    Outcome outcome = notebook_.conclude(complete_);
    if (outcome.termination == Termination::error) return outcome;
    // The notebook knows this problem's profiles only; the plan may rest on those of one before.
    outcome.plan.reset();
    if (incumbent_) outcome.plan = incumbent_->plan;
    outcome.termination = !complete_   ? Termination::budget_exhausted
                          : incumbent_ ? Termination::found
                                       : Termination::infeasible;
    return outcome;
  }

  const Problem& problem_;
  const devices::ModeSpace& modes_;
  const Grid& grid_;
  const ScoutOptions& options_;
  Knowledge& knowledge_;
  Notebook notebook_;
  Forecaster forecaster_;
  std::optional<Incumbent> incumbent_;
  bool complete_ = false;  // the search came to its end, rather than out of profiles
};

class ScoutSolver final : public Solver {
 public:
  ScoutSolver(const ScoutOptions& options, Platform& platform)
      : options_(options), platform_(platform), grid_(platform.modes()) {}

  Outcome solve(const Problem& problem) override {
    const auto [known, is_new] = knowledge_.try_emplace(
        Workloads{problem.train_workload, problem.train_role(), problem.train_batch, problem.infer_workload},
        Knowledge{Belief(options_.belief, options_.seed, size_of(platform_.presets())), {}, {}});
    return Search(problem, platform_, grid_, options_, known->second).run();
  }

 private:
  // What a belief is about.
  using Workloads = std::tuple<std::string, workloads::Role, int, std::string>;

  const ScoutOptions& options_;
  Platform& platform_;
  Grid grid_;
  std::map<Workloads, Knowledge> knowledge_;
};

}  // namespace

std::unique_ptr<Solver> Scout::start(Platform& platform) const {
  return std::make_unique<ScoutSolver>(options_, platform);
}

Outcome Scout::solve(const Problem& problem, Platform& platform) const {
  return start(platform)->solve(problem);
}

}  // namespace wattline::policies
