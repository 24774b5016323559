// Dispatchers that always execute something when something is ready: one minibatch at a time, to its end, and
// which of those that are ready is a matter of order alone. A training job is ready whenever none of its
// minibatches executes and the next is loaded. No rule of training but `trains` is heeded: what is expected
// is not asked.
//
// Ties go to inference before training, then to whoever has been ready longest, then to the smaller index.
#pragma once

#include <tuple>

#include "sim/board_state.hpp"
#include "sim/residents/exclusive.hpp"

namespace wattline::sim {

// First in, first out: minibatches execute in the order in which they were ready. Training thus takes turns
// with inference.
struct FirstInFirstOut {
  using Residents = Exclusive;
  static TimeNs rank(const ServingState& stream) { return ready_since_ns(stream); }
  static TimeNs rank(const TrainingState& job) { return job.ready_since_ns; }
  Tenant choose(const BoardState& board) const;
};

// Earliest deadline first: a minibatch's deadline is its oldest request's arrival plus the stream's latency
// budget. Streams without a budget come after all that have one, training last.
struct EarliestDeadline {
  using Residents = Exclusive;
  static TimeNs rank(const ServingState& stream) {
    return stream.latency_budget_ns > 0 ? stream.waiting.oldest() + stream.latency_budget_ns : INT64_MAX - 1;
  }
  static TimeNs rank(const TrainingState&) { return INT64_MAX; }
  Tenant choose(const BoardState& board) const;
};

// Fixed priorities, the smaller the more urgent. A minibatch that executes is not interrupted.
struct FixedPriority {
  using Residents = Exclusive;
  static std::int64_t rank(const ServingState& stream) { return stream.priority; }
  static std::int64_t rank(const TrainingState& job) { return job.priority; }
  Tenant choose(const BoardState& board) const;
};

// The ready tenant of the smallest rank; those that execute already are not ready again.
template <class Order>
Tenant first_ready(const BoardState& board) {
  Tenant chosen = Tenant::nobody();
  std::tuple<std::int64_t, Work, TimeNs> least;
  const auto offer = [&](Tenant tenant, std::int64_t rank, TimeNs since_ns) {
    const std::tuple offered(rank, tenant.work(), since_ns);
    if (chosen != Tenant::nobody() && offered >= least) return;
    chosen = tenant;
    least = offered;
  };
  for (std::size_t i = 0; i < board.serving.size(); ++i) {
    const ServingState& stream = board.serving[i];
    if (!stream.in_flight && is_ready(stream, board.now_ns))
      offer({Work::infer, i}, Order::rank(stream), ready_since_ns(stream));
  }
  for (std::size_t i = 0; i < board.training.size(); ++i) {
    const TrainingState& job = board.training[i];
    if (!job.in_flight && job.has_minibatch && job.rule.trains)
      offer({Work::train, i}, Order::rank(job), job.ready_since_ns);
  }
  return chosen;
}

inline Tenant FirstInFirstOut::choose(const BoardState& board) const {
  return first_ready<FirstInFirstOut>(board);
}
inline Tenant EarliestDeadline::choose(const BoardState& board) const {
  return first_ready<EarliestDeadline>(board);
}
inline Tenant FixedPriority::choose(const BoardState& board) const {
  return first_ready<FixedPriority>(board);
}

}  // namespace wattline::sim
