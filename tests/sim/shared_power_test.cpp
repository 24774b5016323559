// What minibatches draw that execute side by side, computed by hand: the clocks of a busy GPU are drawn once,
// work is drawn as it is done.
#include <vector>

#include "tests/catch.hpp"
#include "tests/sim/listed_run.hpp"

namespace wattline::sim {
namespace {

// Jobs of the given powers and demands, whose minibatches take 1000 ns alone; idle 5 uW, busy `busy_uw`.
class SharedPoint final : public OperatingPoint {
 public:
  SharedPoint(std::int64_t busy_uw, std::vector<std::int64_t> power_uw, std::vector<Demand> wants)
      : busy_uw_(busy_uw), power_uw_(std::move(power_uw)) {
    for (const Demand& demand : wants) phases_.push_back({demand});
  }
  MinibatchCost minibatch(Tenant tenant) override { return {1000, {power_uw_[tenant.index()]}}; }
  Phases phases(Tenant tenant) override { return {&phases_[tenant.index()], 1}; }
  RailPowerUw idle_power_uw() const override { return {5}; }
  RailPowerUw busy_power_uw() const override { return {busy_uw_}; }

 private:
  std::int64_t busy_uw_;
  std::vector<std::int64_t> power_uw_;
  std::vector<Phase> phases_;
};

constexpr Demand arithmetic{1, 0, 1, 0}, memory{0, 1, 0, 1}, launches{0, 0, 0, 0};

// Power over the first nanoseconds, in which nothing ends.
double power_uw(std::int64_t busy_uw, const std::vector<std::int64_t>& alone_uw,
                const std::vector<Demand>& wants, double interference = 0) {
  SharedPoint point(busy_uw, alone_uw, wants);
  AcceleratorOptions options;
  options.dispatcher = CudaStreams{{interference}};
  options.configurations.push_back(
      {0, &point, {}, std::vector<TrainingRule>(alone_uw.size(), TrainingRule{.trains = true})});
  options.training.resize(alone_uw.size());
  options.end_ns = 100;
  const auto run = run_accelerator(options);
  if (!run.ok()) FAIL(run.error().message);
  return static_cast<double>(run->energy.total_fj()) / 100;
}

TEST_CASE("Side by side: a minibatch that is alone draws what it costs, above busy power or below") {
  CHECK(power_uw(20, {30}, {arithmetic}) == 30);
  CHECK(power_uw(20, {12}, {launches}) == 12);
  CHECK(power_uw(20, {3}, {launches}) == 3);  // and below idle power
}

TEST_CASE("Side by side: two that do not meet draw the busy clocks once and the work of both") {
  CHECK(power_uw(20, {30, 26}, {arithmetic, memory}) == 20 + 10 + 6);
}

TEST_CASE("Side by side: two that share one unit draw the mean of what they draw alone") {
  CHECK(power_uw(20, {30, 26}, {arithmetic, arithmetic}) == 20 + (10 + 6) / 2.0);
}

TEST_CASE(
    "Side by side: slowed down so much that the GPU is not always busy, they draw less than busy power") {
  // An interference of 3 leaves each a quarter of its speed.
  CHECK(power_uw(21, {37, 29}, {arithmetic, memory}, 3) == 5 + 16 / 2 + (16 + 8) / 4);
}

TEST_CASE("Side by side: minibatches with gaps fill each other's, until the clocks are busy all the time") {
  // Each 7 above idle; two 14, of which none is above the 15 of busy clocks; three would be 21.
  CHECK(power_uw(20, {12, 12}, {launches, launches}) == 5 + 7 + 7);
  CHECK(power_uw(20, {12, 12, 12}, {launches, launches, launches}) == 20);
  // One that needs busy clocks leaves none to be drawn.
  CHECK(power_uw(20, {12, 30}, {launches, arithmetic}) == 30);
}

TEST_CASE("Side by side: where no busy power is known, each adds what it draws above idle") {
  CHECK(power_uw(5, {30, 26}, {arithmetic, memory}) == 5 + 25 + 21);
}

TEST_CASE("Side by side: minibatches measured below idle power never draw less than the least of them") {
  CHECK(power_uw(5, {3, 1}, {arithmetic, memory}) == 1);
}

}  // namespace
}  // namespace wattline::sim
