#include "policies/bayesian.hpp"

#include <fmt/format.h>

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "policies/gaussian_process.hpp"
#include "sim/elementary.hpp"
#include "sim/random.hpp"

namespace wattline::policies {

namespace {

using devices::ModeSpace;
using devices::PowerMode;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// A point that may be profiled: a mode, and a batch where the problem infers. `row` numbers the modes.
struct Candidate {
  std::size_t mode = 0;
  int batch = 0;
  Index row = 0;
};

// Abramowitz and Stegun 26.2.17, of a polynomial and an exponential; error below 1e-7.
double normal_cdf(double x) {
  const double t = 1 / (1 + 0.2316419 * std::abs(x));
  const double tail =
      0.3989422804014327 * sim::exp(-x * x / 2) * t *
      (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return x > 0 ? 1 - tail : tail;
}

// What is thought of time or power at every candidate: the logarithm's mean and deviation.
struct Posterior {
  VectorXd mean;
  VectorXd deviation;

  double at_most(double log_limit, Index i) const {
    if (deviation[i] <= 0) return mean[i] <= log_limit ? 1 : 0;
    return normal_cdf((log_limit - mean[i]) / deviation[i]);
  }
};

// Time and power of one role over its candidates (training: modes; inference: modes and batches).
class RoleModel {
 public:
  RoleModel(const MatrixXd& candidates, double noise) : time_(candidates, noise), power_(candidates, noise) {}

  void observe(Index candidate, const Measured& seen) {
    // Logarithms of nanoseconds and watts; a profile may show no power at all.
    const double log_ns = sim::log(static_cast<double>(seen.time_ns));
    const double log_w = sim::log(std::max(1e-9, seen.power_w));
    time_.observe(candidate, log_ns);
    power_.observe(candidate, log_w);
    seen_.push_back({candidate, log_ns, log_w});
  }
  bool empty() const { return seen_.empty(); }

  // The length scales follow when a third more is known: a fit costs more than an observation.
  void update() {
    if (time_.observations() >= fit_at_ && time_.observations() <= last_fit) {
      time_.fit();
      power_.fit();
      fit_at_ = time_.observations() + std::max<Index>(1, time_.observations() / 3);
    }
    time = posterior(time_);
    power = posterior(power_);
    for (const Seen& seen : seen_) {
      time.mean[seen.candidate] = seen.log_ns;
      power.mean[seen.candidate] = seen.log_w;
      time.deviation[seen.candidate] = power.deviation[seen.candidate] = 0;
    }
  }

  Posterior time, power;

 private:
  struct Seen {
    Index candidate;
    double log_ns, log_w;
  };
  static constexpr Index last_fit = 100;  // observations after which length scales are settled

  static Posterior posterior(const GaussianProcess& process) { return {process.mean(), process.deviation()}; }

  GaussianProcess time_, power_;
  std::vector<Seen> seen_;
  Index fit_at_ = 1;
};

// A prior draw of how far a half's time and power are from their means, in deviations.
struct Draw {
  double train_time, train_power, infer_time, infer_power;
};

// `with_power`: else it stays at 0, for where only speed counts.
Measured drawn(const RoleModel& model, Index i, double time_z, double power_z, bool with_power) {
  const double ns = sim::exp(model.time.mean[i] + model.time.deviation[i] * time_z);
  return {std::llround(std::clamp(ns, 1.0, 1e15)),
          with_power ? sim::exp(model.power.mean[i] + model.power.deviation[i] * power_z) : 0};
}

// What is to be as large as possible.
double merit(const Problem& problem, const Evaluation& value) {
  if (problem.objective == Objective::energy) return -value.energy_j;
  if (problem.interleaves()) return value.train_rate_hz;
  return -static_cast<double>(problem.infers() ? value.latency_ns : value.train_time_ns);
}

class Search {
 public:
  Search(const Problem& problem, const ModeSpace& modes, const BayesianOptions& options, Notebook& notebook)
      : problem_(problem),
        modes_(modes),
        options_(options),
        notebook_(notebook),
        stream_(options.seed, fmt::format("bayesian/{}", problem.id)) {
    choose_candidates();
    make_models();
    draw();
  }

  // Whether the search came to its end, rather than out of profiles.
  bool run() {
    const auto initial = static_cast<std::size_t>(options_.initial);
    // Candidates are in random order.
    for (std::size_t i = 0; i < std::min(initial, candidates_.size()) && !stopped(); ++i)
      profile(i, "random point of the start", true);
    // Answers from the session's memory are free, and must not make the search endless.
    for (int pick = 0; pick < options_.profiles && !stopped(); ++pick) {
      const auto next = choose();
      if (!next) return true;
      profile(next->candidate, next->reason, false);
    }
    return !stopped() && unseen() == 0;
  }

 private:
  struct Choice {
    std::size_t candidate;
    std::string reason;
  };

  bool stopped() const { return notebook_.failed() || notebook_.exhausted(); }

  // Batches that cannot even be gathered within the latency budget are none.
  void choose_candidates() {
    std::vector<int> batches;
    if (!problem_.infers()) batches = {0};
    for (const int batch : problem_.infer_batches) {
      if (problem_.infers() && gathering_ns(problem_, batch) < problem_.latency_budget_ns)
        batches.push_back(batch);
    }
    std::vector<std::size_t> points(modes_.size() * batches.size());
    std::iota(points.begin(), points.end(), std::size_t{0});
    const std::size_t count = std::min(points.size(), static_cast<std::size_t>(options_.candidates));
    for (std::size_t i = 0; i < count; ++i)
      std::swap(points[i], points[i + static_cast<std::size_t>(stream_.below(points.size() - i))]);
    for (std::size_t i = 0; i < count; ++i)
      candidates_.push_back({points[i] / batches.size(), batches[points[i] % batches.size()], 0});
    for (const Candidate& candidate : candidates_) distinct_modes_.push_back(candidate.mode);
    std::sort(distinct_modes_.begin(), distinct_modes_.end());
    distinct_modes_.erase(std::unique(distinct_modes_.begin(), distinct_modes_.end()), distinct_modes_.end());
    for (Candidate& candidate : candidates_) {
      candidate.row = std::lower_bound(distinct_modes_.begin(), distinct_modes_.end(), candidate.mode) -
                      distinct_modes_.begin();
    }
  }

  // The logarithm of `value` between those of an axis' ends.
  static double place(double value, double lowest, double highest) {
    return highest > lowest ? sim::log(value / lowest) / sim::log(highest / lowest) : 0;
  }

  void set_mode(Eigen::Ref<VectorXd> column, std::size_t mode) const {
    const PowerMode at = modes_.at(mode);
    const std::array<std::int32_t, 4> values = {at.cores, at.cpu_khz, at.gpu_khz, at.emc_khz};
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto& axis = modes_.axis(devices::all_axes[i]);
      column[static_cast<Index>(i)] = place(values[i], axis.front(), axis.back());
    }
  }

  void make_models() {
    if (candidates_.empty()) return;
    if (problem_.trains()) {
      MatrixXd columns(4, static_cast<Index>(distinct_modes_.size()));
      for (Index i = 0; i < columns.cols(); ++i)
        set_mode(columns.col(i), distinct_modes_[static_cast<std::size_t>(i)]);
      train_.emplace(columns, options_.noise);
    }
    if (problem_.infers()) {
      MatrixXd columns(5, static_cast<Index>(candidates_.size()));
      for (Index i = 0; i < columns.cols(); ++i) {
        const Candidate& candidate = candidates_[static_cast<std::size_t>(i)];
        set_mode(columns.col(i).head(4), candidate.mode);
        columns(4, i) = place(candidate.batch, problem_.infer_batches.front(), problem_.infer_batches.back());
      }
      infer_.emplace(columns, options_.noise);
    }
  }

  // In antithetic pairs, whose mean is exact.
  void draw() {
    for (std::size_t i = 0; i < draws_.size(); i += 2) {
      Draw& a = draws_[i];
      a = {stream_.normal(), stream_.normal(), stream_.normal(), stream_.normal()};
      draws_[i + 1] = {-a.train_time, -a.train_power, -a.infer_time, -a.infer_power};
    }
  }

  bool train_seen(const Candidate& candidate) const {
    return !problem_.trains() || notebook_.seen_train(modes_.at(candidate.mode)).has_value();
  }
  bool infer_seen(const Candidate& candidate) const {
    return !problem_.infers() || notebook_.seen_infer(modes_.at(candidate.mode), candidate.batch).has_value();
  }
  // The same of both, by the models as last updated: of what was seen they are certain.
  bool known(std::size_t i) const {
    return (!train_ || train_->time.deviation[candidates_[i].row] == 0) &&
           (!infer_ || infer_->time.deviation[static_cast<Index>(i)] == 0);
  }
  std::size_t unseen() const {
    return static_cast<std::size_t>(std::count_if(
        candidates_.begin(), candidates_.end(),
        [&](const Candidate& candidate) { return !train_seen(candidate) || !infer_seen(candidate); }));
  }

  // Longest inference that serves.
  sim::TimeNs longest_infer(int batch) const {
    return std::min(problem_.latency_budget_ns - gathering_ns(problem_, batch), cycle_ns(problem_, batch));
  }

  // That a half keeps the budgets.
  double train_keeps(const Candidate& candidate) const {
    return problem_.trains() ? train_->power.at_most(log_budget_w_, candidate.row) : 1;
  }
  double infer_keeps(std::size_t i) const {
    if (!problem_.infers()) return 1;
    const double longest = static_cast<double>(longest_infer(candidates_[i].batch));
    return infer_->power.at_most(log_budget_w_, static_cast<Index>(i)) *
           infer_->time.at_most(sim::log(longest), static_cast<Index>(i));
  }

  // Both halves in full, or, where the model chose, the second only if the first keeps the budgets.
  void profile(std::size_t i, const std::string& reason, bool in_full) {
    const Candidate& candidate = candidates_[i];
    const PowerMode mode = modes_.at(candidate.mode);
    const auto train = [&] {
      if (train_seen(candidate)) return true;
      const auto seen = notebook_.train(mode, reason);
      if (seen) train_->observe(candidate.row, *seen);
      return seen && seen->power_w <= problem_.power_budget_w;
    };
    const auto infer = [&] {
      if (infer_seen(candidate)) return true;
      const auto seen = notebook_.infer(mode, candidate.batch, reason);
      if (seen) infer_->observe(static_cast<Index>(i), *seen);
      return seen && seen->power_w <= problem_.power_budget_w &&
             seen->time_ns <= longest_infer(candidate.batch);
    };
    const bool train_first =
        in_full || !problem_.infers() || (problem_.trains() && train_keeps(candidate) <= infer_keeps(i));
    const bool kept = train_first ? train() : infer();
    if (!kept && !in_full) return;
    train_first ? infer() : train();
  }

  // What one draw of a point comes to against `base`, or, without one, whether it is within the energy
  // budget.
  double gain_of(std::size_t i, const Draw& draw, const std::optional<double>& base) const {
    const Candidate& candidate = candidates_[i];
    const bool power = problem_.minds_energy();
    std::optional<Measured> train, infer;
    if (problem_.trains()) train = drawn(*train_, candidate.row, draw.train_time, draw.train_power, power);
    if (problem_.infers())
      infer = drawn(*infer_, static_cast<Index>(i), draw.infer_time, draw.infer_power, power);
    const Evaluation value = evaluate(problem_, candidate.batch, train, infer);
    if (!value.within_energy) return 0;
    return base ? std::max(0.0, merit(problem_, value) - *base) : 1;
  }

  // Mean gain over the draws. The few draws end near two deviations: a stroke of luck at three stands for
  // what is beyond, with about its weight, so that a point that could still gain is never written off. Where
  // even luck gains no more than `enough`, the draws need not be tried, and 0 will do.
  double gain(std::size_t i, const std::optional<double>& base, double enough) const {
    if (!base && !problem_.energy_budget_j) return 1;
    const double luck = gain_of(i, {-3, -3, -3, -3}, base);
    if (luck <= enough) return 0;
    double sum = 0;
    for (const Draw& draw : draws_) sum += gain_of(i, draw, base);
    return sum / static_cast<double>(draws_.size()) + 1e-3 * luck;
  }

  // Nothing when no point is thought to be worth a profile.
  std::optional<Choice> choose() {
    if (candidates_.empty()) return std::nullopt;
    if (train_ && train_->empty()) return Choice{0, "first of training"};
    if (infer_ && infer_->empty()) return Choice{0, "first of inference"};
    if (train_) train_->update();
    if (infer_) infer_->update();
    const auto incumbent = notebook_.best_value();
    const auto base = incumbent ? std::optional(merit(problem_, *incumbent)) : std::nullopt;
    std::size_t best = 0;
    double best_score = 0, best_chance = 0;
    // Where the budgets are all but surely broken no profile is spent, unless no plan is known at all.
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      const double chance = train_keeps(candidates_[i]) * infer_keeps(i);
      if (chance <= 0 || (base && chance < 1e-4) || known(i)) continue;
      const double score = chance * gain(i, base, best_score / chance);
      if (score <= best_score) continue;
      best = i;
      best_score = score;
      best_chance = chance;
    }
    if (best_score <= 0) return std::nullopt;
    if (!base) return Choice{best, fmt::format("keeps the budgets with probability {:.3f}", best_score)};
    const double relative = *base != 0 ? best_score / std::abs(*base) : 1;
    if (relative < options_.worthwhile) return std::nullopt;
    return Choice{best, fmt::format("expected gain {:.2f} %, probability of keeping the budgets {:.3f}",
                                    100 * relative, best_chance)};
  }

  const Problem& problem_;
  const ModeSpace& modes_;
  const BayesianOptions& options_;
  Notebook& notebook_;
  sim::RandomStream stream_;
  const double log_budget_w_ = sim::log(problem_.power_budget_w);
  std::vector<Candidate> candidates_;
  std::vector<std::size_t> distinct_modes_;
  std::optional<RoleModel> train_, infer_;
  std::array<Draw, 8> draws_{};
};

}  // namespace

Outcome Bayesian::solve(const Problem& problem, Platform& platform) const {
  Notebook notebook(problem, platform, options_.profiles);
  const bool complete = Search(problem, platform.modes(), options_, notebook).run();
  return notebook.conclude(complete);
}

}  // namespace wattline::policies
