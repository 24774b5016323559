// Where a model was checked, and how far away a point is.
#include <cmath>

#include "devices/calibration/checked_range.hpp"
#include "tests/catch.hpp"

namespace wattline::devices::calibration {
namespace {

const double ln2 = std::log(2.0);

TEST_CASE("How far a point is from the profiles is the root of squared logarithms, knob by knob") {
  CheckedRange range;
  range.low = {.cores = 2, .cpu_khz = 400'000, .gpu_khz = 300'000, .emc_khz = 3'199'000};
  range.high = {.cores = 8, .cpu_khz = 2'000'000, .gpu_khz = 900'000, .emc_khz = 3'199'000};
  range.low_batch = 4;
  range.high_batch = 16;
  CHECK(range.squared_distance({4, range.low, {}, {}}).varied == 0);
  const PowerMode inside{.cores = 4, .cpu_khz = 1'000'000, .gpu_khz = 900'000, .emc_khz = 3'199'000};
  CHECK(range.squared_distance({8, inside, {}, {}}).varied == 0);
  // Batch 64 is a factor of 4 beyond 16, 150 MHz a factor of 2 below 300 MHz, one core a factor of 2 below
  // two.
  const PowerMode outside{.cores = 1, .cpu_khz = 400'000, .gpu_khz = 150'000, .emc_khz = 3'199'000};
  const SquaredDistance away = range.squared_distance({64, outside, {}, {}});
  CHECK(away.varied == Approx(4 * ln2 * ln2 + ln2 * ln2 + ln2 * ln2));
  CHECK(away.unvaried == 0);
}

TEST_CASE("A knob that all profiles have at one value is told apart") {
  CheckedRange range;
  const PowerMode mode{4, 1'000'000, 800'000, 1'600'000, 1};
  range.take_in({1, mode, {}, {}});
  CHECK(range.holds({1, mode, {}, {}}));
  CHECK_FALSE(range.holds({8, mode, {}, {}}));
  const SquaredDistance away = range.squared_distance({8, mode, {}, {}});
  CHECK(away.varied == 0);
  CHECK(away.unvaried == Approx(9 * ln2 * ln2));
}

TEST_CASE("Counted work outside that of the profiles is outside, whatever the mode") {
  CheckedRange range;
  const PowerMode mode{4, 1'000'000, 800'000, 1'600'000, 1};
  range.take_in({1, mode, 1e9, 1e7});
  range.take_in({1, mode, 8e9, 4e7});
  CHECK(range.holds({1, mode, 2e9, 2e7}));
  CHECK_FALSE(range.holds({1, mode, 16e9, 2e7}));
  CHECK_FALSE(range.holds({1, mode, 2e9, 5e6}));
  const SquaredDistance away = range.squared_distance({1, mode, 16e9, 5e6});
  CHECK(away.varied == Approx(2 * ln2 * ln2));
  // Nothing is infinitely far.
  CHECK(std::isfinite(range.squared_distance({1, mode, 0.0, 0.0}).varied));
}

TEST_CASE("Before its first profile a range holds nothing, and nothing is far from it") {
  const CheckedRange none;
  const PowerMode mode{4, 1'000'000, 800'000, 1'600'000, 1};
  CHECK_FALSE(none.holds({1, mode, {}, {}}));
  CHECK(none.squared_distance({1, mode, {}, {}}).varied == 0);
}

}  // namespace
}  // namespace wattline::devices::calibration
