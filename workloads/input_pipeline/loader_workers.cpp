#include "workloads/input_pipeline/loader_workers.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

namespace wattline::workloads {

using sim::Int128;
using sim::TimeNs;

namespace {

constexpr int fraction_bits = 32;

std::uint32_t processes(const InputPipelineOptions& options) {
  return static_cast<std::uint32_t>(std::max<std::int64_t>(1, options.workers));
}

std::size_t most_admitted(const InputPipelineOptions& options) {
  return options.workers == 0 ? 1 : static_cast<std::size_t>(options.workers * options.prefetch);
}

std::uint64_t in_fractions(double value) {
  return static_cast<std::uint64_t>(value * static_cast<double>(std::uint64_t{1} << fraction_bits));
}

}  // namespace

LoaderWorkers::LoaderWorkers(const InputPipelineOptions& options)
    : workers_(processes(options)),
      read_ns_(read_ns(options.storage, options.bytes_per_sample)),
      bytes_per_sample_(options.bytes_per_sample),
      cycles_per_sample_(options.cycles_per_sample),
      admitted_(std::bit_ceil(most_admitted(options))),
      state_{.load = {},
             .reading = Ring<Reading>(workers_),
             .computing = Ring<Computing>(workers_),
             .minibatch = std::vector<std::uint32_t>(workers_)},
      before_(state_) {
  freed_.reserve(workers_);
  set_speeds(options.cpu);
  begin_epoch(0);
}

void LoaderWorkers::begin_epoch(TimeNs now_ns) {
  advance(now_ns);
  admitted_count_ = 0;
  state_.load = {};
  state_.core_q = 0;
  std::iota(state_.minibatch.begin(), state_.minibatch.end(), 0);
}

void LoaderWorkers::admit(TimeNs now_ns, const MinibatchLoad& load) {
  advance(now_ns);
  const std::uint32_t minibatch = admitted_count_++;
  admitted_[minibatch & (admitted_.size() - 1)] = load;
  // Otherwise the worker loads another one before it.
  const std::uint32_t worker = minibatch % workers_;
  if (state_.minibatch[worker] != minibatch) return;
  begin(worker);
  set_due();
}

TimeNs LoaderWorkers::loaded_ns(TimeNs now_ns, std::uint32_t minibatch) {
  if (minibatch >= admitted_count_) return sim::never;
  const std::uint32_t worker = minibatch % workers_;
  advance(now_ns);
  if (state_.minibatch[worker] > minibatch) return now_ns;
  before_ = state_;
  while (state_.minibatch[worker] <= minibatch) {
    if (state_.due_ns > sim::longest_time_ns) return sim::never;
    step();
  }
  return state_.now_ns;
}

void LoaderWorkers::set_cpu(TimeNs now_ns, const CpuShare& cpu) {
  advance(now_ns);
  set_speeds(cpu);
  set_due();
}

TimeNs LoaderWorkers::steady_until(TimeNs now_ns) {
  advance(now_ns);
  return state_.due_ns;
}

EpochLoad LoaderWorkers::load(TimeNs now_ns) {
  advance(now_ns);
  EpochLoad load = state_.load;
  // What is to be read is read without a pause.
  load.storage_busy_ns -= std::max<TimeNs>(0, state_.storage_free_ns - now_ns);
  load.loading_core_ns = static_cast<TimeNs>(state_.core_q >> fraction_bits);
  return load;
}

void LoaderWorkers::advance(TimeNs now_ns) {
  if (now_ns < state_.now_ns) state_ = before_;
  while (state_.due_ns <= now_ns) step();
  progress_to(now_ns);
}

void LoaderWorkers::progress_to(TimeNs at_ns) {
  const auto passed_ns = at_ns - state_.now_ns;
  const Speed& speed = speeds_[state_.computing.size()];
  state_.progress_q += Int128{passed_ns} * speed.progress_q;
  state_.core_q += Int128{passed_ns} * speed.core_q;
  state_.now_ns = at_ns;
}

void LoaderWorkers::step() {
  progress_to(state_.due_ns);
  freed_.clear();
  while (!state_.computing.empty() && state_.computing.front().ends_q <= state_.progress_q)
    freed_.push_back(state_.computing.pop().worker);
  while (!state_.reading.empty() && state_.reading.front().ends_ns == state_.now_ns) {
    const std::uint32_t worker = state_.reading.pop().worker;
    compute(worker, load_of(state_.minibatch[worker]).samples);
  }
  for (const std::uint32_t worker : freed_) state_.minibatch[worker] += workers_;
  if (freed_.size() > 1)
    std::sort(freed_.begin(), freed_.end(),
              [&](std::uint32_t a, std::uint32_t b) { return state_.minibatch[a] < state_.minibatch[b]; });
  for (const std::uint32_t worker : freed_)
    if (state_.minibatch[worker] < admitted_count_) begin(worker);
  set_due();
}

void LoaderWorkers::begin(std::uint32_t worker) {
  const MinibatchLoad& minibatch = load_of(state_.minibatch[worker]);
  EpochLoad& load = state_.load;
  ++load.minibatches;
  load.samples += minibatch.samples;
  if (minibatch.samples_read == 0) return compute(worker, minibatch.samples);
  const TimeNs takes_ns = read_ns_ * minibatch.samples_read;
  load.samples_read += minibatch.samples_read;
  load.bytes_read += bytes_per_sample_ * minibatch.samples_read;
  load.storage_busy_ns += takes_ns;
  state_.storage_free_ns = std::max(state_.storage_free_ns, state_.now_ns) + takes_ns;
  state_.reading.push({state_.storage_free_ns, worker});
}

void LoaderWorkers::compute(std::uint32_t worker, std::uint32_t samples) {
  const Int128 work_q = (Int128{cycles_per_sample_} * samples) << fraction_bits;
  // At the end, except for the smaller minibatch that ends an epoch.
  state_.computing.insert({state_.progress_q + work_q, worker},
                          [](const Computing& a, const Computing& b) { return a.ends_q > b.ends_q; });
}

void LoaderWorkers::set_due() {
  state_.due_ns = state_.reading.empty() ? sim::never : state_.reading.front().ends_ns;
  if (state_.computing.empty()) return;
  const auto speed_q = static_cast<Int128>(speeds_[state_.computing.size()].progress_q);
  const Int128 left_ns = (state_.computing.front().ends_q - state_.progress_q + speed_q - 1) / speed_q;
  // What ends later never ends: 100 years are the longest time.
  if (left_ns <= sim::longest_time_ns)
    state_.due_ns = std::min(state_.due_ns, state_.now_ns + static_cast<TimeNs>(left_ns));
}

void LoaderWorkers::set_speeds(const CpuShare& cpu) {
  for (std::size_t active = 0; active <= workers_; ++active) {
    const auto number = static_cast<double>(active);
    const double share = active == 0 ? 0 : std::min(1.0, cpu.cores / number);
    speeds_[active] = {in_fractions(cpu.cycles_per_s * share / 1e9),
                       in_fractions(std::min(number, cpu.cores))};
  }
}

}  // namespace wattline::workloads
