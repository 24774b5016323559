// The supply of minibatches against a naive one, over random pipelines, GPUs and power modes: the same
// instants, foreseen and come true, and the same figures.
#include <rapidcheck.h>

#include <string>

#include "tests/catch.hpp"
#include "tests/workloads/naive_input_pipeline.hpp"
#include "workloads/input_pipeline/minibatch_supply.hpp"

namespace wattline::workloads {
namespace {

using sim::RandomStream;
using sim::TimeNs;

std::int64_t between(RandomStream& random, std::int64_t least, std::int64_t most) {
  return least + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(most - least + 1)));
}

CpuShare any_cpu(RandomStream& random) {
  return {0.25 * static_cast<double>(between(random, 1, 20)),
          1e8 * static_cast<double>(between(random, 3, 25))};
}

// Small numbers, so that much happens at the same instant.
InputPipelineOptions any_options(RandomStream& random) {
  InputPipelineOptions options;
  options.samples = between(random, 1, 40);
  options.bytes_per_sample = between(random, 1, 6);
  options.cycles_per_sample = between(random, 1, 20);
  options.storage = {"any", 1e9 / static_cast<double>(between(random, 1, 3)), between(random, 0, 8)};
  // None, some, and all of the data set.
  options.cache_bytes =
      between(random, 0, 2) * between(random, 0, options.samples * options.bytes_per_sample);
  options.batch = between(random, 1, 5);
  options.drop_last = options.batch <= options.samples && random.below(3) == 0;
  options.workers = between(random, 0, 6);
  options.prefetch = between(random, 1, 3);
  options.cpu = any_cpu(random);
  options.epochs = between(random, 1, 4);
  return options;
}

// Minibatches that execute after a random wait and for a random time, in power modes that change at random
// instants, on both pipelines at once.
class Together {
 public:
  Together(const InputPipelineOptions& options, std::uint64_t seed, RandomStream& random)
      : options_(options),
        supply_(*MinibatchSupply::make(options, seed)),
        naive_(options, seed),
        random_(random) {
    longest_wait_ns_ = random.below(2) == 0 ? 0 : between(random, 1, 60);
    longest_time_ns_ = between(random, 1, 80);
    change_ns_ = random.below(2) == 0 ? sim::never : between(random, 0, 50);
  }

  // What differs first; empty where nothing does.
  std::string run() {
    compare("begin", supply_.begin(0));
    while (difference_.empty() && naive_.epochs_finished() < options_.epochs) {
      if (naive_.now_ns() == change_ns_) change_cpu();
      if (naive_.now_ns() == end_ns_) finish();
      if (naive_.now_ns() == start_ns_) start();
      if (naive_.epochs_finished() == options_.epochs) break;
      if (start_ns_ == sim::never && end_ns_ == sim::never && naive_.next_is_there())
        start_ns_ = naive_.now_ns() + between(random_, 0, longest_wait_ns_);
      if (start_ns_ != naive_.now_ns()) naive_.step();
      if (random_.below(40) == 0 && supply_.this_epoch(naive_.now_ns()) != naive_.load())
        difference_ = "figures of an epoch that goes on, at " + std::to_string(naive_.now_ns());
    }
    return difference_;
  }

 private:
  void compare(const std::string& call, TimeNs ready_ns) {
    const TimeNs expected_ns = naive_.foreseen_ns();
    if (ready_ns != expected_ns && difference_.empty())
      difference_ = call + " at " + std::to_string(naive_.now_ns()) + ": " + std::to_string(ready_ns) +
                    " instead of " + std::to_string(expected_ns);
  }

  void change_cpu() {
    const CpuShare cpu = any_cpu(random_);
    naive_.set_cpu(cpu);
    compare("set_cpu", supply_.set_cpu(naive_.now_ns(), cpu));
    change_ns_ += between(random_, 1, 100);
  }
  void start() {
    if (supply_.next_samples() != naive_.next_samples()) difference_ = "samples of the next minibatch";
    naive_.started();
    compare("started", supply_.started(naive_.now_ns()));
    start_ns_ = sim::never;
    end_ns_ = naive_.now_ns() + between(random_, 1, longest_time_ns_);
  }
  void finish() {
    const EpochLoad load = naive_.load();
    const std::int64_t epochs = naive_.epochs_finished();
    naive_.finished();
    const TimeNs ready_ns = supply_.finished(naive_.now_ns());
    if (naive_.epochs_finished() > epochs && supply_.last_epoch() != load)
      difference_ = "figures of an epoch";
    compare("finished", naive_.epochs_finished() == options_.epochs ? naive_.foreseen_ns() : ready_ns);
    if (naive_.epochs_finished() == options_.epochs && ready_ns != sim::never) difference_ = "no end";
    end_ns_ = sim::never;
  }

  InputPipelineOptions options_;
  MinibatchSupply supply_;
  NaiveInputPipeline naive_;
  RandomStream& random_;
  TimeNs longest_wait_ns_, longest_time_ns_;
  TimeNs change_ns_;
  TimeNs start_ns_ = sim::never, end_ns_ = sim::never;
  std::string difference_;
};

}  // namespace

TEST_CASE("Minibatches are there when a naive input pipeline has them, whatever the GPU and the modes do") {
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    RandomStream random(seed, "input pipeline test");
    const InputPipelineOptions options = any_options(random);
    const std::string difference = Together(options, seed, random).run();
    if (!difference.empty()) FAIL("seed " << seed << ", " << options.workers << " workers: " << difference);
  }
}

TEST_CASE("A page cache holds what a searched list of the least recently used holds") {
  rc::check("page cache and list", [] {
    const auto samples = *rc::gen::inRange<std::uint32_t>(1, 12);
    const auto capacity = *rc::gen::inRange<std::uint32_t>(0, 14);
    const auto accesses =
        *rc::gen::container<std::vector<std::uint32_t>>(rc::gen::inRange<std::uint32_t>(0, samples));
    PageCache cache(samples, capacity);
    std::list<std::uint32_t> list;
    for (const std::uint32_t sample : accesses) {
      const auto found = std::find(list.begin(), list.end(), sample);
      RC_ASSERT(cache.access(sample) == (found != list.end()));
      if (found != list.end()) list.erase(found);
      list.push_front(sample);
      if (list.size() > capacity) list.pop_back();
    }
  });
}

}  // namespace wattline::workloads
