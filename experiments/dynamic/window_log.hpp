// What happened in each window of a replay: the run's account, cut at the windows' ends.
//
// A request counts as late in the window in which it arrived, whenever it was served; time, energy and
// training count where they fall.
#pragma once

#include <array>
#include <vector>

#include "experiments/dynamic/dynamic_experiment.hpp"
#include "sim/accelerator.hpp"

namespace wattline::experiments {

struct WindowFigures {
  std::uint64_t completed = 0;  // requests, in this window
  std::uint64_t late = 0;       // of those that arrived in it
  std::uint64_t backlog = 0;    // waiting or in service at its end
  std::uint64_t trained = 0;    // minibatches that ended in it
  std::array<sim::TimeNs, sim::activity_count> time_ns{};
  sim::Int128 energy_fj = 0;
  sim::Int128 profiling_fj = 0;
  sim::TimeNs over_power_ns = 0;  // above the power budget, whatever the device did

  sim::TimeNs spent_ns(sim::Activity activity) const { return time_ns[static_cast<std::size_t>(activity)]; }
};

// Of one run of one problem.
class WindowLog final : public sim::RunObserver {
 public:
  // Both are borrowed.
  WindowLog(const DynamicExperiment& experiment, const policies::Problem& problem);

  void spent(sim::Activity activity, const sim::RailPowerUw& power_uw, sim::TimeNs from_ns,
             sim::TimeNs to_ns) override;
  void served(std::size_t stream, sim::TimeNs arrival_ns, sim::TimeNs end_ns) override;
  void trained(std::size_t job, sim::TimeNs end_ns) override;

  // To be called once, when the run is over. A request that was not served is late if by then it has waited
  // longer than the latency budget.
  std::vector<WindowFigures> finish();

 private:
  const DynamicExperiment& experiment_;
  sim::TimeNs latency_budget_ns_;
  std::int64_t most_uw_;  // that is still within the power budget
  std::vector<WindowFigures> windows_;
  std::size_t served_ = 0;
};

}  // namespace wattline::experiments
