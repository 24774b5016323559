#include "devices/mode_space.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <set>

#include "devices/power_mode.hpp"
#include "tests/catch.hpp"

namespace wattline::devices {
namespace {

ModeSpace small_space() {
  return *ModeSpace::make("small", {{{2, 4}, {100, 200, 300}, {10, 20}, {1, 5}}}, 16);
}

// An error's text; empty when there is none.
std::string fault(std::array<std::vector<std::int32_t>, 4> axes, std::int32_t active_sms = 16) {
  const auto space = ModeSpace::make("bad", std::move(axes), active_sms);
  return space ? "" : space.error().message;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A strictly ascending list of 1 to 8 positive values.
std::vector<std::int32_t> random_axis() {
  const auto size = *rc::gen::inRange<std::size_t>(1, 9);
  const auto values =
      *rc::gen::container<std::set<std::int32_t>>(rc::gen::inRange<std::int32_t>(1, 3'000'000));
  std::vector<std::int32_t> axis(values.begin(), values.end());
  if (axis.size() > size) axis.resize(size);
  if (axis.empty()) axis.push_back(*rc::gen::inRange<std::int32_t>(1, 100));
  return axis;
}

ModeSpace random_space() {
  std::array<std::vector<std::int32_t>, 4> axes;
  for (auto& axis : axes) axis = random_axis();
  return *ModeSpace::make("random", axes, *rc::gen::inRange<std::int32_t>(1, 17));
}

TEST_CASE("A mode space has the product of its axes as modes") {
  CHECK(small_space().size() == 24);
}

TEST_CASE("Modes are numbered in ascending order of cores, CPU, GPU and EMC clock") {
  const ModeSpace space = small_space();
  CHECK(space.at(0) == PowerMode{2, 100, 10, 1, 16});
  CHECK(space.at(1) == PowerMode{2, 100, 10, 5, 16});
  CHECK(space.at(2) == PowerMode{2, 100, 20, 1, 16});
  CHECK(space.at(4) == PowerMode{2, 200, 10, 1, 16});
  CHECK(space.at(12) == PowerMode{4, 100, 10, 1, 16});
  CHECK(space.at(23) == PowerMode{4, 300, 20, 5, 16});
  for (std::size_t i = 1; i < space.size(); ++i) CHECK(space.at(i - 1) < space.at(i));
}

TEST_CASE("Index, coordinates and mode round-trip in any mode space") {
  CHECK(rc::check([] {
    const ModeSpace space = random_space();
    const auto index = *rc::gen::inRange<std::size_t>(0, space.size());
    const ModeCoordinates coordinates = space.coordinates_of(index);
    for (const Axis axis : all_axes) {
      RC_ASSERT(coordinates[static_cast<std::size_t>(axis)] < space.axis(axis).size());
    }
    RC_ASSERT(space.index_of(coordinates) == index);
    RC_ASSERT(space.at(coordinates) == space.at(index));
    RC_ASSERT(space.find(space.at(index)) == index);
  }));
}

TEST_CASE("A mode is found exactly when each of its knobs is on its axis") {
  CHECK(rc::check([] {
    const ModeSpace space = random_space();
    PowerMode mode = space.at(*rc::gen::inRange<std::size_t>(0, space.size()));
    mode.gpu_khz += *rc::gen::inRange<std::int32_t>(-2, 3);
    mode.active_sms += *rc::gen::inRange<std::int32_t>(0, 2);
    const auto& gpu = space.axis(Axis::gpu);
    const bool member =
        std::count(gpu.begin(), gpu.end(), mode.gpu_khz) == 1 && mode.active_sms == space.active_sms();
    RC_ASSERT(space.find(mode).has_value() == member);
    RC_ASSERT(space.why_absent(mode).empty() == member);
  }));
}

TEST_CASE("An absent mode is explained by axis, value and neighbours") {
  const ModeSpace space = small_space();
  CHECK(space.why_absent({2, 250, 10, 1, 16}) ==
        "cpu_khz 250 is not in mode space 'small'; nearest: 200, 300");
  CHECK(space.why_absent({2, 100, 5, 1, 16}) == "gpu_khz 5 is not in mode space 'small'; nearest: 10");
  CHECK(space.why_absent({9, 100, 10, 1, 16}) == "cores 9 is not in mode space 'small'; nearest: 4");
  CHECK(space.why_absent({2, 100, 10, 3, 8}) ==
        "emc_khz 3 is not in mode space 'small'; nearest: 1, 5; active_sms 8 is not in mode space 'small'; "
        "nearest: 16");
  CHECK(space.why_absent({2, 100, 10, 1, 16}).empty());
}

TEST_CASE("An axis that is empty, not ascending or not positive is refused by name") {
  CHECK(contains(fault({{{1}, {}, {1}, {1}}}), "cpu_khz: empty"));
  CHECK(contains(fault({{{1}, {1}, {10, 20, 20}, {1}}}), "gpu_khz: 20 follows 20"));
  CHECK(contains(fault({{{1}, {1}, {10}, {30, 20}}}), "emc_khz: 20 follows 30"));
  CHECK(contains(fault({{{0, 1}, {1}, {1}, {1}}}), "cores: 0 is not accepted"));
  CHECK(contains(fault({{{1}, {1}, {1}, {1}}}, 0), "active_sms 0 is not accepted"));
}

TEST_CASE("A mode space too large to enumerate is refused") {
  std::vector<std::int32_t> axis(1000);
  for (std::size_t i = 0; i < axis.size(); ++i) axis[i] = static_cast<std::int32_t>(i + 1);
  CHECK(contains(fault({{axis, axis, axis, {1}}}), "modes; at most"));
}

TEST_CASE("A power mode is printed with its active SMs only where they differ from all") {
  const PowerMode mode{8, 1728000, 612000, 3199000, 8};
  CHECK(to_text(mode) == "8c/1728000/612000/3199000");
  CHECK(to_text(mode, 16) == "8c/1728000/612000/3199000/8sm");
  CHECK(to_text(mode, 8) == "8c/1728000/612000/3199000");
}

}  // namespace
}  // namespace wattline::devices
