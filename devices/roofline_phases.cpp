// What a minibatch wants of the GPU from its start to its end: RooflineModel::phases.
#include <algorithm>
#include <cmath>

#include "devices/roofline.hpp"

namespace wattline::devices {

namespace {

// Sums what kernels want over stretches of equal time, as they come one after the other.
class Stretches {
 public:
  Stretches(std::size_t count, double total_s) : stretch_s_(total_s / static_cast<double>(count)) {
    sums_.resize(count, sim::Demand::nothing());
  }

  // So many seconds more, in which so much is wanted on the whole.
  void add(double time_s, const sim::Demand& wanted_s) {
    const double end_s = now_s_ + time_s;
    while (now_s_ < end_s) {
      // By comparing, not by a quotient, which rounding may put on either side of an end.
      while (index_ + 1 < sums_.size() && now_s_ >= end_of(index_)) ++index_;
      const bool last = index_ + 1 == sums_.size();
      const double next_s = last ? end_s : std::min(end_s, end_of(index_));
      const double share = (next_s - now_s_) / time_s;
      sums_[index_].compute_busy += share * wanted_s.compute_busy;
      sums_[index_].memory_busy += share * wanted_s.memory_busy;
      sums_[index_].compute_bound += share * wanted_s.compute_bound;
      sums_[index_].memory_bound += share * wanted_s.memory_bound;
      now_s_ = next_s;
    }
  }

  // As shares of its time.
  sim::Demand of(std::size_t stretch) const {
    sim::Demand wanted = sums_[stretch];
    for (double* sum : {&wanted.compute_busy, &wanted.memory_busy, &wanted.compute_bound})
      *sum = std::min(1.0, *sum / stretch_s_);
    wanted.memory_bound = std::min(1 - wanted.compute_bound, wanted.memory_bound / stretch_s_);
    return wanted;
  }

 private:
  double end_of(std::size_t stretch) const { return stretch_s_ * static_cast<double>(stretch + 1); }

  double stretch_s_;
  double now_s_ = 0;
  std::size_t index_ = 0;  // the stretch that now_s_ is in
  std::vector<sim::Demand> sums_;
};

void append(std::vector<sim::Phase>& phases, const sim::Demand& demand, double until) {
  const auto until_q = static_cast<std::uint64_t>(
      std::llround(std::clamp(until, 0.0, 1.0) * static_cast<double>(sim::Phase::whole)));
  if (!phases.empty() && phases.back().demand == demand)
    phases.back().until_q = until_q;
  else
    phases.push_back({demand, until_q});
}

}  // namespace

Result<std::vector<sim::Phase>> RooflineModel::phases(const std::string& workload, workloads::Role role,
                                                      std::int64_t batch, const PowerMode& mode) const {
  const auto point = place(workload, role, batch, mode);
  if (!point) return point.error();
  const Prepared& prepared = **find(workload, role);
  const Rates rates = this->rates(prepared, mode);
  const double computing_s = std::max(point->kernels_s, point->launch_s);
  const double waiting_s = point->time_s() - computing_s;
  const double gaps_s = computing_s - point->kernels_s;
  const auto launches = static_cast<double>(std::max<std::int64_t>(1, prepared.totals.launches));
  Stretches stretches(most_phases, computing_s);
  for (const Work& kernel : prepared.kernels) {
    const KernelTime took = rates.of(kernel, batch);
    const bool compute_bound = took.is_compute_bound();
    const double time_s = took.time_s() + gaps_s * kernel.launches / launches;
    if (time_s > 0)
      stretches.add(time_s, {took.compute_s, took.memory_s, compute_bound ? took.compute_s : 0,
                             compute_bound ? 0 : took.memory_s});
  }
  std::vector<sim::Phase> phases;
  if (waiting_s > 0) append(phases, sim::Demand::nothing(), waiting_s / point->time_s());
  for (std::size_t i = 0; i < most_phases; ++i)
    append(phases, stretches.of(i),
           (waiting_s + computing_s * static_cast<double>(i + 1) / most_phases) / point->time_s());
  phases.back().until_q = sim::Phase::whole;
  return phases;
}

}  // namespace wattline::devices
