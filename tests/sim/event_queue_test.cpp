// The event queue against the simplest thing that does the same: an unsorted list, searched for its
// least element.
#include "sim/event_queue.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include "tests/catch.hpp"

namespace wattline::sim {
namespace {

using Queue = EventQueue<int>;

struct Entry {
  TimeNs time_ns;
  unsigned phase;
  int number;  // how many were pushed before it
  bool waits = true;

  auto key() const { return std::tuple(time_ns, phase, number); }
};

// All that were ever pushed, in the order of pushing.
class NaiveQueue {
 public:
  int push(TimeNs time_ns, unsigned phase) {
    const int number = static_cast<int>(all_.size());
    all_.push_back({time_ns, phase, number});
    waiting_.push_back(number);
    return number;
  }

  bool cancel(int number) {
    if (!all_[static_cast<std::size_t>(number)].waits) return false;
    take(std::find(waiting_.begin(), waiting_.end(), number));
    return true;
  }

  std::optional<Entry> pop() {
    if (waiting_.empty()) return std::nullopt;
    const auto least = std::min_element(waiting_.begin(), waiting_.end(), [&](int a, int b) {
      return all_[static_cast<std::size_t>(a)].key() < all_[static_cast<std::size_t>(b)].key();
    });
    return take(least);
  }

  std::size_t size() const { return waiting_.size(); }

 private:
  Entry take(std::vector<int>::iterator place) {
    Entry& entry = all_[static_cast<std::size_t>(*place)];
    entry.waits = false;
    waiting_.erase(place);
    return entry;
  }

  std::vector<Entry> all_;
  std::vector<int> waiting_;  // their numbers
};

// A random sequence of operations on both queues.
class Duel {
 public:
  explicit Duel(std::uint64_t seed) : generator_(seed) {
    push_weight_ = 1 + below(10);
    cancel_weight_ = below(10);
    pop_weight_ = 1 + below(6);
    horizon_ns_ = std::int64_t{1} << below(20);  // short ones make many events share an instant
  }

  void operator()(int operations) {
    for (int i = 0; i < operations; ++i) step();
    while (naive_.size() > 0) pop();
    pop();
  }

 private:
  std::int64_t below(std::int64_t bound) {
    return static_cast<std::int64_t>(generator_() % static_cast<std::uint64_t>(bound));
  }

  void step() {
    const std::int64_t draw = below(push_weight_ + cancel_weight_ + pop_weight_);
    if (draw < push_weight_) {
      push();
    } else if (draw < push_weight_ + cancel_weight_) {
      cancel();
    } else {
      pop();
    }
    RC_ASSERT(queue_.size() == naive_.size());
    RC_ASSERT(queue_.empty() == (naive_.size() == 0));
  }

  void push() {
    const TimeNs time_ns = queue_.now_ns() + (below(3) == 0 ? 0 : below(horizon_ns_));
    const auto phase = static_cast<unsigned>(below(Queue::phases));
    const int number = naive_.push(time_ns, phase);
    if (below(2) == 0) {
      queue_.push(time_ns, phase, number);
    } else {
      ids_.emplace_back(queue_.push_cancellable(time_ns, phase, number), number);
    }
  }

  // Any that was ever handed out: waiting, popped or cancelled before.
  void cancel() {
    if (ids_.empty()) return;
    const auto& [id, number] = ids_[static_cast<std::size_t>(below(static_cast<std::int64_t>(ids_.size())))];
    const bool waited = naive_.cancel(number);
    RC_ASSERT(queue_.cancel(id) == waited);
  }

  void pop() {
    const TimeNs before_ns = queue_.now_ns();
    const auto event = queue_.pop();
    const auto expected = naive_.pop();
    RC_ASSERT(event.has_value() == expected.has_value());
    if (!event) {
      RC_ASSERT(queue_.now_ns() == before_ns);
      return;
    }
    RC_ASSERT(event->payload == expected->number);
    RC_ASSERT(event->time_ns == expected->time_ns);
    RC_ASSERT(event->phase() == expected->phase);
    RC_ASSERT(queue_.now_ns() == expected->time_ns);
  }

