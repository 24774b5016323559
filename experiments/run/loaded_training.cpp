#include "experiments/run/loaded_training.hpp"

#include <algorithm>

namespace wattline::experiments {

using sim::TimeNs;

void DeviceUse::spent(sim::Activity activity, const sim::RailPowerUw& power_uw, TimeNs from_ns,
                      TimeNs to_ns) {
  using sim::Activity;
  const TimeNs time_ns = to_ns - from_ns;
  for (const std::int64_t rail_uw : power_uw) energy_fj_ += sim::Int128{rail_uw} * time_ns;
  if (activity == Activity::infer || activity == Activity::train || activity == Activity::shared)
    executing_ns_ += time_ns;
}

Result<LoadedTraining> LoadedTraining::make(const workloads::InputPipelineOptions& options,
                                            std::uint64_t seed, const DeviceUse& use) {
  auto supply = workloads::MinibatchSupply::make(options, seed);
  if (!supply) return supply.error();
  return LoadedTraining(options, *std::move(supply), use);
}

TimeNs LoadedTraining::set_cpu(TimeNs now_ns, const sim::LoadingCpu& cpu) {
  count_capacity(now_ns);
  cores_ = cpu.cores;
  return expect(now_ns, supply_.set_cpu(now_ns, {cpu.cores, cpu.cycles_per_s}));
}

TimeNs LoadedTraining::begin(TimeNs now_ns) {
  return loaded_ns_ = supply_.begin(now_ns);
}

TimeNs LoadedTraining::started(TimeNs now_ns) {
  open_.copy_ns += copy_ns();
  open_.fetch_stall_ns += std::max<TimeNs>(0, loaded_ns_ - ended_ns_);
  open_.gpu_stall_ns += now_ns - loaded_ns_;
  started_ns_ = now_ns;
  return loaded_ns_ = supply_.started(now_ns);
}

TimeNs LoadedTraining::finished(TimeNs now_ns) {
  ++open_.minibatches;
  open_.training_ns += now_ns - started_ns_;
  ended_ns_ = now_ns;
  const std::int64_t before = supply_.epochs_finished();
  const TimeNs next_ns = expect(now_ns, supply_.finished(now_ns));
  if (supply_.epochs_finished() > before) close_epoch(now_ns);
  return next_ns;
}

TimeNs LoadedTraining::expect(TimeNs now_ns, TimeNs next_ns) {
  if (loaded_ns_ > now_ns) loaded_ns_ = next_ns;
  return next_ns;
}

void LoadedTraining::count_capacity(TimeNs now_ns) {
  open_.loading_capacity_ns += cores_ * static_cast<double>(now_ns - capacity_since_ns_);
  capacity_since_ns_ = now_ns;
}

void LoadedTraining::close_epoch(TimeNs now_ns) {
  count_capacity(now_ns);
  open_.end_ns = now_ns;
  open_.epoch_ns = now_ns - epoch_began_ns_;
  open_.executing_ns = use_->executing_ns() - executing_before_ns_;
  open_.energy_fj = use_->energy_fj() - energy_before_fj_;
  open_.load = supply_.last_epoch();
  if (epochs_.size() < most_records) epochs_.push_back(open_);
  open_ = {};
  epoch_began_ns_ = now_ns;
  executing_before_ns_ = use_->executing_ns();
  energy_before_fj_ = use_->energy_fj();
}

}  // namespace wattline::experiments
