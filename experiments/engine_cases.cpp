#include "experiments/engine_cases.hpp"

#include <cmath>
#include <vector>

#include "devices/device_spec.hpp"
#include "devices/operating_point.hpp"
#include "devices/roofline.hpp"
#include "workloads/arrivals.hpp"

namespace wattline::experiments {

namespace {

constexpr double reference_rate_hz = 60;

class ReferencePoint final : public sim::OperatingPoint {
 public:
  sim::MinibatchCost minibatch(sim::Tenant tenant) override {
    return {tenant.work() == sim::Work::infer ? 40 * sim::ns_per_ms : 35 * sim::ns_per_ms, {}};
  }
  sim::RailPowerUw idle_power_uw() const override { return {}; }
};

// One job in the gaps of streams with batches of 16 at `rate_hz` each.
sim::AcceleratorOptions options_of(sim::OperatingPoint& point, sim::TimeNs train_ns, double rate_hz,
                                   std::size_t streams) {
  sim::AcceleratorOptions options;
  sim::Configuration configuration;
  configuration.point = &point;
  configuration.serving.assign(streams, {.batch = 16, .expected_rate_hz = rate_hz});
  configuration.training.push_back({.trains = true, .time_ns = train_ns});
  options.configurations.push_back(configuration);
  options.training.emplace_back();
  return options;
}

Result<SensorLog> sensor_log_of(const devices::DeviceSpec& spec, const std::vector<std::string>& rails,
                                const sim::RailPowerUw& idle_uw, double poll_hz) {
  if (!spec.sensor) return bad_input(spec.name + " has no power sensor");
  const devices::PowerSensorOptions options{
      .chip = *spec.sensor, .rails = rails, .poll_hz = poll_hz, .board = spec.name};
  return SensorLog::make(options, idle_uw, std::llround(spec.switching.settle_s * 1e9));
}

}  // namespace

Result<sim::RunResult> run_reference_queue(std::uint64_t requests, std::uint64_t seed) {
  ReferencePoint point;
  auto options = options_of(point, 35 * sim::ns_per_ms, reference_rate_hz, 1);
  workloads::PoissonArrivals arrivals(reference_rate_hz, sim::RandomStream(seed, "arrivals"), requests);
  options.streams.push_back({&arrivals});
  return sim::run_accelerator(options);
}

Result<BoardRun> run_board(const BoardCase& board) {
  const auto spec = devices::find_device("orin-agx-64gb");
  if (!spec) return spec.error();
  const auto preset = devices::find_preset(*spec, "MAXN");
  if (!preset) return preset.error();
  const devices::RooflineModel costs(*spec);
  auto point = devices::FixedOperatingPoint::make(costs, preset->mode, {{"mobilenet_v3_large", 16}},
                                                  {{"resnet18", 16, workloads::Role::train}});
  if (!point) return point.error();
  auto options = options_of(*point, point->train_time_ns(), board.rate_hz, 1);
  workloads::PoissonArrivals arrivals(board.rate_hz, sim::RandomStream(board.seed, "arrivals"),
                                      board.requests);
  options.streams.push_back({&arrivals, 500 * sim::ns_per_ms});
  std::optional<SensorLog> sensor;
  if (board.poll_hz) {
    auto log = sensor_log_of(*spec, costs.rails(), point->idle_power_uw(), *board.poll_hz);
    if (!log) return log.error();
    options.observer = &sensor.emplace(*std::move(log));
  }
  auto run = sim::run_accelerator(options);
  if (!run) return run.error();
  return BoardRun{*std::move(run), sensor ? std::optional(sensor->record()) : std::nullopt};
}

Result<sim::RunResult> run_64_streams(std::uint64_t requests, std::uint64_t seed) {
  constexpr std::size_t streams = 64;
  constexpr double rate_hz = reference_rate_hz / streams;
  ReferencePoint point;
  auto options = options_of(point, 35 * sim::ns_per_ms, rate_hz, streams);
  std::vector<workloads::PoissonArrivals> arrivals;
  for (std::size_t i = 0; i < streams; ++i) {
    const sim::RandomStream gaps(seed, "arrivals/" + std::to_string(i));
    arrivals.emplace_back(rate_hz, gaps, requests / streams);
  }
  for (workloads::PoissonArrivals& each : arrivals) options.streams.push_back({&each});
  return sim::run_accelerator(options);
}

}  // namespace wattline::experiments