  std::mt19937_64 generator_;
  std::int64_t push_weight_, cancel_weight_, pop_weight_, horizon_ns_;
  Queue queue_;
  NaiveQueue naive_;
  std::vector<std::pair<EventId, int>> ids_;
};

// What the queue holds, in the order in which it leaves.
template <class Payload>
std::vector<Payload> drain(EventQueue<Payload>& queue) {
  std::vector<Payload> payloads;
  while (const auto event = queue.pop()) payloads.push_back(event->payload);
  return payloads;
}

}  // namespace

TEST_CASE("An event queue behaves as a sorted list does, over 2000 random sequences of operations") {
  CHECK(rc::check("queue = sorted list", [](std::uint64_t seed) {
    const int operations = *rc::gen::inRange(1, 700);
    for (std::uint64_t i = 0; i < 20; ++i) Duel(seed + i)(operations);
  }));
}

TEST_CASE("Events leave by time, then phase, then in the order in which they were pushed") {
  EventQueue<std::string> queue;
  queue.push(20, 0, "g");
  queue.push(10, 3, "d");
  queue.push(10, 1, "a");
  queue.push(10, 3, "e");
  queue.push(10, 1, "b");
  queue.push(10, 2, "c");
  queue.push(10, 7, "f");
  CHECK(drain(queue) == std::vector<std::string>{"a", "b", "c", "d", "e", "f", "g"});
  CHECK(queue.now_ns() == 20);
}

TEST_CASE("What is pushed at the current instant takes its phase's turn among what waited before") {
  EventQueue<std::string> queue;
  queue.push(10, 2, "first");
  queue.push(10, 2, "waited in phase 2");
  queue.push(10, 5, "waited in phase 5");
  queue.push(11, 0, "next instant");
  REQUIRE(queue.pop()->payload == "first");
  queue.push(10, 5, "new in phase 5");
  queue.push(10, 2, "new in phase 2");
  queue.push(10, 0, "new in phase 0");
  CHECK(drain(queue) == std::vector<std::string>{"new in phase 0", "waited in phase 2", "new in phase 2",
                                                 "waited in phase 5", "new in phase 5", "next instant"});
}

TEST_CASE("A phase is first in, first out, however many share it") {
  for (const TimeNs time_ns : {0, 5}) {  // the current instant and a future one
    EventQueue<int> queue;
    std::vector<int> expected;
    for (int i = 0; i < 10'000; ++i) {
      queue.push(time_ns, 4, i);
      expected.push_back(i);
    }
    CHECK(drain(queue) == expected);
  }
}

TEST_CASE("An event in the past or of no phase is refused and leaves the queue as it was") {
  EventQueue<int> queue;
  CHECK_THROWS_AS(queue.push(-1, 0, 0), std::logic_error);
  queue.push(5, 0, 1);
  queue.push(7, 0, 2);
  REQUIRE(queue.pop()->payload == 1);
  CHECK_THROWS_AS(queue.push(4, 0, 3), std::logic_error);
  CHECK_THROWS_AS(queue.push_cancellable(4, 0, 3), std::logic_error);
  CHECK_THROWS_AS(queue.push(5, Queue::phases, 3), std::logic_error);
  CHECK(queue.size() == 1);
  CHECK(queue.now_ns() == 5);
  queue.push(5, 0, 4);
  CHECK(drain(queue) == std::vector<int>{4, 2});
}

TEST_CASE("A cancelled event never surfaces and does not move the clock") {
  EventQueue<int> queue;
  const EventId now = queue.push_cancellable(0, 0, 1);
  const EventId later = queue.push_cancellable(10, 0, 2);
  queue.push(20, 0, 3);
  const EventId last = queue.push_cancellable(30, 0, 4);
  CHECK(queue.cancel(now));
  CHECK(queue.cancel(later));
  CHECK(queue.cancel(last));
  CHECK(queue.size() == 1);
  CHECK(drain(queue) == std::vector<int>{3});
  CHECK(queue.now_ns() == 20);
  queue.push(20, 0, 5);  // not in the past
  CHECK(drain(queue) == std::vector<int>{5});
}

TEST_CASE("A stale name cancels nothing, not even the event that took over its place") {
  EventQueue<int> queue;
  CHECK_FALSE(queue.cancel(EventId{}));
  CHECK_FALSE(queue.cancel(EventId{0, 0}));
  const EventId popped = queue.push_cancellable(1, 0, 1);
  queue.pop();
  CHECK_FALSE(queue.cancel(popped));
  const EventId cancelled = queue.push_cancellable(2, 0, 2);
  CHECK_FALSE(queue.cancel(popped));
  CHECK(queue.cancel(cancelled));
  CHECK_FALSE(queue.cancel(cancelled));
  for (int i = 0; i < 100; ++i) queue.push_cancellable(3, 0, i);
  CHECK_FALSE(queue.cancel(popped));
  CHECK_FALSE(queue.cancel(cancelled));
  CHECK(queue.size() == 100);
  CHECK(drain(queue).size() == 100);
}

TEST_CASE("Cancelling most of many events keeps the order of the rest") {
  std::mt19937_64 generator(30);
  for (const TimeNs horizon_ns : {1, 50, 1'000'000}) {  // all at the current instant; few; many instants
    CAPTURE(horizon_ns);
    EventQueue<int> queue;
    NaiveQueue naive;
    std::vector<std::pair<EventId, int>> ids;
    for (int i = 0; i < 6000; ++i) {
      const auto time_ns = static_cast<TimeNs>(generator() % static_cast<std::uint64_t>(horizon_ns));
      const auto phase = static_cast<unsigned>(generator() % Queue::phases);
      const int number = naive.push(time_ns, phase);
      ids.emplace_back(queue.push_cancellable(time_ns, phase, number), number);
    }
    std::shuffle(ids.begin(), ids.end(), generator);
    for (std::size_t i = 0; i < 5700; ++i) {
      CHECK(queue.cancel(ids[i].first));
      naive.cancel(ids[i].second);
    }
    REQUIRE(queue.size() == 300);
    std::vector<int> expected;
    while (const auto entry = naive.pop()) expected.push_back(entry->number);
    CHECK(drain(queue) == expected);
    CHECK(queue.empty());
    for (const auto& [id, number] : ids) CHECK_FALSE(queue.cancel(id));
  }
}

TEST_CASE("The size counts what waits and is not cancelled") {
  EventQueue<int> queue;
  CHECK(queue.size() == 0);
  CHECK(queue.empty());
  CHECK_FALSE(queue.pop().has_value());
  queue.push(0, 0, 1);
  const EventId id = queue.push_cancellable(1, 0, 2);
  CHECK(queue.size() == 2);
  queue.cancel(id);
  CHECK(queue.size() == 1);
  queue.pop();
  CHECK(queue.empty());
  CHECK_FALSE(queue.pop().has_value());
}

}  // namespace wattline::sim
