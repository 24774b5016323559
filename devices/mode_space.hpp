// A mode space: the product of a board's discrete axes (cores x CPU x GPU x EMC clock).
//
// Modes are numbered 0 .. size()-1 in ascending lexicographic order of (cores, cpu, gpu, emc), so
// the last one has every knob at its top. Immutable value type.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "devices/power_mode.hpp"
#include "sim/base/result.hpp"

namespace wattline::devices {

enum class Axis { cores, cpu, gpu, emc };
inline constexpr std::array<Axis, 4> all_axes = {Axis::cores, Axis::cpu, Axis::gpu, Axis::emc};
const char* name_of(Axis axis);  // "cores", "cpu_khz", "gpu_khz", "emc_khz"

// A position on each axis, in the order of all_axes.
using ModeCoordinates = std::array<std::size_t, 4>;

class ModeSpace {
 public:
  // Each axis: non-empty, strictly ascending, positive. An error names the axis.
  static Result<ModeSpace> make(std::string name, std::array<std::vector<std::int32_t>, 4> axes,
                                std::int32_t active_sms);

  const std::string& name() const { return name_; }
  const std::vector<std::int32_t>& axis(Axis axis) const { return axes_[static_cast<std::size_t>(axis)]; }
  std::int32_t active_sms() const { return active_sms_; }
  std::size_t size() const;

  // Preconditions: index < size(); each coordinate < its axis' length.
  PowerMode at(std::size_t index) const;
  PowerMode at(const ModeCoordinates& coordinates) const;
  std::size_t index_of(const ModeCoordinates& coordinates) const;
  ModeCoordinates coordinates_of(std::size_t index) const;

  // Nothing when the mode is not in the space.
  std::optional<std::size_t> find(const PowerMode& mode) const;

  // Why `mode` is not in the space: the axis, the value, and the nearest values there are.
  std::string why_absent(const PowerMode& mode) const;

 private:
  ModeSpace() = default;
  std::string name_;
  std::array<std::vector<std::int32_t>, 4> axes_;
  std::int32_t active_sms_ = 0;
};

// For messages: the members of an ascending list on either side of `value`, "1236750, 1300500"; one
// alone where `value` is beyond an end, or is itself a member.
std::string nearest_values(std::span<const std::int32_t> ascending, std::int32_t value);

}  // namespace wattline::devices
