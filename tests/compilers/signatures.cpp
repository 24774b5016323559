// Prints what must not depend on the compiler: the event stream and the figures of a run of three streams and
// two jobs under each dispatcher, with random gaps and random times; the data of one job are loaded beside
// it, and in the middle the power mode changes under what executes. compare.sh builds it in several ways.
#include <array>
#include <bit>
#include <cstdio>
#include <vector>

#include "sim/accelerator.hpp"
#include "sim/random.hpp"
#include "workloads/arrivals.hpp"
#include "workloads/input_pipeline/minibatch_supply.hpp"

namespace {

using namespace wattline::sim;

class LognormalPoint final : public OperatingPoint {
 public:
  MinibatchCost minibatch(Tenant tenant) override {
    const double mean_ms = tenant.work() == Work::infer ? 5.0 + static_cast<double>(tenant.index()) : 30.0;
    const auto time_ns = static_cast<TimeNs>(times_.lognormal(0, 0.2) * mean_ms * 1e6);
    return {time_ns, {static_cast<std::int64_t>(times_.uniform() * 3e7), 5'000'000}};
  }
  Phases phases(Tenant) override {
    // Of a hundred, so that they stay where they are.
    auto& phases = phases_[times_.below(phases_.size())];
    if (phases.empty())
      for (const std::uint64_t until_q : {Phase::whole / 5, Phase::whole / 2, Phase::whole}) {
        const double share = times_.uniform();
        const bool nothing = times_.below(4) == 0;
        phases.push_back(
            {nothing ? Demand::nothing() : Demand{share, 1 - share, 0.7 * share, 0.6 * (1 - share)},
             until_q});
      }
    return phases;
  }
  RailPowerUw idle_power_uw() const override { return {4'000'000, 3'000'000}; }
  RailPowerUw busy_power_uw() const override { return {7'000'000, 3'500'000}; }
  LoadingCpu loading_cpu() const override { return {2.5, 1.9e9, {0, 1'300'000}}; }

 private:
  RandomStream times_{7, "times"};
  std::array<std::vector<Phase>, 100> phases_;
};

class Loaded final : public MinibatchFeed {
 public:
  explicit Loaded(wattline::workloads::MinibatchSupply supply) : supply_(std::move(supply)) {}
  TimeNs set_cpu(TimeNs now_ns, const LoadingCpu& cpu) override {
    return supply_.set_cpu(now_ns, {cpu.cores, cpu.cycles_per_s});
  }
  TimeNs begin(TimeNs now_ns) override { return supply_.begin(now_ns); }
  TimeNs started(TimeNs now_ns) override { return supply_.started(now_ns); }
  TimeNs finished(TimeNs now_ns) override { return supply_.finished(now_ns); }
  TimeNs core_ns(TimeNs now_ns) override { return supply_.core_ns(now_ns); }
  TimeNs core_use_until(TimeNs now_ns) override { return supply_.steady_until(now_ns); }
  bool ends() const override { return supply_.ends(); }
  bool ended() const override { return supply_.ended(); }

 private:
  wattline::workloads::MinibatchSupply supply_;
};

// Loads a minibatch in 40 ms or so, of which half are in the page cache.
wattline::workloads::InputPipelineOptions pipeline() {
  wattline::workloads::InputPipelineOptions options;
  options.samples = 1'000;
  options.bytes_per_sample = 100'000;
  options.cycles_per_sample = 20'000'000;
  options.storage = {"card", 50e6, 300'000};
  options.cache_bytes = 50'000'000;
  options.workers = 3;
  return options;
}

void print_run(const Dispatcher& dispatcher) {
  LognormalPoint point, second_point;
  auto supply = wattline::workloads::MinibatchSupply::make(pipeline(), 3);
  if (!supply) {
    std::printf("%s\n", supply.error().message.c_str());
    return;
  }
  Loaded feed(*std::move(supply));
  AcceleratorOptions options;
  options.dispatcher = dispatcher;
  Configuration configuration;
  configuration.point = &point;
  std::vector<wattline::workloads::PoissonArrivals> arrivals;
  for (const std::int64_t batch : {1, 4, 16}) {
    const double rate_hz = 10 * static_cast<double>(batch);
    arrivals.emplace_back(rate_hz, RandomStream(1, "arrivals/" + std::to_string(batch)), 20'000);
    configuration.serving.push_back(
        {.batch = batch, .max_wait_ns = batch == 4 ? 50 * ns_per_ms : 0, .expected_rate_hz = rate_hz});
  }
  for (auto& each : arrivals) options.streams.push_back({&each, 100 * ns_per_ms});
  configuration.training.assign(2, {.trains = true, .time_ns = 30 * ns_per_ms});
  options.configurations.push_back(configuration);
  configuration.start_ns = 150 * ns_per_s;
  configuration.point = &second_point;
  configuration.live = true;
  options.configurations.push_back(configuration);
  options.training.assign(2, {.priority = 5});
  options.training[1].feed = &feed;
  options.end_ns = 300 * ns_per_s;
  const auto run = run_accelerator(options);
  if (!run) {
    std::printf("%s\n", run.error().message.c_str());
    return;
  }
  std::printf("%016llx %llu events, %lld fJ mod 2^63", static_cast<unsigned long long>(run->signature),
              static_cast<unsigned long long>(run->events),
              static_cast<long long>(run->energy.total_fj() & INT64_MAX));
  for (const StreamResult& stream : run->streams)
    std::printf(", %016llx", static_cast<unsigned long long>(std::bit_cast<std::uint64_t>(
                                 stream.latency_ns.variance() + stream.response_ns.percentile(0.99))));
  std::printf("\n");
}

}  // namespace

int main() {
  for (const Dispatcher& dispatcher :
       {Dispatcher{ManagedInterleaving{}}, Dispatcher{FirstInFirstOut{}}, Dispatcher{EarliestDeadline{}},
        Dispatcher{FixedPriority{}}, Dispatcher{TimeSlicing{}}, Dispatcher{CudaStreams{}}})
    print_run(dispatcher);
}
