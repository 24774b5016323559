#include "experiments/parallel.hpp"

#include <stdexcept>

#include "tests/catch.hpp"

using wattline::experiments::for_each_index;

TEST_CASE("Every index is done once, whatever the number of threads") {
  for (const int jobs : {0, 1, 2, 7}) {
    CAPTURE(jobs);
    std::vector<int> done(1000, 0);
    for_each_index(done.size(), jobs, [&](std::size_t i) { ++done[i]; });
    CHECK(done == std::vector<int>(1000, 1));
  }
}

TEST_CASE("No work is no work") {
  for_each_index(0, 4, [](std::size_t) { FAIL("nothing should be called"); });
}

TEST_CASE("An exception of one piece of work reaches the caller once all threads have stopped") {
  std::atomic<int> running{0};
  const auto body = [&](std::size_t i) {
    ++running;
    if (i == 5) {
      --running;
      throw std::runtime_error("five");
    }
    --running;
  };
  CHECK_THROWS_WITH(for_each_index(1000, 3, body), "five");
  CHECK(running == 0);
}
