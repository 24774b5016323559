#include "policies/problem.hpp"

#include <algorithm>
#include <cmath>

namespace wattline::policies {

const char* name_of(ProblemKind kind) {
  switch (kind) {
    case ProblemKind::train:
      return "train";
    case ProblemKind::infer:
      return "infer";
    case ProblemKind::concurrent:
      return "concurrent";
    case ProblemKind::infer_infer:
      return "infer_infer";
  }
  return "?";
}

const char* name_of(Objective objective) {
  return objective == Objective::energy ? "energy" : "speed";
}

namespace {

// Rates that are told may be as low as one likes; sums of a few times must not overflow.
sim::TimeNs time_of(double requests, double rate_hz) {
  return std::llround(std::min(requests / rate_hz * 1e9, static_cast<double>(sim::longest_time_ns)));
}

double joules(const Measured& minibatch) {
  return sim::ns_to_seconds(minibatch.time_ns) * minibatch.power_w;
}

double energy_per_sample_j(const Problem& problem, int infer_batch, const std::optional<Measured>& train,
                           const std::optional<Measured>& infer, std::int64_t train_per_cycle) {
  if (!problem.infers()) return joules(*train) / problem.train_batch;
  double energy_j = joules(*infer);
  double samples = infer_batch;
  if (train_per_cycle > 0) {
    energy_j += static_cast<double>(train_per_cycle) * joules(*train);
    samples += static_cast<double>(train_per_cycle) * problem.train_batch;
  }
  return energy_j / samples;
}

// How many training minibatches serve the objective best, of at most `most`. Where energy does not matter
// that is all that fit. Energy per sample lies between that of inference alone and that of training alone,
// the nearer to training's the more is trained: it is least at one end, and the budget is kept on one side.
std::int64_t best_train_per_cycle(const Problem& problem, int infer_batch, const Measured& train,
                                  const Measured& infer, std::int64_t most) {
  if (!problem.minds_energy()) return most;
  const auto energy_j = [&](std::int64_t count) {
    return energy_per_sample_j(problem, infer_batch, train, infer, count);
  };
  if (problem.objective == Objective::energy) return energy_j(most) <= energy_j(0) ? most : 0;
  const double budget_j = *problem.energy_budget_j;
  if (energy_j(most) <= budget_j || energy_j(0) > budget_j) return most;
  std::int64_t keeps = 0, breaks = most;
  while (breaks - keeps > 1) {
    const std::int64_t middle = keeps + (breaks - keeps) / 2;
    (energy_j(middle) <= budget_j ? keeps : breaks) = middle;
  }
  return keeps;
}

}  // namespace

sim::TimeNs gathering_ns(const Problem& problem, int batch) {
  return time_of(batch - 1, problem.arrival_rate_hz);
}

sim::TimeNs cycle_ns(const Problem& problem, int batch) {
  return time_of(batch, problem.arrival_rate_hz);
}

Evaluation evaluate(const Problem& problem, int infer_batch, const std::optional<Measured>& train,
                    const std::optional<Measured>& infer, std::int64_t max_train_per_cycle) {
  Evaluation value;
  if (problem.trains()) {
    value.train_time_ns = train->time_ns;
    value.power_w = train->power_w;
  }
  if (problem.infers()) {
    value.power_w = std::max(value.power_w, infer->power_w);
    value.latency_ns = gathering_ns(problem, infer_batch) + infer->time_ns;
    value.within_latency = value.latency_ns <= problem.latency_budget_ns;
    const sim::TimeNs spare_ns = cycle_ns(problem, infer_batch) - infer->time_ns;
    value.keeps_up = spare_ns >= 0;
    if (problem.trains() && value.keeps_up) {
      const std::int64_t most = spare_ns / train->time_ns;
      value.train_per_cycle = max_train_per_cycle >= 0
                                  ? std::min(most, max_train_per_cycle)
                                  : best_train_per_cycle(problem, infer_batch, *train, *infer, most);
      // The quotient first: equal tau / batch give equal rates to the bit, so that ties are ties.
      value.train_rate_hz =
          static_cast<double>(value.train_per_cycle) / infer_batch * problem.arrival_rate_hz;
    }
  }
  value.within_power = value.power_w <= problem.power_budget_w;
  value.energy_j = energy_per_sample_j(problem, infer_batch, train, infer, value.train_per_cycle);
  value.within_energy = !problem.energy_budget_j || value.energy_j <= *problem.energy_budget_j;
  return value;
}

namespace {

bool faster(const Problem& problem, const Evaluation& a, const Evaluation& b) {
  switch (problem.kind) {
    case ProblemKind::train:
      return a.train_time_ns < b.train_time_ns;
    case ProblemKind::infer:
      return a.latency_ns < b.latency_ns;
    case ProblemKind::concurrent:
    case ProblemKind::infer_infer:
      return a.train_rate_hz > b.train_rate_hz;
  }
  return false;
}

}  // namespace

bool better(const Problem& problem, const Evaluation& a, const Evaluation& b) {
  if (problem.objective == Objective::energy && a.energy_j != b.energy_j) return a.energy_j < b.energy_j;
  if (problem.objective == Objective::speed && faster(problem, a, b)) return true;
  if (problem.objective == Objective::speed && faster(problem, b, a)) return false;
  if (a.power_w != b.power_w) return a.power_w < b.power_w;
  return a.latency_ns < b.latency_ns;
}

double regret(const Problem& problem, const Evaluation& value, const Evaluation& best) {
  const auto excess = [](sim::TimeNs time_ns, sim::TimeNs best_ns) {
    return static_cast<double>(time_ns - best_ns) / static_cast<double>(best_ns);
  };
  if (problem.objective == Objective::energy) return (value.energy_j - best.energy_j) / best.energy_j;
  switch (problem.kind) {
    case ProblemKind::train:
      return excess(value.train_time_ns, best.train_time_ns);
    case ProblemKind::infer:
      return excess(value.latency_ns, best.latency_ns);
    case ProblemKind::concurrent:
    case ProblemKind::infer_infer:
      return best.train_rate_hz == 0 ? 0 : (best.train_rate_hz - value.train_rate_hz) / best.train_rate_hz;
  }
  return 0;
}

}  // namespace wattline::policies
