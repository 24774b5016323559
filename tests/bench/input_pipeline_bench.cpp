// The supply of minibatches to a GPU that takes each as soon as it can, by what its bottleneck is.
#include <benchmark/benchmark.h>

#include "workloads/input_pipeline/minibatch_supply.hpp"

namespace wattline::workloads {
namespace {

// As many samples as ImageNet has.
void supply(benchmark::State& state, std::int64_t cached_samples, sim::TimeNs gpu_ns) {
  InputPipelineOptions options;
  options.samples = 1'281'167;
  options.bytes_per_sample = 100'000;
  options.cycles_per_sample = 1'000'000;
  options.storage = {"bench", 1e9, 10'000};
  options.cache_bytes = cached_samples * options.bytes_per_sample;
  options.workers = state.range(0);
  options.cpu = {4, 2e9};
  auto made = MinibatchSupply::make(options, 1);
  MinibatchSupply supply = *made;
  sim::TimeNs ready_ns = supply.begin(0);
  for (auto _ : state) {
    supply.started(ready_ns);
    ready_ns = supply.finished(ready_ns + gpu_ns);
  }
  state.SetItemsProcessed(state.iterations());
}

void loading_is_the_bottleneck(benchmark::State& state) {
  supply(state, 0, 1'000);
}
BENCHMARK(loading_is_the_bottleneck)->Arg(0)->Arg(1)->Arg(4)->Arg(16)->Arg(64);

void gpu_is_the_bottleneck(benchmark::State& state) {
  supply(state, 0, 20'000'000);
}
BENCHMARK(gpu_is_the_bottleneck)->Arg(0)->Arg(1)->Arg(4)->Arg(16)->Arg(64);

void half_of_the_data_set_cached(benchmark::State& state) {
  supply(state, 640'000, 1'000);
}
BENCHMARK(half_of_the_data_set_cached)->Arg(0)->Arg(4);

}  // namespace
}  // namespace wattline::workloads
