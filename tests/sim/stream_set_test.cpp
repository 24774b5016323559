// The set of streams against std::set.
#include "sim/stream_set.hpp"

#include <rapidcheck.h>

#include <set>

#include "tests/catch.hpp"

namespace wattline::sim {

TEST_CASE("A set of streams holds what was put in and finds the first that is asked for") {
  CHECK(rc::check("stream set = std::set", [] {
    const auto streams = *rc::gen::inRange<std::size_t>(1, 200);
    StreamSet set(streams);
    std::set<std::size_t> reference;
    for (int step = 0; step < 200; ++step) {
      const auto stream = *rc::gen::inRange<std::size_t>(0, streams);
      const bool contained = *rc::gen::arbitrary<bool>();
      set.set(stream, contained);
      if (contained)
        reference.insert(stream);
      else
        reference.erase(stream);
      const auto least = *rc::gen::inRange<std::size_t>(0, streams);
      const auto found = reference.lower_bound(least);
      RC_ASSERT(set.empty() == reference.empty());
      RC_ASSERT(set.first_that([&](std::size_t i) { return i >= least; }) ==
                (found == reference.end() ? StreamSet::none : *found));
    }
  }));
}

}  // namespace wattline::sim
