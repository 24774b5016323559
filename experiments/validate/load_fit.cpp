#include "experiments/validate/load_fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <optional>

#include "experiments/parallel.hpp"
#include "experiments/validate/load_power.hpp"
#include "experiments/validate/minimum.hpp"
#include "sim/base/median.hpp"
#include "sim/elementary.hpp"

namespace wattline::experiments {

namespace {

// Enough requests for the percentiles' own noise to be small beside the measurement's.
constexpr double requests_to_fit = 60'000;
constexpr std::array spreads = {0.0, 0.1, 0.2, 0.3, 0.4, 0.55, 0.75};
// One mode that the model cannot explain must not decide for all.
constexpr double most_misfit_a_mode = 50;
constexpr double impossible = 1e6;
// A closed loop that runs into the board's power cap is slower than the same inference at a low load, and
// the overhead that is left over it looks too small. Below this share of what is usual in its mode it is not
// taken as an example for other modes.
constexpr double least_usual_overhead = 0.5;

// The lowest load of one mode, and simulated repeats of it.
class LowestLoad {
 public:
  LowestLoad(const ServedMode& mode, const FitOptions& options)
      : measured_(mode.lowest()), options_(options), runs_(plan(mode.lowest(), options), name(mode)) {}

  // What the mean leaves over inference and queueing.
  double overhead_ms(double inference_ms) { return measured_.mean_ms.mean - runs_.serve(inference_ms); }

  // The best spread of the overhead when the server is busy for service_ms; the mean is met exactly.
  FittedMode with_service(double inference_ms, double service_ms) {
    FittedMode fitted;
    fitted.serving.inference_ms = inference_ms;
    fitted.serving.serialised_ms = service_ms - inference_ms;
    fitted.serving.parallel_ms = measured_.mean_ms.mean - runs_.serve(service_ms);
    fitted.misfit = impossible;
    if (fitted.serving.parallel_ms <= 0) return fitted;
    std::array<double, spreads.size()> misfits{};
    for (std::size_t i = 0; i < spreads.size(); ++i)
      misfits[i] = misfit(runs_.figures(fitted.serving.parallel_ms, spreads[i]));
    const SampledMinimum best = sampled_minimum(spreads, misfits);
    fitted.serving.parallel_cv = best.at;
    fitted.misfit = std::max(0.0, best.value);
    return fitted;
  }

  FittedMode with_share(double inference_ms, double share) {
    const double overhead = overhead_ms(inference_ms);
    return with_service(inference_ms, inference_ms + share * std::max(0.0, overhead));
  }

 private:
  static ServingRuns::Plan plan(const LoadPoint& point, const FitOptions& options) {
    const double requests_a_run = point.rate_hz * point.duration_s;
    ServingRuns::Plan plan;
    plan.rate_hz = point.rate_hz;
    plan.duration_s = point.duration_s;
    plan.runs = static_cast<std::size_t>(std::clamp(std::ceil(requests_to_fit / requests_a_run), 5.0, 400.0));
    plan.seed = options.seed;
    return plan;
  }
  static std::string name(const ServedMode& mode) {
    return fmt::format("fit/{}/{}/{}", mode.device, mode.workload, mode.dvfs_mode);
  }

  double misfit(const LatencyFigures& simulated) const {
    const auto squared = [&](const Repeated& measured, double value) {
      const double error =
          std::hypot(measured.standard_error(measured_.runs), options_.model_error * measured.mean);
      return (value - measured.mean) * (value - measured.mean) / (error * error);
    };
    return squared(measured_.p50_ms, simulated.p50_ms) + squared(measured_.p95_ms, simulated.p95_ms) +
           squared(measured_.p99_ms, simulated.p99_ms);
  }

