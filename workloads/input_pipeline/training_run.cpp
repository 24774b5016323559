#include "workloads/input_pipeline/training_run.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace wattline::workloads {

using sim::TimeNs;

namespace {

constexpr TimeNs longest_gpu_ns = 1'000'000'000'000'000;
constexpr std::int64_t most_minibatches = 1'000'000'000;

MaybeError check_run(const InputPipelineOptions& options, TimeNs gpu_ns) {
  if (auto error = check(options)) return error;
  if (gpu_ns < 1 || gpu_ns > longest_gpu_ns)
    return bad_input(fmt::format("a minibatch of {} ns on the GPU is not accepted; 1 to {} ns are expected",
                                 gpu_ns, longest_gpu_ns));
  if (options.epochs > most_minibatches / minibatches_an_epoch(options))
    return bad_input(fmt::format("{} epochs of {} minibatches are not accepted; at most {} minibatches are",
                                 options.epochs, minibatches_an_epoch(options), most_minibatches));
  return std::nullopt;
}

MaybeError check_conservation(const InputPipelineOptions& options, const EpochFigures& epoch) {
  if (epoch.epoch_ns != epoch.gpu_busy_ns + epoch.copy_ns + epoch.fetch_stall_ns)
    return failure("an epoch's time is not what the GPU computed, copied and waited");
  if (epoch.load.minibatches != epoch.minibatches || epoch.load.samples != samples_an_epoch(options))
    return failure("an epoch did not load each of its samples once");
  return std::nullopt;
}

}  // namespace

Result<std::vector<EpochFigures>> simulate_training(const InputPipelineOptions& options, TimeNs gpu_ns,
                                                    std::uint64_t seed) {
  if (auto error = check_run(options, gpu_ns)) return *error;
  auto supply = MinibatchSupply::make(options, seed);
  if (!supply) return supply.error();
  std::vector<EpochFigures> epochs;
  TimeNs now_ns = 0;
  TimeNs ready_ns = supply->begin(0);
  while (supply->epochs_finished() < options.epochs) {
    EpochFigures epoch;
    const TimeNs begin_ns = now_ns;
    for (; epoch.minibatches < minibatches_an_epoch(options); ++epoch.minibatches) {
      const TimeNs copied_ns = copy_ns(options, supply->next_samples());
      if (ready_ns > sim::longest_time_ns - copied_ns - gpu_ns)
        return bad_input("the training takes more than 100 years");
      epoch.fetch_stall_ns += ready_ns - now_ns;
      epoch.copy_ns += copied_ns;
      epoch.gpu_busy_ns += gpu_ns;
      now_ns = ready_ns + copied_ns + gpu_ns;
      const TimeNs next_ns = supply->started(ready_ns);
      epoch.gpu_stall_ns += std::max<TimeNs>(0, now_ns - next_ns);
      ready_ns = supply->finished(now_ns);
    }
    epoch.epoch_ns = now_ns - begin_ns;
    epoch.load = supply->last_epoch();
    if (auto error = check_conservation(options, epoch)) return *error;
    epochs.push_back(epoch);
  }
  return epochs;
}

}  // namespace wattline::workloads
