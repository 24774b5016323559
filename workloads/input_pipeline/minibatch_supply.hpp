// When the minibatches of a training job are there to be executed: the input pipeline beside an accelerator
// that alone decides when they execute, because others may have the GPU.
//
// The accelerator tells when a minibatch begins and ends; the supply says when the next is there. It
// simulates storage, cache and workers only as far as that takes. As PyTorch does it
// (torch/utils/data/dataloader.py): minibatches come in their order; when one is taken, which is when it
// begins to execute, the worker that loaded it gets another, so that workers x prefetch are on their way; an
// epoch's loading begins, with no minibatch on its way, when the epoch before has ended. That the last
// minibatch of an epoch ends first is our reading: training loops read its loss. Without workers the
// next minibatch is loaded after the end of the one before.
//
// Not simulated: starting worker processes, memory that they run out of, the interpreter's lock.
//
//   auto supply = MinibatchSupply::make(options, seed);
//   for (TimeNs now_ns = supply->begin(0); now_ns != sim::never;) {
//     supply->started(now_ns);
//     now_ns = supply->finished(now_ns + time_ns);
//   }
//
// Not thread-safe. A minibatch takes amortised O(1) for loading, O(workers) with a small constant (a copy of
// some 50 bytes a worker) where the next is not there yet, and O(batch) where the page cache has some
// of the data set but not all.
#pragma once

#include <cstdint>

#include "workloads/input_pipeline/input_pipeline.hpp"
#include "workloads/input_pipeline/loader_workers.hpp"
#include "workloads/input_pipeline/sample_order.hpp"

namespace wattline::workloads {

class MinibatchSupply {
 public:
  // An error where check(options) has one. The order of samples depends on the seed and on nothing else.
  static Result<MinibatchSupply> make(const InputPipelineOptions& options, std::uint64_t seed);

  // All calls that take an instant: instants ascend from one to the next and are 0 .. sim::longest_time_ns.
  // begin comes first, but for set_cpu; then started and finished alternate. The four return when the next
  // minibatch that has not started will be there if the CPU stays as it is: at least now_ns, and sim::never
  // where that is not known before finished() (without workers, and of the next epoch), where there are no
  // more, and where it would be after sim::longest_time_ns.

  // Loading begins.
  sim::TimeNs begin(sim::TimeNs now_ns);
  // The minibatch that is there begins to execute. Precondition: it is there.
  sim::TimeNs started(sim::TimeNs now_ns);
  // The minibatch that executed has ended.
  sim::TimeNs finished(sim::TimeNs now_ns);
  // From now on loading has this of the CPU: another power mode, throttling. Precondition: check(cpu) passes.
  sim::TimeNs set_cpu(sim::TimeNs now_ns, const CpuShare& cpu);

  // Of the next minibatch that has not started; 0 from the start of an epoch's last until the next epoch
  // begins, and where there are no more.
  std::int64_t next_samples() const { return samples_of(next_); }

  std::int64_t epochs_finished() const { return epochs_finished_; }
  bool ends() const { return options_.epochs != unlimited_epochs; }
  bool ended() const { return epochs_finished_ == options_.epochs; }
  // Of the epoch that finished last.
  const EpochLoad& last_epoch() const { return last_epoch_; }
  // Of the epoch that is going on.
  EpochLoad this_epoch(sim::TimeNs now_ns) { return workers_.load(now_ns); }
  // Until when as many cores load as now, if nothing else is told.
  sim::TimeNs steady_until(sim::TimeNs now_ns) { return workers_.steady_until(now_ns); }
  // Of all epochs until now, in core time: n cores for t count n t.
  sim::TimeNs core_ns(sim::TimeNs now_ns) {
    return earlier_core_ns_ + (ended() ? 0 : workers_.load(now_ns).loading_core_ns);
  }

 private:
  MinibatchSupply(const InputPipelineOptions& options, std::uint64_t seed);
  void begin_epoch(sim::TimeNs now_ns);
  void admit(sim::TimeNs now_ns);
  std::int64_t samples_of(std::uint32_t minibatch) const;
  sim::TimeNs look_ahead(sim::TimeNs now_ns) { return workers_.loaded_ns(now_ns, next_); }

  InputPipelineOptions options_;
  std::uint32_t minibatches_;  // an epoch
  std::uint32_t ahead_;        // minibatches on their way at most
  SampleOrder order_;
  LoaderWorkers workers_;
  std::uint32_t admitted_ = 0;  // of this epoch
  std::uint32_t next_ = 0;      // of this epoch: the first that has not started
  sim::TimeNs ready_ns_ = sim::never;
  std::int64_t epochs_finished_ = 0;
  EpochLoad last_epoch_;
  sim::TimeNs earlier_core_ns_ = 0;  // of the epochs that have finished
};

}  // namespace wattline::workloads
