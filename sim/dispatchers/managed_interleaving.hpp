// Managed interleaving (Fulcrum, arXiv 2509.20205): one minibatch at a time. Requests are gathered into
// minibatches; training minibatches run in between, and only when none of inference is expected to be formed
// before they end.
//
// Of several streams with a minibatch formed the first listed goes first: streams are listed in the order of
// urgency. Of several training jobs that fit, the one that has waited longest.
#pragma once

#include "sim/board_state.hpp"
#include "sim/residents/exclusive.hpp"

namespace wattline::sim {

// Whether a minibatch of training is expected to end before the stream's next minibatch is formed:
// (batch - waiting) / rate >= training time, and before the oldest request has waited as long as it may.
inline bool fits_before(const TrainingRule& training, const ServingState& stream, TimeNs now_ns) {
  const ServingRule& rule = stream.rule;
  if (rule.batch == 0) return true;
  if (rule.expected_rate_hz > 0 && !rule.only_after_wait) {
    // Both sides times the rate: products of whole numbers are exact, a quotient would be rounded.
    const double missing = static_cast<double>(rule.batch - static_cast<std::int64_t>(stream.waiting.size()));
    if (missing * 1e9 < static_cast<double>(training.time_ns) * rule.expected_rate_hz) return false;
  }
  if (rule.max_wait_ns > 0 && !stream.waiting.empty())
    return now_ns + training.time_ns <= stream.waiting.oldest() + rule.max_wait_ns;
  return true;
}

struct ManagedInterleaving {
  using Residents = Exclusive;

  template <class Board>
  Tenant choose(const Board& board) const {
    for (std::size_t i = 0; i < board.serving.size(); ++i)
      if (is_ready(board.serving[i], board.now_ns)) return Tenant(Work::infer, i);
    Tenant chosen = Tenant::nobody();
    for (std::size_t i = 0; i < board.training.size(); ++i) {
      const bool longest = chosen == Tenant::nobody() ||
                           board.training[i].ready_since_ns < board.training[chosen.index()].ready_since_ns;
      if (longest && fits(board, board.training[i])) chosen = Tenant(Work::train, i);
    }
    return chosen;
  }

 private:
  template <class Board>
  static bool fits(const Board& board, const TrainingState& job) {
    if (!job.rule.trains) return false;
    bool serves = false;
    for (const ServingState& stream : board.serving) {
      if (!fits_before(job.rule, stream, board.now_ns)) return false;
      serves = serves || stream.rule.batch > 0;
    }
    // Without inference there are no cycles.
    return !serves || job.rule.max_per_cycle < 0 || job.this_cycle < job.rule.max_per_cycle;
  }
};

}  // namespace wattline::sim
