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
  }
  return "?";
}

sim::TimeNs gathering_ns(const Problem& problem, int batch) {
  return std::llround((batch - 1) / problem.arrival_rate_hz * 1e9);
}

sim::TimeNs cycle_ns(const Problem& problem, int batch) {
  return std::llround(batch / problem.arrival_rate_hz * 1e9);
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
      value.train_per_cycle = spare_ns / train->time_ns;
      if (max_train_per_cycle >= 0)
        value.train_per_cycle = std::min(value.train_per_cycle, max_train_per_cycle);
      // The quotient first: equal tau / batch give equal rates to the bit, so that ties are ties.
      value.train_rate_hz =
          static_cast<double>(value.train_per_cycle) / infer_batch * problem.arrival_rate_hz;
    }
  }
  value.within_power = value.power_w <= problem.power_budget_w;
  return value;
}

bool better(const Problem& problem, const Evaluation& a, const Evaluation& b) {
  switch (problem.kind) {
    case ProblemKind::train:
      if (a.train_time_ns != b.train_time_ns) return a.train_time_ns < b.train_time_ns;
      break;
    case ProblemKind::infer:
      if (a.latency_ns != b.latency_ns) return a.latency_ns < b.latency_ns;
      break;
    case ProblemKind::concurrent:
      if (a.train_rate_hz != b.train_rate_hz) return a.train_rate_hz > b.train_rate_hz;
      break;
  }
  if (a.power_w != b.power_w) return a.power_w < b.power_w;
  return a.latency_ns < b.latency_ns;
}

double regret(const Problem& problem, const Evaluation& value, const Evaluation& best) {
  const auto excess = [](sim::TimeNs time_ns, sim::TimeNs best_ns) {
    return static_cast<double>(time_ns - best_ns) / static_cast<double>(best_ns);
  };
  switch (problem.kind) {
    case ProblemKind::train:
      return excess(value.train_time_ns, best.train_time_ns);
    case ProblemKind::infer:
      return excess(value.latency_ns, best.latency_ns);
    case ProblemKind::concurrent:
      return best.train_rate_hz == 0 ? 0 : (best.train_rate_hz - value.train_rate_hz) / best.train_rate_hz;
  }
  return 0;
}

}  // namespace wattline::policies
