#include "experiments/validate/serving_runs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/random.hpp"
#include "sim/serving_overhead.hpp"

namespace wattline::experiments {

std::array<double, 3> interpolated_percentiles(std::span<double> values, const std::array<double, 3>& qs) {
  std::array<double, 3> found{};
  auto from = values.begin();  // all before it are not above all from it on
  for (std::size_t i = 0; i < qs.size(); ++i) {
    const double rank = qs[i] * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::ptrdiff_t>(rank);
    const auto at = values.begin() + below;
    std::nth_element(from, at, values.end());
    from = at;
    const double fraction = rank - static_cast<double>(below);
    found[i] = *at;
    if (fraction > 0) found[i] += fraction * (*std::min_element(at + 1, values.end()) - *at);
  }
  return found;
}

ServingRuns::ServingRuns(const Plan& plan, std::string_view stream) {
  for (std::size_t i = 0; i < plan.runs; ++i) {
    sim::RandomStream arrivals(plan.seed, fmt::format("{}/arrivals/{}", stream, i));
    sim::RandomStream overheads(plan.seed, fmt::format("{}/overhead/{}", stream, i));
    Run run;
    const double warmup_ms = 1e3 * plan.warmup_s;
    const double end_ms = warmup_ms + 1e3 * plan.duration_s;
    for (double now_ms = 0;;) {
      now_ms += arrivals.exponential(1e3 / plan.rate_hz);
      if (now_ms >= end_ms) break;
      if (now_ms < warmup_ms) ++run.warmup;
      run.arrivals_ms.push_back(now_ms);
    }
    const std::size_t measured = run.arrivals_ms.size() - run.warmup;
    if (measured == 0) continue;  // a run without requests has no latency
    run.normals.resize(measured);
    for (double& normal : run.normals) normal = overheads.normal();
    run.latencies_ms.resize(measured);
    runs_.push_back(std::move(run));
  }
}

double ServingRuns::serve(double service_ms) {
  double mean_ms = 0;
  for (Run& run : runs_) {
    double free_ms = 0, sum_ms = 0;
    for (std::size_t i = 0; i < run.arrivals_ms.size(); ++i) {
      free_ms = std::max(free_ms, run.arrivals_ms[i]) + service_ms;
      if (i < run.warmup) continue;
      const double latency_ms = free_ms - run.arrivals_ms[i];
      run.latencies_ms[i - run.warmup] = latency_ms;
      sum_ms += latency_ms;
    }
    mean_ms += sum_ms / static_cast<double>(run.latencies_ms.size());
  }
  return runs_.empty() ? service_ms : mean_ms / static_cast<double>(runs_.size());
}

const std::vector<std::vector<double>>& ServingRuns::factors(double parallel_cv) {
  for (const auto& [cv, known] : factors_) {
    if (cv == parallel_cv) return known;
  }
  const sim::UnitLognormal lognormal(parallel_cv);
  std::vector<std::vector<double>> made;
  for (const Run& run : runs_) {
    std::vector<double>& of_run = made.emplace_back();
    of_run.reserve(run.normals.size());
    for (const double normal : run.normals) of_run.push_back(lognormal(normal));
  }
  return factors_.emplace_back(parallel_cv, std::move(made)).second;
}

LatencyFigures ServingRuns::figures(double parallel_ms, double parallel_cv) {
  LatencyFigures sum;
  const auto& unit = factors(parallel_cv);
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    const Run& run = runs_[i];
    scratch_.resize(run.latencies_ms.size());
    double sum_ms = 0;
    for (std::size_t j = 0; j < scratch_.size(); ++j) {
      scratch_[j] = run.latencies_ms[j] + parallel_ms * unit[i][j];
      sum_ms += scratch_[j];
    }
    const auto percentiles = interpolated_percentiles(scratch_, {0.50, 0.95, 0.99});
    sum.mean_ms += sum_ms / static_cast<double>(scratch_.size());
    sum.p50_ms += percentiles[0];
    sum.p95_ms += percentiles[1];
    sum.p99_ms += percentiles[2];
  }
  const auto runs = static_cast<double>(std::max<std::size_t>(1, runs_.size()));
  return {sum.mean_ms / runs, sum.p50_ms / runs, sum.p95_ms / runs, sum.p99_ms / runs};
}

}  // namespace wattline::experiments
