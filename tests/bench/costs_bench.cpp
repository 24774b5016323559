// What it takes to ask a cost model for a minibatch.
#include <benchmark/benchmark.h>

#include "devices/device_spec.hpp"
#include "devices/mode_space.hpp"
#include "devices/operating_point.hpp"
#include "devices/roofline.hpp"

namespace wattline::devices {
namespace {

const DeviceSpec& board() {
  static const DeviceSpec spec = *find_device("orin-agx-64gb");
  return spec;
}

void roofline_minibatch(benchmark::State& state) {
  const RooflineModel model(board());
  const PowerMode mode = board().presets.front().mode;
  for (auto _ : state)
    benchmark::DoNotOptimize(model.minibatch("resnet50", workloads::Role::infer, 16, mode)->time_ns);
}
BENCHMARK(roofline_minibatch);

void operating_point_minibatch(benchmark::State& state) {
  const RooflineModel model(board());
  auto point = *FixedOperatingPoint::make(model, board().presets.front().mode, {{"resnet50", 16}},
                                          {{"resnet18", 16, workloads::Role::train}});
  for (auto _ : state) benchmark::DoNotOptimize(point.minibatch({sim::Work::infer, 0}).time_ns);
}
BENCHMARK(operating_point_minibatch);

}  // namespace
}  // namespace wattline::devices

BENCHMARK_MAIN();
