#include "sim/base/median.hpp"

#include <algorithm>

#include "tests/catch.hpp"

namespace wattline {
namespace {

TEST_CASE("The median is the middle value, or the mean of the two middle ones, in whatever order they come") {
  CHECK(median({7}) == 7);
  CHECK(median({1, 4}) == 2.5);
  std::vector<double> odd = {-3, 1, 1, 5, 100};
  std::vector<double> even = {-3, 1, 2, 6, 8, 100};
  do CHECK(median(odd) == 1);
  while (std::next_permutation(odd.begin(), odd.end()));
  do CHECK(median(even) == 4);
  while (std::next_permutation(even.begin(), even.end()));
}

}  // namespace
}  // namespace wattline
