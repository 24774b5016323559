// PowerTrain's rule on series of readings.
#include "devices/sensor/stabilisation.hpp"

#include <vector>

#include "tests/catch.hpp"

namespace wattline::devices {
namespace {

using Series = std::vector<std::int64_t>;

TEST_CASE("The transition is the first reading a quarter above the mean of the ten before it") {
  //                       0     1     2     3     4     5     6
  CHECK(stabilised_from(Series{8000, 8000, 8000, 8000, 8000, 9900, 10'000}) == std::nullopt);
  // At 5 the mean of five is 8000, so 10,000 is just enough and 9999 is not.
  CHECK(stabilised_from(Series{8000, 8000, 8000, 8000, 8000, 10'000, 10'000}) == 5);
  CHECK(stabilised_from(Series{8000, 8000, 8000, 8000, 8000, 9999, 9999}) == std::nullopt);
}

TEST_CASE("Nothing is looked at before index four, though it counts for the mean") {
  // At 4 the mean of 8, 8, 8, 20 is 11 W, of which 5/4 are 13.75 W.
  CHECK(stabilised_from(Series{8000, 8000, 8000, 20'000, 13'750}) == 4);
  CHECK(stabilised_from(Series{8000, 8000, 8000, 20'000, 13'749}) == std::nullopt);
}

TEST_CASE("Only the last ten readings are compared with") {
  // Ten readings of 4 W hide the eleventh before them, 40 W.
  Series series(1, 40'000);
  series.resize(11, 4000);
  series.push_back(5000);
  CHECK(stabilised_from(series) == 11);
  // With eleven in the window the mean would be 80/11 W.
  CHECK(stabilised_from(series, {4, 11, 1.25}) == std::nullopt);
}

TEST_CASE("A slow rise, a fall and a constant are never a transition") {
  Series rise, fall;
  for (int i = 0; i < 60; ++i) rise.push_back(10'000 + 100 * i), fall.push_back(20'000 - 100 * i);
  CHECK(stabilised_from(rise) == std::nullopt);
  CHECK(stabilised_from(fall) == std::nullopt);
  CHECK(stabilised_from(Series(60, 7000)) == std::nullopt);
  CHECK(stabilised_from(Series(60, 0)) == std::nullopt);
}

TEST_CASE("From nothing to something is a transition") {
  CHECK(stabilised_from(Series{0, 0, 0, 0, 0, 40}) == 5);
}

TEST_CASE("A series of at most four readings has no transition") {
  CHECK(stabilised_from(Series{}) == std::nullopt);
  CHECK(stabilised_from(Series{1, 100, 1, 100}) == std::nullopt);
}

}  // namespace
}  // namespace wattline::devices
