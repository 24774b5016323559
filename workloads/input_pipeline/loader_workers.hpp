// Loader workers at work: when each minibatch of an epoch is loaded, on a storage medium and a share of the
// CPU that they have in common.
//
// Minibatch i of an epoch is loaded by worker i mod W (PyTorch's torch/utils/data/dataloader.py), as soon as
// it is admitted and the worker has loaded its one before. First the medium reads what is not cached, one
// minibatch after the other, first in first out; then the worker computes. Workers that compute share the
// cores (processor sharing). What begins at one instant begins in the order of minibatches.
//
// All workers that compute go at one speed, so that progress is one number: the work that a worker would have
// done that had computed all the time. It is kept in whole 2^-32 of a cycle, and grows by
//   floor(cycles_per_s x min(1, cores / active) / 1e9 x 2^32)
// each nanosecond, so that it does not depend on how often speeds change.
//
// The future is known only as long as the CPU stays as it is: looking ahead remembers the present, and a
// change of the CPU returns to it. Each event takes the same time for any number of workers; looking ahead
// copies some 50 bytes a worker. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sim/statistics.hpp"
#include "workloads/input_pipeline/input_pipeline.hpp"
#include "workloads/input_pipeline/ring.hpp"

namespace wattline::workloads {

// What loading took since the epoch's beginning.
struct EpochLoad {
  std::int64_t minibatches = 0;     // of which loading began
  std::int64_t samples = 0;         // in them
  std::int64_t samples_read = 0;    // of them from storage, the others from the page cache
  std::int64_t bytes_read = 0;      // from storage
  sim::TimeNs storage_busy_ns = 0;  // in which the medium read
  sim::TimeNs loading_core_ns = 0;  // core time: n cores for t count n t
  bool operator==(const EpochLoad&) const = default;
};

// What a minibatch costs to load.
struct MinibatchLoad {
  std::uint32_t samples = 0;
  std::uint32_t samples_read = 0;  // from storage
};

class LoaderWorkers {
 public:
  // Precondition: check(options) passes. Without workers, one process loads.
  explicit LoaderWorkers(const InputPipelineOptions& options);

  // Instants of all these calls ascend, and are at most sim::longest_time_ns.

  // Minibatches count from 0 again. Precondition: all that were admitted are loaded.
  void begin_epoch(sim::TimeNs now_ns);
  // The next minibatch may be loaded. Precondition: of those admitted, workers x prefetch (without workers,
  // 1) at most are not loaded.
  void admit(sim::TimeNs now_ns, const MinibatchLoad& load);
  // When that minibatch is loaded if the CPU stays as it is and no other is admitted, and not before now_ns;
  // sim::never where it is not admitted or this would be after sim::longest_time_ns.
  sim::TimeNs loaded_ns(sim::TimeNs now_ns, std::uint32_t minibatch);
  // Precondition: check(cpu) passes.
  void set_cpu(sim::TimeNs now_ns, const CpuShare& cpu);
  // Until when as many cores compute as now, if the CPU stays as it is and nothing is admitted; sim::never where
  // none begins or ends.
  sim::TimeNs steady_until(sim::TimeNs now_ns);
  // Of this epoch.
  EpochLoad load(sim::TimeNs now_ns);

 private:
  struct Reading {
    sim::TimeNs ends_ns;
    std::uint32_t worker;
  };
  struct Computing {
    sim::Int128 ends_q;  // where progress is then
    std::uint32_t worker;
  };
  // What looking ahead changes.
  struct State {
    sim::TimeNs now_ns = 0;
    sim::TimeNs due_ns = sim::never;  // when the next worker ends reading or computing
    sim::TimeNs storage_free_ns = 0;  // when all that is to be read has been
    sim::Int128 progress_q = 0;
    sim::Int128 core_q = 0;     // core time, in 2^-32 ns
    EpochLoad load;             // storage_busy_ns of all that is to be read; without loading_core_ns
    Ring<Reading> reading;      // in the order of requests, which is that of their ends
    Ring<Computing> computing;  // in the order of their ends
    std::vector<std::uint32_t> minibatch;  // of each worker: what it loads, or will load next
  };

  // Of a nanosecond in which so many workers compute.
  struct Speed {
    std::uint64_t progress_q;
    std::uint64_t core_q;
  };

  // Through all that happens until then; returns to what was before where it was looked ahead further.
  void advance(sim::TimeNs now_ns);
  void progress_to(sim::TimeNs at_ns);
  void step();  // all that happens at due_ns
  void begin(std::uint32_t worker);
  void compute(std::uint32_t worker, std::uint32_t samples);
  void set_due();
  void set_speeds(const CpuShare& cpu);
  const MinibatchLoad& load_of(std::uint32_t minibatch) const {
    return admitted_[minibatch & (admitted_.size() - 1)];
  }

  std::uint32_t workers_;
  sim::TimeNs read_ns_;  // of one sample
  std::int64_t bytes_per_sample_;
  std::int64_t cycles_per_sample_;
  std::array<Speed, 65> speeds_;  // by the number of workers that compute
  std::uint32_t admitted_count_ = 0;
  std::vector<MinibatchLoad> admitted_;  // a ring of the latest; a power of two
  State state_;
  State before_;                      // as it was when it was last looked ahead
  std::vector<std::uint32_t> freed_;  // workers that end at this instant
};

}  // namespace wattline::workloads