  const LoadPoint& measured_;
  const FitOptions& options_;
  ServingRuns runs_;
};

std::vector<std::size_t> with_closed_loop(const std::vector<ServedMode>& modes) {
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < modes.size(); ++i) {
    if (modes[i].closed_loop) indices.push_back(i);
  }
  return indices;
}

// phi: the share that explains the lowest loads of all modes with a closed loop best.
void fit_share(const std::vector<ServedMode>& modes, const std::vector<std::size_t>& closed,
               const FitOptions& options, LoadFit& fit) {
  constexpr std::array shares = {0.0, 0.02, 0.04, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3};
  std::vector<std::array<double, shares.size()>> misfits(closed.size());
  for_each_index(closed.size(), options.jobs, [&](std::size_t i) {
    const ServedMode& mode = modes[closed[i]];
    LowestLoad load(mode, options);
    for (std::size_t j = 0; j < shares.size(); ++j)
      misfits[i][j] =
          std::min(most_misfit_a_mode, load.with_share(mode.closed_loop->time_ms, shares[j]).misfit);
  });
  std::array<double, shares.size()> sum{};
  for (const auto& of_mode : misfits) {
    for (std::size_t j = 0; j < shares.size(); ++j) sum[j] += of_mode[j];
  }
  fit.share_modes = closed.size();
  if (!closed.empty()) fit.serialised_share = sampled_minimum(shares, sum).at;
}

// The overhead of one mode over that of another, of the same board and model, is 1 + w (f0 / f - 1): w by
// least squares over all pairs with each model's fastest clock as f0.
void fit_cpu_clock_share(const std::vector<ServedMode>& modes, const std::vector<std::size_t>& closed,
                         LoadFit& fit) {
  using Model = std::pair<std::string, std::string>;
  std::map<Model, std::size_t> fastest;
  const auto model_of = [&](std::size_t i) { return Model{modes[i].device, modes[i].workload}; };
  for (const std::size_t i : closed) {
    if (!modes[i].cpu_ghz) continue;
    const auto known = fastest.try_emplace(model_of(i), i).first;
    if (*modes[i].cpu_ghz > *modes[known->second].cpu_ghz) known->second = i;
  }
  double products = 0, squares = 0;
  for (const std::size_t i : closed) {
    if (!modes[i].cpu_ghz) continue;
    const std::size_t reference = fastest.at(model_of(i));
    const double slower = *modes[reference].cpu_ghz / *modes[i].cpu_ghz - 1;
    const double more = fit.modes[i].serving.overhead_ms() / fit.modes[reference].serving.overhead_ms() - 1;
    if (slower <= 0) continue;
    products += slower * more;
    squares += slower * slower;
    ++fit.clock_pairs;
  }
  if (fit.clock_pairs > 0) fit.cpu_clock_share = std::clamp(products / squares, 0.0, 1.0);
}

// The closed loops of the board's nearest mode by CPU clock that has any, and how much faster its clock is.
struct NearestMode {
  std::vector<std::size_t> closed;
  double clock_ratio = 1;
};
NearestMode nearest_mode(const std::vector<ServedMode>& modes, const std::vector<std::size_t>& closed,
                         const ServedMode& mode) {
  NearestMode nearest;
  double least = std::numeric_limits<double>::infinity();
  for (const std::size_t i : closed) {
    if (modes[i].device != mode.device) continue;
    const bool clocks = mode.cpu_ghz && modes[i].cpu_ghz;
    const double ratio = clocks ? *modes[i].cpu_ghz / *mode.cpu_ghz : 1;
    const double distance = std::abs(ratio - 1);
    if (distance > least) continue;
    if (distance < least) nearest = {{}, ratio};
    least = distance;
    nearest.closed.push_back(i);
  }
  return nearest;
}

// What the overhead of a mode without a closed loop is expected to be: that of the same model in the nearest
// mode (of all models there, where it has no such closed loop), scaled to this mode's CPU clock.
std::optional<double> expected_overhead_ms(const std::vector<ServedMode>& modes,
                                           const std::vector<std::size_t>& closed, const ServedMode& mode,
                                           const LoadFit& fit) {
  const NearestMode nearest = nearest_mode(modes, closed, mode);
  std::vector<double> of_all, of_model;
  for (const std::size_t i : nearest.closed) {
    const double overhead_ms = fit.modes[i].serving.overhead_ms();
    of_all.push_back(overhead_ms);
    if (modes[i].workload == mode.workload) of_model.push_back(overhead_ms);
  }
  if (of_all.empty()) return std::nullopt;
  const double usual_ms = median(of_all);
  const double expected_ms =
      of_model.empty() ? usual_ms : std::max(of_model.front(), least_usual_overhead * usual_ms);
  return expected_ms * (1 + fit.cpu_clock_share * (nearest.clock_ratio - 1));
}

// The service time with which a server's p95 reaches capacity_p95_ms just above the capacity: of an M/D/1
// queue near saturation the wait exceeds t with probability rho e^(-2 (1 - rho) t / s). Nothing where the
// limit is below what the lowest load takes.
std::optional<double> expected_service_ms(const LoadPoint& lowest, const FitOptions& options) {
  // Half a search step and, every other time, a back-off below the true limit.
  constexpr double found_below = 1.04;
  const double wait_ms = options.capacity_p95_ms - lowest.p50_ms.mean;
  if (wait_ms <= 0) return std::nullopt;
  const double rate = found_below * lowest.rate_hz / lowest.load_fraction * 1e-3;  // per millisecond
  double low = 0.05 / rate, high = 1 / rate;  // the wait's p95 is 0 up to rho = 0.05
  for (int i = 0; i < 60; ++i) {
    const double service_ms = (low + high) / 2;
    const double rho = rate * service_ms;
    const bool waits_longer = service_ms * sim::log(20 * rho) > wait_ms * 2 * (1 - rho);
    (waits_longer ? high : low) = service_ms;
  }
  return low;
}

FittedMode fit_without_closed_loop(const ServedMode& mode, std::optional<double> expected_ms, double share,
                                   const FitOptions& options) {
  LowestLoad load(mode, options);
  const LoadPoint& lowest = mode.lowest();
  const double sustained_ms = 1e3 * options.most_utilisation * lowest.load_fraction / lowest.rate_hz;
  const auto capacity_ms = expected_service_ms(lowest, options);
  const auto cost = [&](double inference_ms) {
    const double overhead = load.overhead_ms(inference_ms);
    const FittedMode fitted = load.with_service(inference_ms, inference_ms + share * std::max(0.0, overhead));
    double total = fitted.misfit;
    if (fitted.serving.service_ms() > sustained_ms) total += impossible;
    if (expected_ms) {
      const double off = (overhead - *expected_ms) / (options.overhead_prior * *expected_ms);
      total += off * off;
    }
    if (capacity_ms) {
      const double off =
          (fitted.serving.service_ms() - *capacity_ms) / (options.capacity_prior * *capacity_ms);
      total += off * off;
    }
    return total;
  };
  constexpr std::size_t trials = 10;
  const double best_ms = minimum_between(0.2 * lowest.p50_ms.mean, lowest.p50_ms.mean, trials, cost);
  FittedMode fitted = load.with_share(best_ms, share);
  fitted.has_prior = expected_ms.has_value();
  return fitted;
}

}  // namespace

LoadFit fit_lowest_load(const std::vector<ServedMode>& modes, const FitOptions& options) {
  LoadFit fit;
  fit.modes.resize(modes.size());
  const std::vector<std::size_t> closed = with_closed_loop(modes);
  fit_share(modes, closed, options, fit);
  for_each_index(closed.size(), options.jobs, [&](std::size_t i) {
    const ServedMode& mode = modes[closed[i]];
    fit.modes[closed[i]] =
        LowestLoad(mode, options).with_share(mode.closed_loop->time_ms, fit.serialised_share);
    fit.modes[closed[i]].from_closed_loop = true;
  });
  fit_cpu_clock_share(modes, closed, fit);
  for_each_index(modes.size(), options.jobs, [&](std::size_t i) {
    if (modes[i].closed_loop) return;
    const auto expected_ms = expected_overhead_ms(modes, closed, modes[i], fit);
    fit.modes[i] = fit_without_closed_loop(modes[i], expected_ms, fit.serialised_share, options);
  });
  for (std::size_t i = 0; i < modes.size(); ++i) fit.modes[i].power = fit_power(modes, i);
  return fit;
}

}  // namespace wattline::experiments
