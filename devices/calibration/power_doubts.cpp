#include "devices/calibration/power_doubts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "sim/base/text.hpp"

namespace wattline::devices::calibration {

namespace {

double share(std::int32_t clock_khz, std::int32_t top_khz) {
  return static_cast<double>(clock_khz) / top_khz;
}

double sm_share(const DeviceSpec& spec, const PowerMode& mode) {
  return mode.active_sms > 0 ? static_cast<double>(mode.active_sms) / spec.gpu.sms : 1;
}

// In the precision that draws most.
double most_arithmetic_w(const DeviceSpec& spec, const PowerMode& mode) {
  double most_pj_per_clock = 0;
  for (const SoftwareStack& stack : spec.stacks)
    most_pj_per_clock = std::max(most_pj_per_clock, spec.gpu.flop_per_clock_per_sm(stack.precision) *
                                                        spec.power.relative_flop_energy.of(stack.precision));
  return sm_share(spec, mode) * spec.gpu.sms * most_pj_per_clock * spec.power.energy_per_flop_pj *
         mode.gpu_khz * 1e-9;
}

// The rows of one kind of fault: how many, and the first of them.
struct Doubtful {
  std::size_t count = 0;
  std::size_t line = 0;
  double power_w = 0;
  double bound_w = 0;

  void add(const ProfileRow& row, double bound) {
    if (count++ > 0) return;
    line = row.line;
    power_w = *row.power_w;
    bound_w = bound;
  }
  std::string text(const DeviceSpec& spec, const char* of_bound) const {
    return fmt::format(
        "power of {} rows is {}; the first is line {}: {:.4g} W, where {} can be expected to draw "
        "at {} {:.2g} W; check the unit and the column",
        count, bound_w < power_w ? "too high" : "too low", line, power_w, spec.name, of_bound, bound_w);
  }
};

// Points that differ in the GPU clock alone.
using Series = std::tuple<std::size_t, std::int64_t, PowerMode, PowerKind, double, double, std::string>;

Series series_of(const ProfileRow& row, const IntakePoint& point) {
  PowerMode mode = row.mode;
  mode.gpu_khz = 0;
  // Counted work of one stack is one group; its rows are told apart by name and counts.
  return {point.group,           row.batch,   mode, point.power_kind, row.flop.value_or(0),
          row.bytes.value_or(0), row.workload};
}

struct Ends {
  const ProfileRow* lowest = nullptr;
  const ProfileRow* highest = nullptr;
};

std::map<Series, Ends> ends_of_series(const std::vector<ProfileRow>& rows, const Intake& intake) {
  std::map<Series, Ends> ends;
  for (const IntakePoint& point : intake.points) {
    const ProfileRow& row = rows[point.row];
    if (!row.power_w) continue;
    auto& [lowest, highest] = ends[series_of(row, point)];
    if (!lowest || row.mode.gpu_khz < lowest->mode.gpu_khz) lowest = &row;
    if (!highest || row.mode.gpu_khz > highest->mode.gpu_khz) highest = &row;
  }
  return ends;
}

void doubt_falls(const std::vector<ProfileRow>& rows, const Intake& intake, std::vector<std::string>& notes) {
  constexpr double worth_comparing = 1.2;  // ratio of the clocks
  constexpr double clear_fall = 0.9;
  std::size_t compared = 0;
  std::size_t fallen = 0;
  Ends first;
  for (const auto& [series, ends] : ends_of_series(rows, intake)) {
    if (ends.highest->mode.gpu_khz < worth_comparing * ends.lowest->mode.gpu_khz) continue;
    ++compared;
    if (*ends.highest->power_w >= clear_fall * *ends.lowest->power_w) continue;
    if (fallen++ == 0) first = ends;
  }
  if (2 * fallen <= compared) return;
  notes.push_back(
      fmt::format("power falls as the GPU clock rises, in {} of {} series that differ in it alone (lines {} "
                  "and {}: {:.4g} W at "
                  "{} kHz, {:.4g} W at {} kHz); check the column",
                  fallen, compared, first.lowest->line, first.highest->line, *first.lowest->power_w,
                  first.lowest->mode.gpu_khz, *first.highest->power_w, first.highest->mode.gpu_khz));
}

}  // namespace

double most_power_w(const DeviceSpec& spec, const PowerMode& mode) {
  const PowerParameters& power = spec.power;
  const double bytes_per_s = spec.memory.bytes_per_clock * mode.emc_khz * 1e3;
  return power.board_w + power.memory_idle_w + power.energy_per_byte_pj * bytes_per_s * 1e-12 +
         sm_share(spec, mode) *
             (power.gpu.leakage_w + power.gpu.clock_w * share(mode.gpu_khz, spec.max_gpu_khz())) +
         mode.cores * (power.cpu.leakage_w + power.cpu.clock_w * share(mode.cpu_khz, spec.max_cpu_khz())) +
         most_arithmetic_w(spec, mode);
}

double least_power_w(const DeviceSpec& spec, const PowerMode& mode) {
  const PowerParameters& power = spec.power;
  const auto lowest = [](const PowerDomain& domain) {
    return domain.leakage_w * domain.voltage_floor * domain.voltage_floor;
  };
  return power.board_w + power.memory_idle_w * share(mode.emc_khz, spec.max_emc_khz()) +
         sm_share(spec, mode) * lowest(power.gpu) + mode.cores * lowest(power.cpu);
}

void doubt_powers(const DeviceSpec& spec, const std::vector<ProfileRow>& rows, const Intake& intake,
                  std::vector<std::string>& notes) {
  constexpr double margin_above = 2;
  constexpr double margin_below = 3;
  constexpr double outside_module_w = 10;
  Doubtful high;
  Doubtful low;
  for (const IntakePoint& point : intake.points) {
    const ProfileRow& row = rows[point.row];
    if (!row.power_w) continue;
    const double most = most_power_w(spec, row.mode);
    const double least = least_power_w(spec, row.mode);
    const double outside = point.power_kind == PowerKind::module_rails ? 0 : outside_module_w;
    if (*row.power_w > margin_above * most + outside) high.add(row, most);
    if (*row.power_w < least / margin_below) low.add(row, least);
  }
  if (high.count > 0) notes.push_back(high.text(spec, "most"));
  if (low.count > 0) notes.push_back(low.text(spec, "least"));
  doubt_falls(rows, intake, notes);
}

}  // namespace wattline::devices::calibration
