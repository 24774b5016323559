#include "workloads/input_pipeline/minibatch_supply.hpp"

#include <algorithm>

namespace wattline::workloads {

using sim::TimeNs;

Result<MinibatchSupply> MinibatchSupply::make(const InputPipelineOptions& options, std::uint64_t seed) {
  if (auto error = check(options)) return *error;
  return MinibatchSupply(options, seed);
}

MinibatchSupply::MinibatchSupply(const InputPipelineOptions& options, std::uint64_t seed)
    : options_(options),
      minibatches_(static_cast<std::uint32_t>(minibatches_an_epoch(options))),
      ahead_(options.workers == 0 ? 1 : static_cast<std::uint32_t>(options.workers * options.prefetch)),
      order_(static_cast<std::uint32_t>(options.samples),
             static_cast<std::uint32_t>(samples_an_epoch(options)),
             static_cast<std::uint32_t>(cached_samples(options)), seed),
      workers_(options) {}

TimeNs MinibatchSupply::begin(TimeNs now_ns) {
  begin_epoch(now_ns);
  return ready_ns_ = look_ahead(now_ns);
}

TimeNs MinibatchSupply::started(TimeNs now_ns) {
  ++next_;
  if (options_.workers > 0 && admitted_ < minibatches_) admit(now_ns);
  return ready_ns_ = look_ahead(now_ns);
}

TimeNs MinibatchSupply::finished(TimeNs now_ns) {
  if (next_ == minibatches_) {
    last_epoch_ = workers_.load(now_ns);
    earlier_core_ns_ += last_epoch_.loading_core_ns;
    ++epochs_finished_;
    if (ended()) return ready_ns_ = sim::never;
    order_.begin_next_epoch();
    begin_epoch(now_ns);
    ready_ns_ = look_ahead(now_ns);
  } else if (options_.workers == 0) {
    admit(now_ns);
    ready_ns_ = look_ahead(now_ns);
  }
  return ready_ns_ = std::max(ready_ns_, now_ns);
}

TimeNs MinibatchSupply::set_cpu(TimeNs now_ns, const CpuShare& cpu) {
  workers_.set_cpu(now_ns, cpu);
  return ready_ns_ = look_ahead(now_ns);
}

void MinibatchSupply::begin_epoch(TimeNs now_ns) {
  workers_.begin_epoch(now_ns);
  admitted_ = 0;
  next_ = 0;
  while (admitted_ < std::min(ahead_, minibatches_)) admit(now_ns);
}

void MinibatchSupply::admit(TimeNs now_ns) {
  const auto samples = static_cast<std::uint32_t>(samples_of(admitted_++));
  workers_.admit(now_ns, {samples, order_.read(samples)});
}

std::int64_t MinibatchSupply::samples_of(std::uint32_t minibatch) const {
  if (minibatch == minibatches_) return 0;
  return std::min(options_.batch, options_.samples - std::int64_t{minibatch} * options_.batch);
}

}  // namespace wattline::workloads
