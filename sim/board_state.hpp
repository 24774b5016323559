// What a dispatcher sees: the streams of requests and the training jobs of a device, what each may do now,
// and the rules of the configuration in force. Value types and pure functions, in the header because a
// dispatcher's turn comes with every minibatch.
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "sim/operating_point.hpp"
#include "sim/request_queue.hpp"
#include "sim/time.hpp"

namespace wattline::sim {

// How a stream's requests are gathered into minibatches.
struct ServingRule {
  // Requests in a minibatch; 0: this stream is not served. Range 0 .. 1,000,000.
  std::int64_t batch = 0;
  // A request waits at most this long for its batch to fill: then the minibatch is formed of the
  // requests that are there. It is padded, so it costs what a full one costs. 0: without limit.
  TimeNs max_wait_ns = 0;
  // A minibatch is formed when its oldest request has waited max_wait_ns, and not before, full or not.
  bool only_after_wait = false;
  // The rate at which requests are expected, for judging whether a training minibatch fits before
  // the batch is full. 0: no expectation.
  double expected_rate_hz = 0;
};

struct TrainingRule {
  bool trains = false;
  TimeNs time_ns = 0;  // how long a minibatch is expected to take
  // At most this many minibatches between two of inference (tau of a plan); negative: without limit.
  std::int64_t max_per_cycle = -1;
};

struct ServingState {
  ServingRule rule;
  RequestQueue waiting;
  TimeNs latency_budget_ns = 0;  // 0: none, so no deadline
  std::int64_t priority = 0;     // the smaller, the more urgent
  bool in_flight = false;        // whether a minibatch of it executes
};

struct TrainingState {
  TrainingRule rule;
  std::int64_t priority = 0;
  bool in_flight = false;
  bool has_minibatch = true;  // whether the next one is loaded
  TimeNs ready_since_ns =
      0;  // when its last minibatch ended, the next was loaded, or its configuration began
  std::int64_t this_cycle = 0;  // minibatches started since the last one of inference
};

// `Each` holds what there is of each stream or each job: any number of them, or, because most boards have one
// of each and access without a pointer is half again as fast, exactly one.
template <class T>
using AnyNumber = std::vector<T>;
template <class T>
using ExactlyOne = std::array<T, 1>;

template <template <class> class Each>
struct BasicBoardState {
  static constexpr bool exactly_one = std::is_same_v<Each<int>, ExactlyOne<int>>;
  TimeNs now_ns = 0;
  Each<ServingState> serving{};
  Each<TrainingState> training{};
};
using BoardState = BasicBoardState<AnyNumber>;

// Whether the stream's next minibatch is formed.
inline bool is_ready(const ServingState& stream, TimeNs now_ns) {
  const ServingRule& rule = stream.rule;
  if (rule.batch == 0 || stream.waiting.empty()) return false;
  if (!rule.only_after_wait && static_cast<std::int64_t>(stream.waiting.size()) >= rule.batch) return true;
  return rule.max_wait_ns > 0 && now_ns - stream.waiting.oldest() >= rule.max_wait_ns;
}

// Since when it is. Precondition: is_ready.
inline TimeNs ready_since_ns(const ServingState& stream) {
  const ServingRule& rule = stream.rule;
  const TimeNs waited_ns = rule.max_wait_ns > 0 ? stream.waiting.oldest() + rule.max_wait_ns : INT64_MAX;
  if (rule.only_after_wait || static_cast<std::int64_t>(stream.waiting.size()) < rule.batch) return waited_ns;
  return std::min(waited_ns, stream.waiting.at(static_cast<std::size_t>(rule.batch) - 1));
}

// The number of waiting requests with which a stream that is not ready has something to decide, whenever they
// come; besides, its wait may expire. The first request starts the clock of those that wait.
inline std::int64_t wakes_at(const ServingState& stream) {
  if (stream.rule.batch == 0) return INT64_MAX;
  if (stream.rule.max_wait_ns > 0 && stream.waiting.empty()) return 1;
  return stream.rule.only_after_wait ? INT64_MAX : stream.rule.batch;
}

}  // namespace wattline::sim
