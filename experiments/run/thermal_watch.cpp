#include "experiments/run/thermal_watch.hpp"

#include <algorithm>
#include <cmath>

namespace wattline::experiments {

sim::MinibatchCost ThermalWatch::PacedPoint::paced(const sim::MinibatchCost& cost) const {
  const double time_ns = static_cast<double>(cost.time_ns) / pace;
  return {time_ns < static_cast<double>(sim::longest_time_ns) ? std::llround(time_ns) : sim::longest_time_ns,
          paced(cost.power_uw)};
}

sim::RailPowerUw ThermalWatch::PacedPoint::paced(const sim::RailPowerUw& power_uw) const {
  sim::RailPowerUw lowered{};
  for (std::size_t rail = 0; rail < sim::max_rails; ++rail)
    lowered[rail] = std::llround(static_cast<double>(power_uw[rail]) * pace);
  return lowered;
}

bool ThermalWatch::look(sim::TimeNs now_ns, const sim::RailEnergyFj& drawn_fj) {
  if (error_) return false;
  sim::Int128 total_fj = 0;
  for (const sim::Int128 rail_fj : drawn_fj) total_fj += rail_fj;
  const double power_w = static_cast<double>(total_fj) * 1e-6 / static_cast<double>(period_ns());
  const devices::ThermalVerdict verdict = model_.look(power_w);
  log(now_ns, power_w);
  present_ = 1 - present_;  // what was in force until now stays what it was
  return !verdict.shut_down;
}

sim::OperatingPoint& ThermalWatch::in_force(sim::OperatingPoint& configured) {
  const devices::ThermalVerdict& verdict = model_.verdict();
  const devices::PowerMode asked = mode_of_(configured);
  mode_ = devices::capped(asked, verdict, table_of(asked));
  sim::OperatingPoint* point = &configured;
  if (mode_ != asked) {
    const auto throttled = point_at_(configured, mode_);
    if (throttled)
      point = *throttled;
    else
      error_ = throttled.error();
  }
  if (verdict.over_current_pace == 1) return *point;
  PacedPoint& before = paced_[1 - present_];
  if (before.of == point && before.pace == verdict.over_current_pace) {
    present_ = 1 - present_;
    return before;
  }
  paced_[present_].of = point;
  paced_[present_].pace = verdict.over_current_pace;
  return paced_[present_];
}

const devices::ClockTable& ThermalWatch::table_of(const devices::PowerMode& mode) const {
  const auto has = [](const std::vector<std::int32_t>& clocks, std::int32_t khz) {
    return std::find(clocks.begin(), clocks.end(), khz) != clocks.end();
  };
  const auto found = std::find_if(tables_.begin(), tables_.end(), [&](const devices::ClockTable& table) {
    return has(table.cpu_khz, mode.cpu_khz) && has(table.gpu_khz, mode.gpu_khz);
  });
  return found == tables_.end() ? tables_.front() : *found;
}

void ThermalWatch::log(sim::TimeNs now_ns, double power_w) {
  const devices::ThermalVerdict& verdict = model_.verdict();
  sum_.temperature_c += verdict.temperature_c;
  sum_.power_w += power_w;
  sum_.over_current_share += verdict.over_current_share;
  ++looks_;
  if (now_ns % row_ns_ != 0 && !verdict.shut_down) return;
  const auto looks = static_cast<double>(looks_);
  rows_.push_back({now_ns, sum_.temperature_c / looks, sum_.power_w / looks, verdict.fan_pwm,
                   verdict.software_level, verdict.hardware_throttled, sum_.over_current_share / looks,
                   mode_});
  sum_ = {};
  looks_ = 0;
  if (rows_.size() < most_rows) return;
  // Two intervals become one.
  for (std::size_t i = 0; i + 1 < rows_.size(); i += 2) {
    ThermalRow both = rows_[i + 1];
    both.temperature_c = (both.temperature_c + rows_[i].temperature_c) / 2;
    both.power_w = (both.power_w + rows_[i].power_w) / 2;
    both.over_current_share = (both.over_current_share + rows_[i].over_current_share) / 2;
    rows_[i / 2] = both;
  }
  rows_.resize(most_rows / 2);
  row_ns_ *= 2;
}

}  // namespace wattline::experiments
