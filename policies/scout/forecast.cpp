#include "policies/scout/forecast.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace wattline::policies::scout {

namespace {

constexpr std::size_t block = 64;

// In a loop that vectorises.
bool any_above(float limit, const std::vector<float>& values, std::size_t begin, std::size_t end) {
  int above = 0;
  for (std::size_t i = begin; i < end; ++i) above |= values[i] > limit ? 1 : 0;
  return above != 0;
}

}  // namespace

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

// As in evaluate().
double Forecaster::train_per_cycle_of(const Terms& terms, const Pair& pair) const {
  const double most = std::floor((terms.cycle_ms - pair.inference_ms) / pair.background_ms);
  if (!problem_.minds_energy()) return most;
  const double inference_j = 1e-3 * pair.inference_ms * pair.inference_w;
  const double background_j = 1e-3 * pair.background_ms * pair.background_w;
  const double inference_each_j = inference_j / terms.batch;
  const double background_each_j = background_j / problem_.train_batch;
  if (problem_.objective == Objective::energy) return background_each_j <= inference_each_j ? most : 0;
  const double budget_j = *problem_.energy_budget_j;
  if (inference_each_j > budget_j || background_each_j <= budget_j) return most;
  return std::min(most, std::floor((budget_j * terms.batch - inference_j) /
                                   (background_j - budget_j * problem_.train_batch)));
}

double Forecaster::energy_of(const Terms& terms, const Pair& pair, double per_cycle) const {
  const double background_j = 1e-3 * pair.background_ms * pair.background_w;
  if (!problem_.infers()) return background_j / problem_.train_batch;
  const double inference_j = 1e-3 * pair.inference_ms * pair.inference_w;
  return (inference_j + per_cycle * background_j) / (terms.batch + per_cycle * problem_.train_batch);
}

double Forecaster::worth_of(const Terms& terms, const Pair& pair) const {
  if (std::max(pair.background_w, pair.inference_w) > problem_.power_budget_w) return -1;
  if (problem_.infers() && pair.inference_ms > terms.room_ms) return -1;
  double per_cycle = 0;
  if (problem_.interleaves()) per_cycle = train_per_cycle_of(terms, pair);
  if (problem_.minds_energy()) {
    const double energy_j = energy_of(terms, pair, per_cycle);
    if (problem_.energy_budget_j && energy_j > *problem_.energy_budget_j) return -1;
    if (problem_.objective == Objective::energy) return 1 / energy_j;
  }
  if (!problem_.infers()) return 1 / pair.background_ms;
  if (!problem_.trains()) return 1 / (terms.gathering_ms + pair.inference_ms);
  return per_cycle / terms.batch * problem_.arrival_rate_hz;
}

Excess Forecaster::excess_of(const Terms& terms, const Pair& pair) const {
  Excess excess;
  const auto over = [&](double seen, double budget) {
    const double share = std::max(0.0, seen / budget - 1);
    excess.sum += share;
    excess.largest = std::max(excess.largest, share);
  };
  over(std::max(pair.background_w, pair.inference_w), problem_.power_budget_w);
  if (problem_.infers() && terms.room_ms > 0) over(pair.inference_ms, terms.room_ms);
  if (problem_.infers() && terms.room_ms <= 0) over(1e6, 1);  // no inference is fast enough
  if (problem_.energy_budget_j) {
    // Where inference is too slow for its requests nothing is trained.
    const double per_cycle = problem_.interleaves() ? std::max(0.0, train_per_cycle_of(terms, pair)) : 0;
    over(energy_of(terms, pair, per_cycle), *problem_.energy_budget_j);
  }
  return excess;
}

void Forecaster::worths_of(const Terms& terms, const Predictions::Column& background,
                           const Predictions::Column& inference, std::vector<float>& worths) const {
  if (problem_.minds_energy() || !problem_.interleaves()) {
    for (std::size_t mode = 0; mode < worths.size(); ++mode) {
      const Cost back = problem_.trains() ? background.at(mode) : Cost{0, 0};
      const Cost infer = problem_.infers() ? inference.at(mode) : Cost{0, 0};
      worths[mode] = static_cast<float>(worth_of(terms, {back.ms, back.w, infer.ms, infer.w}));
    }
    return;
  }
  // The same in a loop that vectorises: the largest spaces have twenty thousand modes, and every hypothesis
  // looks at all of them at every batch.
  constexpr float most_per_cycle = 1e9F;
  const auto budget_w = static_cast<float>(problem_.power_budget_w);
  const auto room_ms = static_cast<float>(terms.room_ms);
  const auto cycle_ms = static_cast<float>(terms.cycle_ms);
  const auto rate_hz = static_cast<float>(problem_.arrival_rate_hz / terms.batch);
  const float* const back_ms = background.time_ms.data();
  const float* const back_w = background.power_w.data();
  const float* const infer_ms = inference.time_ms.data();
  const float* const infer_w = inference.power_w.data();
  float* const worth = worths.data();
  for (std::size_t mode = 0; mode < worths.size(); ++mode) {
    const bool keeps = (back_w[mode] <= budget_w) & (infer_w[mode] <= budget_w) & (infer_ms[mode] <= room_ms);
    const float room = std::max(0.0F, cycle_ms - infer_ms[mode]);
    const float per_cycle = std::min(room / back_ms[mode], most_per_cycle);
    worth[mode] = keeps ? rate_hz * static_cast<float>(static_cast<int>(per_cycle)) : -1.0F;
  }
}

