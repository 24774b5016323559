// Samplers and streaming statistics.
#include <benchmark/benchmark.h>

#include <vector>

#include "sim/random.hpp"
#include "sim/statistics.hpp"

namespace wattline::sim {
namespace {

template <class Draw>
void draws(benchmark::State& state, Draw draw) {
  RandomStream stream(1, "bench");
  for (auto _ : state) benchmark::DoNotOptimize(draw(stream));
  state.SetItemsProcessed(state.iterations());
}

void uniform(benchmark::State& state) {
  draws(state, [](RandomStream& stream) { return stream.uniform(); });
}
BENCHMARK(uniform);

void exponential(benchmark::State& state) {
  draws(state, [](RandomStream& stream) { return stream.exponential(2); });
}
BENCHMARK(exponential);

void exponential_in_blocks_of_256(benchmark::State& state) {
  RandomStream stream(1, "bench");
  std::vector<double> block(256);
  for (auto _ : state) {
    stream.exponential(2, block);
    benchmark::DoNotOptimize(block.data());
  }
  state.SetItemsProcessed(state.iterations() * 256);
}
BENCHMARK(exponential_in_blocks_of_256);

void normal(benchmark::State& state) {
  draws(state, [](RandomStream& stream) { return stream.normal(); });
}
BENCHMARK(normal);

void lognormal(benchmark::State& state) {
  draws(state, [](RandomStream& stream) { return stream.lognormal(0, 0.5); });
}
BENCHMARK(lognormal);

std::vector<std::int64_t> latencies() {
  RandomStream stream(1, "latencies");
  std::vector<std::int64_t> all(4096);
  for (std::int64_t& latency_ns : all) latency_ns = static_cast<std::int64_t>(stream.lognormal(18, 1));
  return all;
}

// Minibatches of 16 requests, as the accelerator adds them.
void statistics_add(benchmark::State& state) {
  const std::vector<std::int64_t> all = latencies();
  StreamingStatistics statistics;
  std::size_t place = 0;
  for (auto _ : state) {
    statistics.add(std::span(all).subspan(place, 16));
    place = (place + 16) % all.size();
  }
  state.SetItemsProcessed(state.iterations() * 16);
}
BENCHMARK(statistics_add);

void statistics_percentile(benchmark::State& state) {
  StreamingStatistics statistics;
  statistics.add(latencies());
  for (auto _ : state) benchmark::DoNotOptimize(statistics.percentile(0.99));
}
BENCHMARK(statistics_percentile);

}  // namespace
}  // namespace wattline::sim
