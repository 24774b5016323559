// A training job of a scenario whose data are loaded beside the device: its input pipeline, and a record of
// its epochs.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/minibatch_feed.hpp"
#include "sim/run_observer.hpp"
#include "workloads/input_pipeline/minibatch_supply.hpp"

namespace wattline::experiments {

// What the device has drawn, and how long it has executed minibatches, since the run's beginning.
class DeviceUse final : public sim::RunObserver {
 public:
  void spent(sim::Activity activity, const sim::RailPowerUw& power_uw, sim::TimeNs from_ns,
             sim::TimeNs to_ns) override;
  void served(std::size_t, sim::TimeNs, sim::TimeNs) override {}
  void trained(std::size_t, sim::TimeNs) override {}

  sim::Int128 energy_fj() const { return energy_fj_; }
  sim::TimeNs executing_ns() const { return executing_ns_; }

 private:
  sim::Int128 energy_fj_ = 0;
  sim::TimeNs executing_ns_ = 0;
};

// Of one epoch, which lasts from the end of the epoch before, or the run's beginning, to the end of its last
// minibatch.
struct EpochRecord {
  sim::TimeNs end_ns = 0;
  sim::TimeNs epoch_ns = 0;
  std::int64_t minibatches = 0;
  sim::TimeNs training_ns = 0;     // from the starts of its minibatches to their ends, copies included
  sim::TimeNs copy_ns = 0;         // from host to GPU
  sim::TimeNs fetch_stall_ns = 0;  // none of its minibatches executed, and the next was not loaded
  sim::TimeNs gpu_stall_ns = 0;    // the next was loaded and waited for the GPU, whoever had it
  sim::TimeNs executing_ns = 0;    // of all tenants of the device
  sim::Int128 energy_fj = 0;       // of all that the device did
  double loading_capacity_ns = 0;  // core time that there was for loading
  workloads::EpochLoad load;

  double energy_j() const { return static_cast<double>(energy_fj) * 1e-15; }
};

class LoadedTraining final : public sim::MinibatchFeed {
 public:
  // Further epochs are counted, not recorded, so that a long run does not fill the memory.
  static constexpr std::size_t most_records = 100'000;

  // `use` is the run's, and observes it before this feed is told; borrowed. Errors are those of
  // workloads::check().
  static Result<LoadedTraining> make(const workloads::InputPipelineOptions& options, std::uint64_t seed,
                                     const DeviceUse& use);

  sim::TimeNs set_cpu(sim::TimeNs now_ns, const sim::LoadingCpu& cpu) override;
  sim::TimeNs begin(sim::TimeNs now_ns) override;
  sim::TimeNs started(sim::TimeNs now_ns) override;
  sim::TimeNs finished(sim::TimeNs now_ns) override;
  sim::TimeNs core_ns(sim::TimeNs now_ns) override { return supply_.core_ns(now_ns); }
  sim::TimeNs core_use_until(sim::TimeNs now_ns) override { return supply_.steady_until(now_ns); }
  bool ends() const override { return supply_.ends(); }
  bool ended() const override { return supply_.ended(); }

  // From host to GPU: of the minibatch that starts next, and of a full one.
  sim::TimeNs copy_ns() const { return workloads::copy_ns(options_, supply_.next_samples()); }
  sim::TimeNs full_copy_ns() const { return workloads::copy_ns(options_, options_.batch); }

  std::int64_t epochs_finished() const { return supply_.epochs_finished(); }
  const std::vector<EpochRecord>& epochs() const { return epochs_; }

 private:
  LoadedTraining(const workloads::InputPipelineOptions& options, workloads::MinibatchSupply supply,
                 const DeviceUse& use)
      : options_(options), supply_(std::move(supply)), use_(&use) {}
  // The next minibatch will be loaded at next_ns, if it is not already.
  sim::TimeNs expect(sim::TimeNs now_ns, sim::TimeNs next_ns);
  void count_capacity(sim::TimeNs now_ns);
  void close_epoch(sim::TimeNs now_ns);

  workloads::InputPipelineOptions options_;
  workloads::MinibatchSupply supply_;
  const DeviceUse* use_;
  double cores_ = 0;  // that loading has
  sim::TimeNs capacity_since_ns_ = 0;
  sim::TimeNs loaded_ns_ = sim::never;  // when the next minibatch is loaded, or was
  sim::TimeNs started_ns_ = 0;          // of the last minibatch
  sim::TimeNs ended_ns_ = 0;
  EpochRecord open_;  // of the epoch that is going on
  sim::TimeNs epoch_began_ns_ = 0;
  sim::Int128 energy_before_fj_ = 0;
  sim::TimeNs executing_before_ns_ = 0;
  std::vector<EpochRecord> epochs_;
};

}  // namespace wattline::experiments
