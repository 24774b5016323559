#include "devices/mode_space.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <functional>
#include <string_view>
#include <utility>

namespace wattline::devices {

namespace {

// Far above any board, and low enough that a table with one entry per mode still fits in memory.
constexpr double most_modes = 1e8;

constexpr std::size_t position_of(Axis axis) {
  return static_cast<std::size_t>(axis);
}

std::int32_t knob(const PowerMode& mode, Axis axis) {
  switch (axis) {
    case Axis::cores:
      return mode.cores;
    case Axis::cpu:
      return mode.cpu_khz;
    case Axis::gpu:
      return mode.gpu_khz;
    case Axis::emc:
      return mode.emc_khz;
  }
  return 0;
}

// What is wrong with the values of one axis; empty when nothing is.
std::string fault_of_axis(const std::vector<std::int32_t>& values) {
  if (values.empty()) return "empty; at least one value is expected";
  if (values.front() <= 0)
    return fmt::format("{} is not accepted; values above 0 are expected", values.front());
  const auto fall = std::adjacent_find(values.begin(), values.end(), std::greater_equal<>());
  if (fall == values.end()) return {};
  return fmt::format("{} follows {}; strictly ascending values are expected", *std::next(fall), *fall);
}

}  // namespace

const char* name_of(Axis axis) {
  switch (axis) {
    case Axis::cores:
      return "cores";
    case Axis::cpu:
      return "cpu_khz";
    case Axis::gpu:
      return "gpu_khz";
    case Axis::emc:
      return "emc_khz";
  }
  return "";
}

std::string nearest_values(std::span<const std::int32_t> ascending, std::int32_t value) {
  const auto above = std::lower_bound(ascending.begin(), ascending.end(), value);
  if (above != ascending.end() && (*above == value || above == ascending.begin()))
    return std::to_string(*above);
  if (above == ascending.end()) return ascending.empty() ? "" : std::to_string(ascending.back());
  return fmt::format("{}, {}", *std::prev(above), *above);
}

Result<ModeSpace> ModeSpace::make(std::string name, std::array<std::vector<std::int32_t>, 4> axes,
                                  std::int32_t active_sms) {
  double modes = 1;
  for (const Axis axis : all_axes) {
    const auto& values = axes[position_of(axis)];
    const std::string fault = fault_of_axis(values);
    if (!fault.empty()) return bad_input(fmt::format("mode space '{}': {}: {}", name, name_of(axis), fault));
    modes *= static_cast<double>(values.size());
  }
  if (modes > most_modes) {
    return bad_input(
        fmt::format("mode space '{}': {} modes; at most {} are accepted", name, modes, most_modes));
  }
  if (active_sms <= 0) {
    return bad_input(fmt::format("mode space '{}': active_sms {} is not accepted; at least 1 is expected",
                                 name, active_sms));
  }
  ModeSpace space;
  space.name_ = std::move(name);
  space.axes_ = std::move(axes);
  space.active_sms_ = active_sms;
  return space;
}

std::size_t ModeSpace::size() const {
  std::size_t modes = 1;
  for (const auto& values : axes_) modes *= values.size();
  return modes;
}

PowerMode ModeSpace::at(std::size_t index) const {
  return at(coordinates_of(index));
}

PowerMode ModeSpace::at(const ModeCoordinates& coordinates) const {
  PowerMode mode;
  mode.cores = axes_[0][coordinates[0]];
  mode.cpu_khz = axes_[1][coordinates[1]];
  mode.gpu_khz = axes_[2][coordinates[2]];
  mode.emc_khz = axes_[3][coordinates[3]];
  mode.active_sms = active_sms_;
  return mode;
}

std::size_t ModeSpace::index_of(const ModeCoordinates& coordinates) const {
  std::size_t index = 0;
  for (std::size_t i = 0; i < axes_.size(); ++i) {
    assert(coordinates[i] < axes_[i].size());
    index = index * axes_[i].size() + coordinates[i];
  }
  return index;
}

ModeCoordinates ModeSpace::coordinates_of(std::size_t index) const {
  assert(index < size());
  ModeCoordinates coordinates{};
  for (std::size_t i = axes_.size(); i-- > 0;) {
    coordinates[i] = index % axes_[i].size();
    index /= axes_[i].size();
  }
  return coordinates;
}

std::optional<std::size_t> ModeSpace::find(const PowerMode& mode) const {
  if (mode.active_sms != active_sms_) return std::nullopt;
  ModeCoordinates coordinates{};
  for (const Axis wanted : all_axes) {
    const auto& values = axis(wanted);
    const auto place = std::lower_bound(values.begin(), values.end(), knob(mode, wanted));
    if (place == values.end() || *place != knob(mode, wanted)) return std::nullopt;
    coordinates[position_of(wanted)] = static_cast<std::size_t>(place - values.begin());
  }
  return index_of(coordinates);
}

std::string ModeSpace::why_absent(const PowerMode& mode) const {
  std::string reasons;
  const auto add = [&](std::string_view what, std::int32_t value, const std::string& nearest) {
    reasons += fmt::format("{}{} {} is not in mode space '{}'; nearest: {}", reasons.empty() ? "" : "; ",
                           what, value, name_, nearest);
  };
  for (const Axis wanted : all_axes) {
    const auto& values = axis(wanted);
    const std::int32_t value = knob(mode, wanted);
    if (!std::binary_search(values.begin(), values.end(), value)) {
      add(name_of(wanted), value, nearest_values(values, value));
    }
  }
  if (mode.active_sms != active_sms_) add("active_sms", mode.active_sms, std::to_string(active_sms_));
  return reasons;
}

}  // namespace wattline::devices
