// Which modes throttling and limits may bring a board to, beyond those that may be asked for.
#include <algorithm>

#include "devices/device_spec.hpp"
#include "tests/catch.hpp"
#include "tests/devices/built_in_board.hpp"

namespace wattline::devices {
namespace {

bool may_be_asked_for(const DeviceSpec& spec, const PowerMode& mode) {
  return !check_mode(spec, mode).has_value();
}
bool may_be_in_force(const DeviceSpec& spec, const PowerMode& mode) {
  return !check_mode_in_force(spec, mode).has_value();
}

TEST_CASE("What may be asked for may be in force") {
  for (const std::string& name : device_names()) {
    const DeviceSpec spec = board(name);
    CAPTURE(name);
    for (const Preset& preset : spec.presets) CHECK(may_be_in_force(spec, preset.mode));
    for (const ModeSpace& space : spec.mode_spaces) CHECK(may_be_in_force(spec, space.at(space.size() / 2)));
  }
}

TEST_CASE(
    "A preset with gated SMs may come down to lower clocks of the table, and nothing else of it changes") {
  // MODE_30W is 8c/1728000/624750/3199000 with 8 of 16 SMs.
  const DeviceSpec spec = board("orin-agx-64gb");
  CHECK(may_be_in_force(spec, {8, 1'728'000, 510'000, 3'199'000, 8}));
  CHECK(may_be_in_force(spec, {8, 115'200, 114'750, 3'199'000, 8}));
  CHECK(may_be_in_force(spec, {8, 1'728'000, 510'000, 2'133'000, 8}));
  CHECK_FALSE(may_be_asked_for(spec, {8, 1'728'000, 510'000, 3'199'000, 8}));
  // No clock of the table; higher clocks; other cores, SMs.
  CHECK_FALSE(may_be_in_force(spec, {8, 1'728'000, 510'001, 3'199'000, 8}));
  CHECK_FALSE(may_be_in_force(spec, {8, 1'728'000, 714'000, 3'199'000, 8}));
  CHECK_FALSE(may_be_in_force(spec, {8, 1'804'800, 510'000, 3'199'000, 8}));
  CHECK_FALSE(may_be_in_force(spec, {7, 1'728'000, 510'000, 3'199'000, 8}));
  CHECK_FALSE(may_be_in_force(spec, {8, 1'728'000, 510'000, 2'133'001, 8}));
  CHECK_FALSE(may_be_in_force(spec, {8, 1'728'000, 510'000, 3'199'000, 7}));
  const PowerMode higher = {8, 1'728'000, 714'000, 3'199'000, 8};
  CHECK(check_mode_in_force(spec, higher)->message == check_mode(spec, higher)->message);
}

TEST_CASE("Between the clocks of a mode space those of its table may be in force") {
  DeviceSpec spec = board("orin-agx-64gb");
  const ModeSpace fulcrum = *find_mode_space(spec, "fulcrum");
  spec.mode_spaces = {fulcrum};
  spec.presets.clear();
  const std::vector<std::int32_t>& clocks_khz = fulcrum.axis(Axis::gpu);
  const PowerMode top = fulcrum.at(fulcrum.size() - 1);
  for (const std::int32_t gpu_khz : spec.clock_tables.front().gpu_khz) {
    PowerMode mode = top;
    mode.gpu_khz = gpu_khz;
    CAPTURE(gpu_khz);
    const bool on_axis = std::find(clocks_khz.begin(), clocks_khz.end(), gpu_khz) != clocks_khz.end();
    CHECK(may_be_asked_for(spec, mode) == on_axis);
    CHECK(may_be_in_force(spec, mode));
  }
}

}  // namespace
}  // namespace wattline::devices
