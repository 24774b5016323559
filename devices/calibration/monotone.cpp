#include "devices/calibration/monotone.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace wattline::devices::calibration {

namespace {

constexpr int samples = 9;  // along a clock

std::int32_t between(std::int32_t low, std::int32_t high, int step) {
  return static_cast<std::int32_t>(low + (std::int64_t{high} - low) * step / (samples - 1));
}

// The largest rise along one clock from a starting mode.
double rise_along(const CalibratedModel& model, const GroupModel& group, Point point,
                  std::int32_t PowerMode::*clock) {
  double worst = 0;
  double lowest = 0;
  const std::int32_t low = group.range.low.*clock;
  const std::int32_t high = group.range.high.*clock;
  if (low == high) return 0;
  for (int i = 0; i < samples; ++i) {
    point.mode.*clock = between(low, high, i);
    const Band time = predict(model, group, point).time_s;
    const double log_time = std::log(time.value);
    if (i > 0) worst = std::max(worst, log_time - lowest - time.sigma);
    lowest = i == 0 ? log_time : std::min(lowest, log_time);
  }
  return worst;
}

// A work that the group was profiled with, for lines through it.
std::vector<Point> works_of(const CalibratedModel& model, const GroupModel& group) {
  std::vector<Point> works;
  if (group.group.source != WorkSource::counted) {
    for (const std::int64_t batch : {group.range.low_batch, group.range.high_batch})
      works.push_back({batch, {}, {}, {}});
    return works;
  }
  constexpr std::size_t most = 4;
  std::vector<CountedWork> counted;
  for (const auto& [key, work] : model.counted)
    if (key.first.ends_with("@" + group.group.stack.name)) counted.push_back(work);
  for (std::size_t i = 0; i < counted.size(); i += std::max<std::size_t>(1, counted.size() / most))
    works.push_back({1, {}, counted[i].flop, counted[i].bytes});
  return works;
}

}  // namespace

double worst_rise(const CalibratedModel& model, const GroupModel& group) {
  double worst = 0;
  for (Point point : works_of(model, group)) {
    for (const PowerMode& corner : {group.range.low, group.range.high}) {
      point.mode = corner;
      for (const auto clock : {&PowerMode::cpu_khz, &PowerMode::gpu_khz, &PowerMode::emc_khz})
        worst = std::max(worst, rise_along(model, group, point, clock));
    }
  }
  return worst;
}

void keep_monotone(int steps, CalibratedModel& model, std::vector<std::string>& notes) {
  constexpr double damping = 0.7;
  for (GroupModel& group : model.groups) {
    if (group.time.residual.empty()) continue;
    const ResidualProcess undamped = group.time.residual;
    constexpr double insistence = 10;
    int taken = 0;
    while (taken < steps && worst_rise(model, group) > 0) {
      group.time.residual = group.time.residual.damped(damping);
      ++taken;
    }
    if (taken == 0) continue;
    if (undamped.log_likelihood() - group.time.residual.log_likelihood() > insistence) {
      group.time.residual = undamped;
      notes.push_back(
          fmt::format("{}: time rises with a clock somewhere; the profiles insist on it", group.group.name));
    } else {
      notes.push_back(
          fmt::format("{}: residuals made time rise with a clock; their amplitude was scaled by {:.2f}",
                      group.group.name, std::pow(damping, taken)));
    }
  }
}

}  // namespace wattline::devices::calibration
