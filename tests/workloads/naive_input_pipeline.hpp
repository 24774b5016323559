// The input pipeline a second time, without tricks: nanosecond by nanosecond, every worker's work counted
// down on its own, the page cache a list that is searched. Copied to see what will happen.
#pragma once

#include <algorithm>
#include <list>
#include <numeric>
#include <vector>

#include "sim/random.hpp"
#include "sim/statistics.hpp"
#include "workloads/input_pipeline/loader_workers.hpp"

namespace wattline::workloads {

class NaiveInputPipeline {
 public:
  NaiveInputPipeline(const InputPipelineOptions& options, std::uint64_t seed)
      : options_(options), draws_(seed, "input pipeline/sample order"), cpu_(options.cpu) {
    workers_.resize(static_cast<std::size_t>(std::max<std::int64_t>(1, options.workers)));
    order_.resize(static_cast<std::size_t>(options.samples));
    std::iota(order_.begin(), order_.end(), 0);
    begin_epoch();
  }

  sim::TimeNs now_ns() const { return now_ns_; }
  bool next_is_there() const { return next_ < done_.size() && done_[next_]; }
  std::int64_t epochs_finished() const { return epochs_; }
  std::int64_t next_samples() const {
    return next_ < minibatches_.size() ? static_cast<std::int64_t>(minibatches_[next_].size()) : 0;
  }
  EpochLoad load() const {
    EpochLoad load = load_;
    load.loading_core_ns = static_cast<sim::TimeNs>(core_q_ / one);
    return load;
  }

  void started() {
    ++next_;
    if (options_.workers > 0) admit();
    begin_what_can_begin();
  }
  void finished() {
    if (next_ == minibatches_.size()) {
      if (++epochs_ < options_.epochs) begin_epoch();
    } else if (options_.workers == 0) {
      admit();
    }
    begin_what_can_begin();
  }
  void set_cpu(const CpuShare& cpu) { cpu_ = cpu; }

  void step() {
    const auto active = std::count_if(workers_.begin(), workers_.end(),
                                      [](const Worker& worker) { return worker.stage == Stage::computes; });
    if (!requests_.empty()) {
      ++load_.storage_busy_ns;
      --workers_[requests_.front()].read_left_ns;
    }
    if (active > 0) {
      const auto number = static_cast<double>(active);
      const double a_worker = cpu_.cycles_per_s * std::min(1.0, cpu_.cores / number) / 1e9;
      for (Worker& worker : workers_)
        if (worker.stage == Stage::computes)
          worker.work_left_q -= static_cast<sim::Int128>(a_worker * static_cast<double>(one));
      core_q_ += static_cast<sim::Int128>(std::min(number, cpu_.cores) * static_cast<double>(one));
    }
    ++now_ns_;
    for (Worker& worker : workers_)
      if (worker.stage == Stage::computes && worker.work_left_q <= 0) {
        done_[worker.minibatch] = true;
        worker.minibatch += workers_.size();
        worker.stage = Stage::idle;
      }
    if (!requests_.empty() && workers_[requests_.front()].read_left_ns == 0) {
      workers_[requests_.front()].stage = Stage::computes;
      requests_.pop_front();
    }
    begin_what_can_begin();
  }

  // When the next will be there if nobody does anything; `never` where nothing is on its way.
  sim::TimeNs foreseen_ns() const {
    NaiveInputPipeline future = *this;
    while (!future.next_is_there()) {
      if (std::all_of(future.workers_.begin(), future.workers_.end(),
                      [](const Worker& worker) { return worker.stage == Stage::idle; }))
        return sim::never;
      future.step();
    }
    return future.now_ns_;
  }

 private:
  static constexpr std::int64_t one = std::int64_t{1} << 32;
  enum class Stage { idle, reads, computes };
  struct Worker {
    Stage stage = Stage::idle;
    std::size_t minibatch = 0;
    sim::TimeNs read_left_ns = 0;
    sim::Int128 work_left_q = 0;
  };

  void begin_epoch() {
    minibatches_.clear();
    const auto batch = static_cast<std::size_t>(options_.batch);
    for (std::size_t i = 0; i < order_.size(); ++i) {
      if (i % batch == 0 && options_.drop_last && i + batch > order_.size()) break;
      if (i % batch == 0) minibatches_.emplace_back();
      std::swap(order_[i], order_[i + draws_.below(order_.size() - i)]);
      minibatches_.back().push_back(order_[i]);
    }
    done_.assign(minibatches_.size(), false);
    missed_.clear();
    next_ = 0;
    load_ = {};
    core_q_ = 0;
    for (std::size_t i = 0; i < workers_.size(); ++i) workers_[i].minibatch = i;
    for (std::int64_t i = 0; i < std::max<std::int64_t>(1, options_.workers * options_.prefetch); ++i)
      admit();
    begin_what_can_begin();
  }

  void admit() {
    if (missed_.size() == minibatches_.size()) return;
    std::int64_t missed = 0;
    for (const int sample : minibatches_[missed_.size()]) {
      const auto found = std::find(cache_.begin(), cache_.end(), sample);
      if (found == cache_.end())
        ++missed;
      else
        cache_.erase(found);
      cache_.push_front(sample);
      while (std::ssize(cache_) * options_.bytes_per_sample > options_.cache_bytes) cache_.pop_back();
    }
    missed_.push_back(missed);
  }

  void begin_what_can_begin() {
    for (std::size_t minibatch = 0; minibatch < missed_.size(); ++minibatch)
      for (std::size_t i = 0; i < workers_.size(); ++i) {
        Worker& worker = workers_[i];
        if (worker.stage != Stage::idle || worker.minibatch != minibatch) continue;
        const std::int64_t missed = missed_[minibatch], samples = std::ssize(minibatches_[minibatch]);
        ++load_.minibatches;
        load_.samples += samples;
        load_.samples_read += missed;
        load_.bytes_read += missed * options_.bytes_per_sample;
        worker.work_left_q = sim::Int128{samples} * options_.cycles_per_sample * one;
        worker.read_left_ns = missed * read_ns(options_.storage, options_.bytes_per_sample);
        worker.stage = missed > 0 ? Stage::reads : Stage::computes;
        if (missed > 0) requests_.push_back(i);
      }
  }

  InputPipelineOptions options_;
  sim::RandomStream draws_;
  CpuShare cpu_;
  sim::TimeNs now_ns_ = 0;
  std::vector<int> order_;
  std::vector<std::vector<int>> minibatches_;  // of this epoch
  std::vector<bool> done_;
  std::vector<std::int64_t> missed_;  // samples, of those admitted
  std::size_t next_ = 0;
  std::int64_t epochs_ = 0;
  std::list<int> cache_;  // the most recently used first
  std::vector<Worker> workers_;
  std::list<std::size_t> requests_;  // workers that the medium serves, the first now
  EpochLoad load_;
  sim::Int128 core_q_ = 0;
};

}  // namespace wattline::workloads
