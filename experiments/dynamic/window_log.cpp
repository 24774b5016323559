#include "experiments/dynamic/window_log.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace wattline::experiments {

WindowLog::WindowLog(const DynamicExperiment& experiment, const policies::Problem& problem)
    : experiment_(experiment),
      latency_budget_ns_(problem.latency_budget_ns),
      // A plan that just keeps the budget may be above it once every rail is rounded to the microwatt.
      most_uw_(std::llround(problem.power_budget_w * 1e6) + static_cast<std::int64_t>(sim::max_rails) / 2),
      windows_(experiment.windows.size()) {}

void WindowLog::spent(sim::Activity activity, const sim::RailPowerUw& power_uw, sim::TimeNs from_ns,
                      sim::TimeNs to_ns) {
  const std::int64_t total_uw = std::accumulate(power_uw.begin(), power_uw.end(), std::int64_t{0});
  while (from_ns < to_ns) {
    const std::size_t index = experiment_.window_of(from_ns);
    const bool last = index + 1 == windows_.size();
    const sim::TimeNs until_ns = last ? to_ns : std::min(to_ns, experiment_.windows[index].end_ns);
    const sim::TimeNs part_ns = until_ns - from_ns;
    WindowFigures& window = windows_[index];
    window.time_ns[static_cast<std::size_t>(activity)] += part_ns;
    window.energy_fj += sim::Int128{total_uw} * part_ns;
    if (activity == sim::Activity::profiling) window.profiling_fj += sim::Int128{total_uw} * part_ns;
    if (total_uw > most_uw_) window.over_power_ns += part_ns;
    from_ns = until_ns;
  }
}

void WindowLog::served(std::size_t, sim::TimeNs arrival_ns, sim::TimeNs end_ns) {
  ++served_;
  ++windows_[experiment_.window_of(end_ns)].completed;
  if (end_ns - arrival_ns > latency_budget_ns_) ++windows_[experiment_.window_of(arrival_ns)].late;
}

void WindowLog::trained(std::size_t, sim::TimeNs end_ns) {
  ++windows_[experiment_.window_of(end_ns)].trained;
}

std::vector<WindowFigures> WindowLog::finish() {
  for (std::size_t i = served_; i < experiment_.instants_ns.size(); ++i) {
    const sim::TimeNs arrival_ns = experiment_.instants_ns[i];
    if (experiment_.end_ns() - arrival_ns > latency_budget_ns_)
      ++windows_[experiment_.window_of(arrival_ns)].late;
  }
  std::uint64_t waiting = 0;
  for (std::size_t i = 0; i < windows_.size(); ++i) {
    waiting += experiment_.windows[i].arrived;
    waiting -= windows_[i].completed;
    windows_[i].backlog = waiting;
  }
  return std::move(windows_);
}

}  // namespace wattline::experiments
