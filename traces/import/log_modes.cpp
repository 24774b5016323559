#include "traces/import/log_modes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "sim/base/text.hpp"
#include "traces/import/board_modes.hpp"

namespace wattline::traces {

using devices::ClockTable;
using devices::PowerMode;

namespace {

struct Knob {
  std::int32_t PowerMode::*value;
  const char* name;
  const char* option;  // of the command line, that gives it
};
constexpr Knob knobs[] = {{&PowerMode::cores, "cores", "--cores"},
                          {&PowerMode::cpu_khz, "CPU clock", "--cpu-khz"},
                          {&PowerMode::gpu_khz, "GPU clock", "--gpu-khz"},
                          {&PowerMode::emc_khz, "EMC clock", "--emc-khz"}};

// 1 for each knob that the reading states, 0 for the others.
PowerMode stated_knobs(const PowerReading& reading) {
  if (!reading.preset.empty()) return {1, 1, 1, 1, 0};
  return {reading.cores ? 1 : 0, reading.cpu_khz ? 1 : 0, reading.gpu_khz ? 1 : 0, reading.emc_khz ? 1 : 0,
          0};
}

bool is_whole(const PowerMode& mode) {
  return std::all_of(std::begin(knobs), std::end(knobs),
                     [&](const Knob& knob) { return mode.*knob.value != 0; });
}

// Of a log without a line that states the whole mode; `anywhere` has each knob that some line states.
std::string incomplete_message(const PowerMode& anywhere) {
  const bool scattered = is_whole(anywhere);
  std::vector<std::string> names, options;
  for (const Knob& knob : knobs) {
    if (!scattered && anywhere.*knob.value != 0) continue;
    names.emplace_back(knob.name);
    options.emplace_back(knob.option);
  }
  return fmt::format("no line states the {} (tegrastats tells some clocks to root only); give {} with {}",
                     scattered ? "whole mode" : joined(names, " or the "),
                     scattered || names.size() == 1 ? "it" : "them", joined(options, " and "));
}

// One domain's clocks of all firmwares of a board, ascending.
std::vector<std::int32_t> clocks_of(const devices::DeviceSpec& board,
                                    std::vector<std::int32_t> ClockTable::*clocks) {
  std::vector<std::int32_t> all;
  for (const ClockTable& table : board.clock_tables)
    all.insert(all.end(), (table.*clocks).begin(), (table.*clocks).end());
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

}  // namespace

Result<LogModes> LogModes::make(const PowerLog& log, const ImportOptions& options) {
  LogModes modes(log, options);
  PowerMode anywhere;
  for (const PowerReading& reading : log.readings) {
    const PowerMode stated = replaced(stated_knobs(reading), options.mode);
    anywhere = replaced(anywhere, stated);
    if (is_whole(stated)) modes.usable_.push_back(&reading);
  }
  if (modes.usable_.empty()) return bad_input(fmt::format("{}: {}", log.name, incomplete_message(anywhere)));
  modes.modes_.resize(modes.usable_.size());
  if (is_whole(options.mode)) return modes;
  if (options.board) {
    modes.board_ = options.board;
    return modes;
  }
  auto board = devices::find_device(options.device);
  if (!board) return board.error();
  modes.board_ = *std::move(board);
  return modes;
}

Result<PowerMode> LogModes::at(double time_s) {
  const auto later = std::lower_bound(usable_.begin(), usable_.end(), time_s,
                                      [](const PowerReading* a, double t) { return a->time_s < t; });
  auto nearest = later == usable_.end() ? std::prev(later) : later;
  if (later != usable_.begin() && later != usable_.end() &&
      time_s - (*std::prev(later))->time_s <= (*later)->time_s - time_s)
    nearest = std::prev(later);
  auto& known = modes_[static_cast<std::size_t>(nearest - usable_.begin())];
  if (known) return *known;
  const auto mode = of(**nearest);
  if (mode) known = *mode;
  return mode;
}

Result<PowerMode> LogModes::of(const PowerReading& reading) const {
  if (!board_) return given_;
  const auto mode = reading.preset.empty() ? of_clocks(reading) : of_preset(reading);
  if (!mode) return mode.error();
  return replaced(*mode, given_);
}

// The member of any of the board's tables; 0 where the clock is not stated, for then it is given.
Result<PowerMode> LogModes::of_clocks(const PowerReading& reading) const {
  PowerMode mode;
  mode.cores = reading.cores.value_or(0);
  if (given_.cores == 0 && mode.cores > board_->cpu.cores)
    return error_at(
        reading, fmt::format("{} cores are online; {} has {}", mode.cores, board_->name, board_->cpu.cores));
  const auto snap = [&](std::int32_t PowerMode::*knob, const char* what, const std::optional<double>& khz,
                        std::vector<std::int32_t> ClockTable::*clocks) -> MaybeError {
    if (!khz || given_.*knob != 0) return std::nullopt;
    const auto table = clocks_of(*board_, clocks);
    const auto clock = nearest_clock(table, *khz);
    if (!clock) {
      return error_at(
          reading, fmt::format("{} {} kHz is not one of {}; nearest: {}", what, shortest(*khz), board_->name,
                               devices::nearest_values(table, static_cast<std::int32_t>(*khz))));
    }
    mode.*knob = *clock;
    return std::nullopt;
  };
  if (auto error = snap(&PowerMode::cpu_khz, "CPU clock", reading.cpu_khz, &ClockTable::cpu_khz))
    return *error;
  if (auto error = snap(&PowerMode::gpu_khz, "GPU clock", reading.gpu_khz, &ClockTable::gpu_khz))
    return *error;
  if (auto error = snap(&PowerMode::emc_khz, "EMC clock", reading.emc_khz, &ClockTable::emc_khz))
    return *error;
  return mode;
}

Result<PowerMode> LogModes::of_preset(const PowerReading& reading) const {
  const auto presets = presets_labelled(*board_, reading.preset);
  if (presets.empty())
    return error_at(reading, devices::find_preset(*board_, reading.preset).error().message);
  const PowerMode mode = presets.front().mode;
  for (const devices::Preset& preset : presets) {
    if (preset.mode == mode) continue;
    return error_at(reading, fmt::format("'{}' may be {} or {} of {}; give the mode with --cores, "
                                         "--cpu-khz, --gpu-khz and --emc-khz",
                                         reading.preset, presets.front().name, preset.name, board_->name));
  }
  if (reading.cores && given_.cores == 0 && *reading.cores != mode.cores) {
    return error_at(reading, fmt::format("{} cores are online; preset {} has {}", *reading.cores,
                                         presets.front().name, mode.cores));
  }
  return mode;
}

Error LogModes::error_at(const PowerReading& reading, const std::string& message) const {
  return bad_input(fmt::format("{}: line {}: {}", log_->name, reading.line, message));
}

}  // namespace wattline::traces
