// Managed interleaving (Fulcrum, arXiv 2509.20205): one minibatch at a time. Requests are gathered into
// minibatches; training minibatches run in between, and only when none of inference is expected to be formed
// before they end.
//
// Of several streams with a minibatch formed the first listed goes first: streams are listed in the order of
// urgency. Of several training jobs that fit, the one that has waited longest.
#pragma once

#include <algorithm>

#include "sim/board_state.hpp"
#include "sim/residents/exclusive.hpp"
#include "sim/stream_set.hpp"

namespace wattline::sim {

// Whether a minibatch of training is expected to end before the stream's next minibatch is full:
// (batch - waiting) / rate >= training time.
inline bool ends_before_full(const TrainingRule& training, const ServingState& stream) {
  const ServingRule& rule = stream.rule;
  if (rule.batch == 0 || rule.expected_rate_hz <= 0 || rule.only_after_wait) return true;
  // Both sides times the rate: products of whole numbers are exact, a quotient would be rounded.
  const double missing = static_cast<double>(rule.batch - static_cast<std::int64_t>(stream.waiting.size()));
  return missing * 1e9 >= static_cast<double>(training.time_ns) * rule.expected_rate_hz;
}

// Whether it would end before the stream's oldest request has waited as long as it may.
inline bool ends_before_waited(const TrainingRule& training, const ServingState& stream, TimeNs now_ns) {
  const ServingRule& rule = stream.rule;
  if (rule.batch == 0 || rule.max_wait_ns == 0 || stream.waiting.empty()) return true;
  return now_ns + training.time_ns <= stream.waiting.oldest() + rule.max_wait_ns;
}

class ManagedInterleaving {
 public:
  using Residents = Exclusive;

  template <class Board>
  Tenant choose(const Board& board) const {
    const std::size_t ready =
        first_of(board, [&](std::size_t i) { return is_ready(board.serving[i], board.now_ns); });
    if (ready != StreamSet::none) return {Work::infer, ready};
    Tenant chosen = Tenant::nobody();
    for (std::size_t i = 0; i < board.training.size(); ++i) {
      const bool longest = chosen == Tenant::nobody() ||
                           board.training[i].ready_since_ns < board.training[chosen.index()].ready_since_ns;
      if (longest && fits(board, i)) chosen = Tenant(Work::train, i);
    }
    return chosen;
  }

  // For boards with many streams, of which few change between two decisions: once note() was called for every
  // stream, only those are asked that may have something to say. To be called again whenever a rule or the
  // waiting requests of the stream have changed. The choices are the same.
  template <class Board>
  void note(const Board& board, std::size_t stream) {
    if (full_first_.empty()) {
      may_be_ready_ = StreamSet(board.serving.size());
      full_first_.assign(std::max<std::size_t>(1, board.training.size()), StreamSet(board.serving.size()));
    }
    const ServingState& state = board.serving[stream];
    const auto waiting = static_cast<std::int64_t>(state.waiting.size());
    may_be_ready_.set(stream, state.rule.batch > 0 && waiting > 0 &&
                                  (state.rule.max_wait_ns > 0 || waiting >= state.rule.batch));
    for (std::size_t job = 0; job < board.training.size(); ++job)
      full_first_[job].set(stream, !ends_before_full(board.training[job].rule, state));
  }

 private:
  // Whether note() keeps books; never on a board of exactly one stream.
  template <class Board>
  bool noted(const Board&) const {
    if constexpr (Board::exactly_one)
      return false;
    else
      return !full_first_.empty();
  }

  // The first stream of which `holds`, a condition that holds of none but those that may be ready.
  template <class Board, class Predicate>
  std::size_t first_of(const Board& board, const Predicate& holds) const {
    if (noted(board)) return may_be_ready_.first_that(holds);
    for (std::size_t i = 0; i < board.serving.size(); ++i)
      if (holds(i)) return i;
    return StreamSet::none;
  }

  template <class Board>
  bool fits(const Board& board, std::size_t job) const {
    const TrainingState& state = board.training[job];
    if (!state.rule.trains || !state.has_minibatch) return false;
    const bool counted =
        state.rule.max_per_cycle >= 0 &&
        std::any_of(board.serving.begin(), board.serving.end(), [](const ServingState& stream) {
          return stream.rule.batch > 0;
        });  // else there are no cycles
    if (counted && state.this_cycle >= state.rule.max_per_cycle) return false;
    const auto full_first_of = [&](const ServingState& stream) {
      return !ends_before_full(state.rule, stream);
    };
    const bool full_first = noted(board)
                                ? !full_first_[job].empty()
                                : std::any_of(board.serving.begin(), board.serving.end(), full_first_of);
    return !full_first && first_of(board, [&](std::size_t i) {
                            return !ends_before_waited(state.rule, board.serving[i], board.now_ns);
                          }) == StreamSet::none;
  }

  // What note() keeps; empty while it was not called.
  StreamSet may_be_ready_;
  std::vector<StreamSet> full_first_;  // of each job: the streams that would be full before it ends
};

}  // namespace wattline::sim
