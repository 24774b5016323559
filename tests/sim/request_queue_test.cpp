// The ring of waiting requests against std::deque.
#include "sim/request_queue.hpp"

#include <rapidcheck.h>

#include <cstdint>
#include <deque>
#include <random>

#include "tests/catch.hpp"

namespace wattline::sim {

TEST_CASE("A request queue starts empty and gives back what it got, oldest first") {
  RequestQueue queue;
  CHECK(queue.empty());
  CHECK(queue.size() == 0);
  for (TimeNs i = 0; i < 1000; ++i) queue.push(3 * i);
  CHECK(queue.size() == 1000);
  for (TimeNs i = 0; i < 1000; ++i) {
    CHECK(queue.oldest() == 3 * i);
    CHECK(queue.pop() == 3 * i);
  }
  CHECK(queue.empty());
}

TEST_CASE("A request queue behaves as std::deque does") {
  CHECK(rc::check("request queue = deque", [](std::uint64_t seed) {
    const int operations = *rc::gen::inRange(1, 5000);
    std::mt19937_64 generator(seed);
    RequestQueue queue;
    std::deque<TimeNs> reference;
    std::uint64_t pushes_of_16 = 8;
    for (int i = 0; i < operations; ++i) {
      if (i % 200 == 0) pushes_of_16 = 2 + generator() % 14;  // times of growing and of emptying
      if (generator() % 16 < pushes_of_16) {
        const auto arrival_ns = static_cast<TimeNs>(generator() >> 1);
        queue.push(arrival_ns);
        reference.push_back(arrival_ns);
      } else if (!reference.empty()) {
        RC_ASSERT(queue.pop() == reference.front());
        reference.pop_front();
      }
      RC_ASSERT(queue.size() == reference.size());
      RC_ASSERT(queue.empty() == reference.empty());
      if (!reference.empty()) RC_ASSERT(queue.oldest() == reference.front());
    }
    for (; !reference.empty(); reference.pop_front()) RC_ASSERT(queue.pop() == reference.front());
    RC_ASSERT(queue.empty());
  }));
}

TEST_CASE("A request queue grows while its ring is wrapped around") {
  RequestQueue queue;
  std::deque<TimeNs> reference;
  for (TimeNs i = 0; i < 100'000; ++i) {  // two in, one out: the head is everywhere when it grows
    queue.push(i);
    reference.push_back(i);
    if (i % 2 == 1) {
      REQUIRE(queue.pop() == reference.front());
      reference.pop_front();
    }
  }
  REQUIRE(queue.size() == reference.size());
  for (const TimeNs arrival_ns : reference) REQUIRE(queue.pop() == arrival_ns);
}

}  // namespace wattline::sim
