#include "experiments/validate/load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "experiments/parallel.hpp"
#include "sim/base/median.hpp"
#include "sim/base/text.hpp"

namespace wattline::experiments {

namespace {

constexpr double requests_to_predict = 200'000;

MaybeError check(const std::vector<ServedMode>& modes, const std::string& device) {
  if (modes.empty()) return bad_input("no load measurements; at least one is expected");
  std::set<std::string> devices;
  for (const ServedMode& mode : modes) devices.insert(mode.device);
  if (device.empty() || devices.contains(device)) return std::nullopt;
  const std::vector<std::string> known(devices.begin(), devices.end());
  return bad_input(unknown_name_message("device of the data", device, known));
}

std::optional<Compared> compared(const std::optional<Repeated>& measured, std::optional<double> predicted) {
  if (!measured || !predicted || measured->mean <= 0) return std::nullopt;
  return Compared{measured->mean, *predicted, measured->deviation / measured->mean};
}

void predict(const LoadValidation& validation, const LoadOptions& options, PredictedPoint& point) {
  const ServedMode& mode = validation.modes[point.mode];
  const FittedMode& fitted = validation.fit.modes[point.mode];
  const LoadPoint& load = mode.loads[point.load];
  ServingRuns::Plan plan;
  plan.rate_hz = load.rate_hz;
  plan.duration_s = load.duration_s;
  plan.seed = options.fit.seed;
  plan.runs = options.runs > 0
                  ? options.runs
                  : static_cast<std::size_t>(std::clamp(
                        std::ceil(requests_to_predict / (load.rate_hz * load.duration_s)), 10.0, 400.0));
  ServingRuns runs(plan, fmt::format("predict/{}/{}/{}/{}", mode.device, mode.workload, mode.dvfs_mode,
                                     load.load_fraction));
  runs.serve(fitted.serving.service_ms());
  const LatencyFigures latency = runs.figures(fitted.serving.parallel_ms, fitted.serving.parallel_cv);
  std::optional<double> power_w;
  if (fitted.power) power_w = fitted.power->idle_w + fitted.power->energy_per_request_j * load.rate_hz;
  point.utilisation = load.rate_hz * fitted.serving.service_ms() * 1e-3;
  point.figures = {compared(load.mean_ms, latency.mean_ms), compared(load.p50_ms, latency.p50_ms),
                   compared(load.p95_ms, latency.p95_ms), compared(load.p99_ms, latency.p99_ms),
                   compared(load.power_w, power_w)};
}

}  // namespace

const char* name_of(Quantity quantity) {
  constexpr std::array names = {"mean_ms", "p50_ms", "p95_ms", "p99_ms", "power_w"};
  return names[static_cast<std::size_t>(quantity)];
}

std::optional<double> target_of(Quantity quantity) {
  constexpr std::array targets = {0.05, 0.0, 0.10, 0.15, 0.05};
  const double target = targets[static_cast<std::size_t>(quantity)];
  return target > 0 ? std::optional(target) : std::nullopt;
}

Result<LoadValidation> validate_load(const std::vector<ServedMode>& modes, const LoadOptions& options) {
  if (auto error = check(modes, options.device)) return *error;
  LoadValidation validation;
  validation.modes = modes;
  validation.fit = fit_lowest_load(modes, options.fit);
  for (std::size_t i = 0; i < modes.size(); ++i) {
    if (!options.device.empty() && modes[i].device != options.device) continue;
    for (std::size_t j = 1; j < modes[i].loads.size(); ++j) {
      PredictedPoint& point = validation.points.emplace_back();
      point.mode = i;
      point.load = j;
    }
  }
  for_each_index(validation.points.size(), options.fit.jobs,
                 [&](std::size_t i) { predict(validation, options, validation.points[i]); });
  return validation;
}

std::optional<ErrorSummary> summary_of(const LoadValidation& validation, Quantity quantity,
                                       const std::string& device) {
  std::vector<double> sizes, errors, noises;
  ErrorSummary summary;
  for (const PredictedPoint& point : validation.points) {
    if (!device.empty() && validation.modes[point.mode].device != device) continue;
    const auto& compared = point.figures[static_cast<std::size_t>(quantity)];
    if (!compared) continue;
    errors.push_back(compared->error());
    sizes.push_back(std::abs(compared->error()));
    noises.push_back(compared->noise);
    if (std::abs(compared->error()) > std::abs(summary.worst_error)) summary.worst_error = compared->error();
  }
  if (errors.empty()) return std::nullopt;
  summary.points = errors.size();
  summary.median_error = median(std::move(sizes));
  summary.bias = median(std::move(errors));
  summary.noise = median(std::move(noises));
  return summary;
}

}  // namespace wattline::experiments
