// Several observers of one run. Each is told everything, in the order in which they were added.
//
// Not thread-safe: one a run, like what it holds.
#pragma once

#include <vector>

#include "sim/run_observer.hpp"

namespace wattline::experiments {

class Observers final : public sim::RunObserver {
 public:
  // Borrowed for the run.
  void add(sim::RunObserver* observer) { all_.push_back(observer); }
  // A run that nobody observes is to be given no observer: it is faster.
  bool empty() const { return all_.empty(); }

  void spent(sim::Activity activity, const sim::RailPowerUw& power_uw, sim::TimeNs from_ns,
             sim::TimeNs to_ns) override {
    for (sim::RunObserver* each : all_) each->spent(activity, power_uw, from_ns, to_ns);
  }
  void served(std::size_t stream, sim::TimeNs arrival_ns, sim::TimeNs end_ns) override {
    for (sim::RunObserver* each : all_) each->served(stream, arrival_ns, end_ns);
  }
  void trained(std::size_t job, sim::TimeNs end_ns) override {
    for (sim::RunObserver* each : all_) each->trained(job, end_ns);
  }

 private:
  std::vector<sim::RunObserver*> all_;
};

}  // namespace wattline::experiments
