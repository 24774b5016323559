#include "policies/scout/forecast.hpp"

#include <algorithm>
#include <cmath>
#include <set>

namespace wattline::policies::scout {

double worth(const Problem& problem, const Evaluation& value) {
  if (!value.feasible()) return -1;
  if (problem.objective == Objective::energy) return 1 / value.energy_j;
  if (problem.kind == ProblemKind::train) return 1 / sim::ns_to_ms(value.train_time_ns);
  if (problem.kind == ProblemKind::infer) return 1 / sim::ns_to_ms(value.latency_ns);
  return value.train_rate_hz;
}

Forecaster::Forecaster(const Problem& problem) : problem_(problem) {
  if (!problem.infers()) terms_.push_back({});
  for (const int batch : problem.infers() ? problem.infer_batches : std::vector<int>{}) {
    const double gathering = sim::ns_to_ms(gathering_ns(problem, batch));
    const double cycle = sim::ns_to_ms(cycle_ns(problem, batch));
    const double room = sim::ns_to_ms(problem.latency_budget_ns) - gathering;
    terms_.push_back({batch, gathering, cycle, std::min(cycle, room)});
  }
}

double Forecaster::worth_of(const Terms& terms, const Pair& pair) const {
  if (std::max(pair.background_w, pair.inference_w) > problem_.power_budget_w) return -1;
  if (problem_.infers() && pair.inference_ms > terms.room_ms) return -1;
  double per_cycle = 0;
  if (problem_.interleaves())
    per_cycle = std::floor((terms.cycle_ms - pair.inference_ms) / pair.background_ms);
  if (problem_.minds_energy()) {
    const double background_j = 1e-3 * pair.background_ms * pair.background_w;
    const double inference_j = 1e-3 * pair.inference_ms * pair.inference_w;
    const double energy_j = problem_.infers() ? (inference_j + per_cycle * background_j) /
                                                    (terms.batch + per_cycle * problem_.train_batch)
                                              : background_j / problem_.train_batch;
    if (problem_.energy_budget_j && energy_j > *problem_.energy_budget_j) return -1;
    if (problem_.objective == Objective::energy) return 1 / energy_j;
  }
  if (!problem_.infers()) return 1 / pair.background_ms;
  if (!problem_.trains()) return 1 / (sim::ns_to_ms(gathering_ns(problem_, terms.batch)) + pair.inference_ms);
  return per_cycle / terms.batch * problem_.arrival_rate_hz;
}

double Forecaster::excess_of(const Terms& terms, const Pair& pair) const {
  double excess = std::max(0.0, std::max(pair.background_w, pair.inference_w) / problem_.power_budget_w - 1);
  if (problem_.infers())
    excess += terms.room_ms > 0 ? std::max(0.0, pair.inference_ms / terms.room_ms - 1) : 1e6;
  return excess;
}

// Candidates as term * modes + mode, ascending.
std::vector<std::size_t> Forecaster::promising(const Predictions& predictions, double caution) const {
  const std::size_t modes = predictions.modes();
  const std::size_t scanning = std::min(hypotheses_scanning, predictions.hypotheses());
  std::vector<double> goodness(terms_.size() * modes, 0);
  std::vector<double> feasible(terms_.size() * modes, 0);
  std::set<std::size_t> kept;
  for (std::size_t h = 0; h < scanning; ++h) {
    double best = -1;
    std::size_t best_at = 0;
    for (std::size_t i = 0; i < terms_.size(); ++i) {
      if (problem_.infers() && terms_[i].room_ms <= 0) continue;  // gathering alone takes too long
      for (std::size_t mode = 0; mode < modes; ++mode) {
        const double worth = worth_of(terms_[i], predictions.at(h, i, mode));
        if (worth < 0) continue;
        const std::size_t at = i * modes + mode;
        goodness[at] += worth;
        feasible[at] += 1;
        if (worth <= best) continue;
        best = worth;
        best_at = at;
      }
    }
    if (best >= 0) kept.insert(best_at);
  }
  if (kept.empty()) return {};
  // Goodness in units of the best that the hypotheses agree on.
  const double unit = *std::max_element(goodness.begin(), goodness.end()) / static_cast<double>(scanning);
  std::vector<std::size_t> order;
  for (std::size_t at = 0; at < goodness.size(); ++at) {
    if (feasible[at] == 0) continue;
    goodness[at] = caution * feasible[at] + (unit > 0 ? goodness[at] / unit : 0);
    order.push_back(at);
  }
  const auto top = order.begin() + static_cast<std::ptrdiff_t>(std::min(candidates_kept, order.size()));
  std::partial_sort(order.begin(), top, order.end(), [&](std::size_t a, std::size_t b) {
    return goodness[a] != goodness[b] ? goodness[a] > goodness[b] : a < b;
  });
  kept.insert(order.begin(), top);
  return {kept.begin(), kept.end()};
}

std::vector<Forecast> Forecaster::of(const Predictions& predictions, double caution) const {
  const std::size_t modes = predictions.modes();
  std::vector<Forecast> list;
  const double share = 1 / static_cast<double>(predictions.hypotheses());
  for (const std::size_t at : promising(predictions, caution)) {
    const std::size_t column = at / modes, mode = at % modes;
    const Terms& terms = terms_[column];
    Forecast forecast{{mode, terms.batch}, {}};
    forecast.worth.reserve(predictions.hypotheses());
    for (std::size_t h = 0; h < predictions.hypotheses(); ++h) {
      const Pair pair = predictions.at(h, column, mode);
      forecast.worth.push_back(worth_of(terms, pair));
      if (pair.background_w > problem_.power_budget_w) forecast.background_breaks += share;
      if (problem_.infers() &&
          (pair.inference_w > problem_.power_budget_w || pair.inference_ms > terms.room_ms))
        forecast.inference_breaks += share;
    }
    list.push_back(std::move(forecast));
  }
  std::sort(list.begin(), list.end(), [](const Forecast& a, const Forecast& b) { return a.point < b.point; });
  return list;
}

Point Forecaster::least_excess(const Predictions& predictions) const {
  const std::size_t modes = predictions.modes();
  Point best{0, terms_.front().batch};
  double least = -1;
  for (std::size_t i = 0; i < terms_.size(); ++i) {
    for (std::size_t mode = 0; mode < modes; ++mode) {
      double excess = 0;
      for (std::size_t h = 0; h < std::min(hypotheses_scanning, predictions.hypotheses()); ++h)
        excess += excess_of(terms_[i], predictions.at(h, i, mode));
      if (least >= 0 && excess >= least) continue;
      least = excess;
      best = {mode, terms_[i].batch};
    }
  }
  return best;
}

}  // namespace wattline::policies::scout
