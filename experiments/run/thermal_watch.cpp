#include "experiments/run/thermal_watch.hpp"

#include <algorithm>
#include <cmath>

namespace wattline::experiments {

namespace {

double mean_power_w(sim::Int128 drawn_fj, sim::TimeNs over_ns) {
  return static_cast<double>(drawn_fj) * 1e-6 / static_cast<double>(over_ns);
}

}  // namespace

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
  const double power_w = mean_power_w(total_fj, period_ns());
  const devices::ThermalVerdict held = model_.verdict();
  const devices::ThermalVerdict verdict = model_.look(power_w);
  looked_ns_ = now_ns;
  looked_fj_ += total_fj;
  add(held, power_w, 1);
  if (now_ns % row_ns_ == 0) close_row(now_ns);
  if (rows_.size() == most_rows) halve_rows();
  present_ = 1 - present_;  // what was in force until now stays what it was
  return !verdict.shut_down;
}

ThermalRecord ThermalWatch::finish(sim::TimeNs end_ns, const sim::EnergyMeter& energy) {
  if (const sim::TimeNs left_ns = end_ns - looked_ns_; left_ns > 0) {
    const double power_w = mean_power_w(energy.total_fj() - looked_fj_, left_ns);
    const devices::ThermalVerdict held = model_.verdict();
    model_.finish(left_ns, power_w);
    add(held, power_w, static_cast<double>(left_ns) / static_cast<double>(period_ns()));
  }
  if (periods_ > 0) close_row(end_ns);
  return {model_.totals(), rows_};
}

sim::OperatingPoint& ThermalWatch::in_force(sim::OperatingPoint& configured) {
  const devices::ThermalVerdict& verdict = model_.verdict();
  const devices::PowerMode asked = mode_of_(configured);
  mode_ = devices::capped(asked, verdict, devices::table_of(asked, tables_));
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

// `held` was in force over the time that ends now, so many periods.
void ThermalWatch::add(const devices::ThermalVerdict& held, double power_w, double periods) {
  open_.temperature_c += model_.verdict().temperature_c * periods;
  open_.power_w += power_w * periods;
  open_.over_current_share += held.over_current_share * periods;
  open_.fan_pwm = held.fan_pwm;
  open_.software_level = held.software_level;
  open_.hardware_throttled = held.hardware_throttled;
  open_.mode = mode_;
  periods_ += periods;
}

void ThermalWatch::close_row(sim::TimeNs end_ns) {
  open_.end_ns = end_ns;
  open_.temperature_c /= periods_;
  open_.power_w /= periods_;
  open_.over_current_share /= periods_;
  rows_.push_back(open_);
  open_ = {};
  periods_ = 0;
}

// Two intervals, of equal length, become one.
void ThermalWatch::halve_rows() {
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
