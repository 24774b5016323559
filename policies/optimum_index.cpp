#include "policies/optimum_index.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace wattline::policies {

namespace {

std::optional<Measured> measured(bool needed, sim::TimeNs time_ns, double power_w) {
  if (!needed) return std::nullopt;
  return Measured{time_ns, power_w};
}

}  // namespace

OptimumIndex::OptimumIndex(const Problem& like, const devices::ModeSpace& modes, const CostTable* train,
                           const CostTable* infer)
    : modes_(modes) {
  const std::vector<int> no_inference = {0};
  for (const int batch : like.infers() ? like.infer_batches : no_inference) {
    std::vector<Candidate> all;
    for (std::size_t mode = 0; mode < modes.size(); ++mode) {
      Candidate candidate;
      candidate.mode = mode;
      if (like.trains()) {
        const auto& trained = train->at(mode, like.train_batch);
        if (!trained) continue;
        candidate.train_ns = trained->time_ns;
        candidate.train_w = candidate.power_w = trained->power_w;
      }
      if (like.infers()) {
        const auto& inferred = infer->at(mode, batch);
        if (!inferred) continue;
        candidate.infer_ns = inferred->time_ns;
        candidate.infer_w = inferred->power_w;
        candidate.power_w = std::max(candidate.power_w, inferred->power_w);
      }
      all.push_back(candidate);
    }
    points_ += all.size();
    Column column;
    column.batch = batch;
    column.candidates = like.minds_energy() ? by_power(std::move(all)) : undominated(std::move(all));
    kept_ += column.candidates.size();
    for (const Candidate& candidate : column.candidates) {
      const bool first = column.least_infer_ns.empty();
      column.least_infer_ns.push_back(first ? candidate.infer_ns
                                            : std::min(column.least_infer_ns.back(), candidate.infer_ns));
      column.least_train_ns.push_back(first ? candidate.train_ns
                                            : std::min(column.least_train_ns.back(), candidate.train_ns));
    }
    columns_.push_back(std::move(column));
  }
}

std::vector<OptimumIndex::Candidate> OptimumIndex::by_power(std::vector<Candidate> all) {
  std::sort(all.begin(), all.end(), [](const Candidate& a, const Candidate& b) {
    return std::tie(a.power_w, a.infer_ns, a.mode) < std::tie(b.power_w, b.infer_ns, b.mode);
  });
  return all;
}

// A point is dominated by one that is no worse in power and in both times, and that wins the tie where the
// objective does not tell them apart: it draws less, infers faster, or comes first in the mode space.
std::vector<OptimumIndex::Candidate> OptimumIndex::undominated(std::vector<Candidate> all) {
  all = by_power(std::move(all));
  std::vector<Candidate> kept;
  // Of the points so far that draw less or infer faster: by rising time of inference, falling time of
  // training.
  std::map<sim::TimeNs, sim::TimeNs> stairs;
  const auto least_train = [&](sim::TimeNs infer_ns) -> std::optional<sim::TimeNs> {
    const auto above = stairs.upper_bound(infer_ns);
    return above == stairs.begin() ? std::nullopt : std::optional(std::prev(above)->second);
  };
  const auto add = [&](const Candidate& point) {
    const auto known = least_train(point.infer_ns);
    if (known && *known <= point.train_ns) return;
    auto at = stairs.insert_or_assign(point.infer_ns, point.train_ns).first;
    for (++at; at != stairs.end() && at->second >= point.train_ns;) at = stairs.erase(at);
  };
  for (auto group = all.begin(); group != all.end();) {
    const auto end = std::find_if(group, all.end(), [&](const Candidate& other) {
      return other.power_w != group->power_w || other.infer_ns != group->infer_ns;
    });
    // Within a group, which is in the order of modes, only a faster training makes up for coming later.
    std::optional<sim::TimeNs> fastest = least_train(group->infer_ns);
    const std::size_t first_kept = kept.size();
    for (auto point = group; point != end; ++point) {
      if (fastest && *fastest <= point->train_ns) continue;
      fastest = point->train_ns;
      kept.push_back(*point);
    }
    for (std::size_t i = first_kept; i < kept.size(); ++i) add(kept[i]);
    group = end;
  }
  return kept;
}

std::vector<OptimumIndex::Bid> OptimumIndex::bids(const Problem& problem, OptimumCount& count) const {
  std::vector<Bid> list;
  for (const Column& column : columns_) {
    const auto& candidates = column.candidates;
    const auto end = std::upper_bound(
        candidates.begin(), candidates.end(), problem.power_budget_w,
        [](double budget_w, const Candidate& candidate) { return budget_w < candidate.power_w; });
    const auto within = static_cast<std::size_t>(end - candidates.begin());
    count.over_power += candidates.size() - within;
    if (within == 0) continue;
    // As if one point had the least power, the fastest inference and the fastest training.
    const double least_w = candidates.front().power_w;
    Evaluation bound = evaluate(problem, column.batch,
                                measured(problem.trains(), column.least_train_ns[within - 1], least_w),
                                measured(problem.infers(), column.least_infer_ns[within - 1], least_w));
    bound.within_energy = true;  // the least power and times do not bound the energy of a sample
    if (bound.feasible())
      list.push_back({&column, within, bound});
    else
      count.outbid += within;
  }
  std::stable_sort(list.begin(), list.end(),
                   [&](const Bid& a, const Bid& b) { return better(problem, a.bound, b.bound); });
  return list;
}

std::optional<Optimum> OptimumIndex::find(const Problem& problem, OptimumCount* count) const {
  OptimumCount counted;
  counted.points = points_;
  counted.dominated = points_ - kept_;
  std::optional<Optimum> best;
  std::size_t best_mode = 0;
  for (const Bid& bid : bids(problem, counted)) {
    // An equal bid may still win the tie.
    if (best && !problem.minds_energy() && better(problem, best->value, bid.bound)) {
      counted.outbid += bid.within;
      continue;
    }
    counted.examined += bid.within;
    for (std::size_t i = 0; i < bid.within; ++i) {
      const Candidate& candidate = bid.column->candidates[i];
      const Evaluation value = evaluate(problem, bid.column->batch,
                                        measured(problem.trains(), candidate.train_ns, candidate.train_w),
                                        measured(problem.infers(), candidate.infer_ns, candidate.infer_w));
      if (!value.feasible()) continue;
      const int batch = bid.column->batch;
      const bool wins = !best || better(problem, value, best->value) ||
                        (!better(problem, best->value, value) &&
                         std::pair(candidate.mode, batch) < std::pair(best_mode, best->plan.infer_batch));
      if (!wins) continue;
      best = Optimum{{{}, batch, value.train_per_cycle}, value};
      best_mode = candidate.mode;
    }
  }
  if (best) best->plan.mode = modes_.at(best_mode);
  if (count) *count = counted;
  return best;
}

}  // namespace wattline::policies
