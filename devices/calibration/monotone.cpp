#include "devices/calibration/monotone.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "devices/calibration/many_modes.hpp"

namespace wattline::devices::calibration {

namespace {

using Knob = std::int32_t PowerMode::*;

// Knobs of a kind, and by how much less likely (ln) the profiles may become before they insist.
struct Demand {
  const char* of;
  std::vector<Knob> knobs;
  double insistence;
};

// That more of a clock is never slower is physics, and takes twenty to one to overrule ("strong" evidence:
// Kass and Raftery 1995). Cores contend for caches and memory and may differ in kind (TX2), so of them what
// is merely likelier prevails.
const std::vector<Demand>& demands() {
  static const std::vector<Demand> list = {
      {"a clock", {&PowerMode::cpu_khz, &PowerMode::gpu_khz, &PowerMode::emc_khz}, 3},
      {"cores", {&PowerMode::cores}, 1}};
  return list;
}

// Up to nine modes along one knob over the checked range, in ascending order; none where it did not vary.
std::vector<PowerMode> line_along(Knob knob, const CheckedRange& range, PowerMode mode) {
  constexpr int samples = 9;
  std::vector<PowerMode> line;
  const std::int32_t low = range.low.*knob;
  const std::int32_t high = range.high.*knob;
  for (int i = 0; low < high && i < samples; ++i) {
    mode.*knob = static_cast<std::int32_t>(low + (std::int64_t{high} - low) * i / (samples - 1));
    if (line.empty() || line.back().*knob < mode.*knob) line.push_back(mode);
  }
  return line;
}

// The largest rise along the lines through one point.
double rise_through(const CalibratedModel& model, const GroupModel& group, const Point& point,
                    std::span<const Knob> knobs) {
  std::vector<PowerMode> modes;
  std::vector<std::size_t> ends;
  for (const Knob knob : knobs) {
    const auto line = line_along(knob, group.range, point.mode);
    modes.insert(modes.end(), line.begin(), line.end());
    ends.push_back(modes.size());
  }
  if (modes.empty()) return 0;
  const std::vector<CostPrediction> costs = predict_values(model, group, point, modes);
  double worst = 0;
  std::size_t i = 0;
  for (const std::size_t end : ends) {
    for (double lowest = std::numeric_limits<double>::infinity(); i < end; ++i) {
      const double log_time = std::log(costs[i].time_s.value);
      if (log_time < lowest) {
        lowest = log_time;
        continue;
      }
      CostPrediction there = costs[i];
      add_bands(model, group, {point.batch, modes[i], point.flop, point.bytes}, there);
      worst = std::max(worst, log_time - lowest - there.time_s.sigma);
    }
  }
  return worst;
}

// At most `most` of the points, evenly over their order.
std::vector<Point> some_of(std::span<const Point> points, std::size_t most) {
  std::vector<Point> some;
  const std::size_t count = std::min(most, points.size());
  for (std::size_t i = 0; i < count; ++i) some.push_back(points[i * points.size() / count]);
  return some;
}

// Works that the group was profiled with.
std::vector<Point> works_of(const GroupModel& group, std::span<const Point> profiled) {
  if (group.group.source == WorkSource::counted) return some_of(profiled, 4);
  std::vector<Point> works;
  for (const std::int64_t batch : {group.range.low_batch, group.range.high_batch})
    works.push_back({batch, {}, {}, {}});
  return works;
}

// Of every knob the middle value, which was profiled.
PowerMode middle_of(std::span<const Point> profiled) {
  PowerMode middle;
  std::vector<std::int32_t> values(profiled.size());
  for (const Knob knob : {&PowerMode::cores, &PowerMode::cpu_khz, &PowerMode::gpu_khz, &PowerMode::emc_khz,
                          &PowerMode::active_sms}) {
    std::transform(profiled.begin(), profiled.end(), values.begin(),
                   [knob](const Point& point) { return point.mode.*knob; });
    const auto half = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), half, values.end());
    middle.*knob = *half;
  }
  return middle;
}

// Where lines start.
std::vector<Point> starts_of(const GroupModel& group, std::span<const Point> profiled) {
  constexpr std::size_t most_profiled = 24;
  std::vector<Point> starts = some_of(profiled, most_profiled);
  for (Point point : works_of(group, profiled)) {
    for (const PowerMode& mode : {group.range.low, middle_of(profiled), group.range.high}) {
      point.mode = mode;
      starts.push_back(point);
    }
  }
  return starts;
}

double worst_rise(const CalibratedModel& model, const GroupModel& group, std::span<const Point> profiled,
                  const Demand& demand) {
  if (profiled.empty()) return 0;
  double worst = 0;
  for (const Point& start : starts_of(group, profiled))
    worst = std::max(worst, rise_through(model, group, start, demand.knobs));
  return worst;
}

// Makes the process quieter until the demand is met, the data insist or the steps are used up.
void keep(const Demand& demand, int steps, std::span<const Point> profiled, const CalibratedModel& model,
          GroupModel& group, std::vector<std::string>& notes) {
  constexpr double damping = 0.7;
  const ResidualProcess undamped = group.time.residual;
  const auto insisted = [&] {
    return undamped.log_likelihood() - group.time.residual.log_likelihood() > demand.insistence;
  };
  const double first_rise = worst_rise(model, group, profiled, demand);
  int taken = 0;
  for (double rise = first_rise; taken < steps && !insisted() && rise > 0; ++taken) {
    group.time.residual = group.time.residual.damped(damping);
    rise = worst_rise(model, group, profiled, demand);
  }
  if (taken == 0) return;
  if (insisted()) {
    group.time.residual = undamped;
    notes.push_back(
        fmt::format("{}: time rises with {} somewhere, by {:.2g} % more than its band; a model in which it "
                    "does not would "
                    "follow the profiles much worse",
                    group.group.name, demand.of, 100 * std::expm1(first_rise)));
  } else {
    notes.push_back(fmt::format("{}: residuals made time rise with {}; their amplitude was scaled by {:.2f}",
                                group.group.name, demand.of, std::pow(damping, taken)));
  }
}

}  // namespace

double worst_rise(const CalibratedModel& model, const GroupModel& group, std::span<const Point> profiled) {
  double worst = 0;
  for (const Demand& demand : demands()) worst = std::max(worst, worst_rise(model, group, profiled, demand));
  return worst;
}

std::vector<std::string> keep_monotone(int steps, const std::vector<std::vector<Point>>& profiled,
                                       CalibratedModel& model) {
  std::vector<std::string> notes;
  for (std::size_t g = 0; g < model.groups.size(); ++g) {
    if (model.groups[g].time.residual.empty()) continue;
    for (const Demand& demand : demands()) keep(demand, steps, profiled[g], model, model.groups[g], notes);
  }
  return notes;
}

}  // namespace wattline::devices::calibration