// Candidates as term * modes + mode, ascending.
std::vector<std::size_t> Forecaster::promising(const Predictions& predictions, double caution) const {
  const std::size_t modes = predictions.modes();
  const std::size_t scanning = std::min(hypotheses_scanning, predictions.tabulated());
  std::vector<float> goodness(terms_.size() * modes, 0), feasible(terms_.size() * modes, 0);
  std::vector<float> worths(modes);
  std::set<std::size_t> kept;
  for (std::size_t h = 0; h < scanning; ++h) {
    float best = -1;
    std::size_t best_at = 0;
    for (std::size_t i = 0; i < terms_.size(); ++i) {
      if (problem_.infers() && terms_[i].room_ms <= 0) continue;  // gathering alone takes too long
      worths_of(terms_[i], predictions.background(h), predictions.inference(h, i), worths);
      float* const good = goodness.data() + i * modes;
      float* const count = feasible.data() + i * modes;
      for (std::size_t mode = 0; mode < modes; ++mode) {
        good[mode] += std::max(0.0F, worths[mode]);
        count[mode] += worths[mode] >= 0 ? 1.0F : 0.0F;
      }
      for (std::size_t begin = 0; begin < modes; begin += block) {
        const std::size_t end = std::min(begin + block, modes);
        if (!any_above(best, worths, begin, end)) continue;
        for (std::size_t mode = begin; mode < end; ++mode) {
          if (worths[mode] <= best) continue;
          best = worths[mode];
          best_at = i * modes + mode;
        }
      }
    }
    if (best >= 0) kept.insert(best_at);
  }
  if (kept.empty()) return {};
  // Goodness in units of the best that the hypotheses agree on.
  const float unit = *std::max_element(goodness.begin(), goodness.end()) / static_cast<float>(scanning);
  std::vector<std::size_t> order;
  for (std::size_t at = 0; at < goodness.size(); ++at) {
    if (feasible[at] == 0) continue;
    goodness[at] = static_cast<float>(caution) * feasible[at] + (unit > 0 ? goodness[at] / unit : 0);
    order.push_back(at);
  }
  const auto top = order.begin() + static_cast<std::ptrdiff_t>(std::min(candidates_kept, order.size()));
  std::partial_sort(order.begin(), top, order.end(), [&](std::size_t a, std::size_t b) {
    return goodness[a] != goodness[b] ? goodness[a] > goodness[b] : a < b;
  });
  kept.insert(order.begin(), top);
  return {kept.begin(), kept.end()};
}

std::vector<Forecast> Forecaster::of(const Predictions& predictions, double caution,
                                     const std::vector<Point>& besides) const {
  const std::size_t modes = predictions.modes();
  std::vector<Forecast> list;
  const double share = 1 / static_cast<double>(predictions.hypotheses());
  const std::vector<std::size_t> best = promising(predictions, caution);
  std::set<std::size_t> all(best.begin(), best.end());
  for (const Point& point : besides) {
    for (std::size_t i = 0; i < terms_.size(); ++i) {
      if (terms_[i].batch == point.batch) all.insert(i * modes + point.mode);
    }
  }
  for (const std::size_t at : all) {
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

std::optional<Nearest> Forecaster::nearest(const Predictions& predictions,
                                           const std::function<bool(const Point&)>& counts,
                                           double out_by) const {
  const std::size_t modes = predictions.modes();
  const std::size_t scanning = std::min(hypotheses_scanning, predictions.hypotheses());
  std::optional<Nearest> best;
  for (std::size_t i = 0; i < terms_.size(); ++i) {
    for (std::size_t mode = 0; mode < modes; ++mode) {
      const Point point{mode, terms_[i].batch};
      if (!counts(point)) continue;
      double mean = 0, least = std::numeric_limits<double>::infinity();
      for (std::size_t h = 0; h < scanning; ++h) {
        const Excess excess = excess_of(terms_[i], predictions.at(h, i, mode));
        mean += excess.sum / static_cast<double>(scanning);
        least = std::min(least, excess.largest);
      }
      if (least <= out_by && (!best || mean < best->excess)) best = Nearest{point, mean};
    }
  }
  return best;
}

}  // namespace wattline::policies::scout
