// What minibatches want of the GPU from their start to their end, against the roofline's own totals and hand
// computations.
#include <cmath>

#include "devices/operating_point.hpp"
#include "devices/roofline.hpp"
#include "tests/catch.hpp"
#include "tests/devices/built_in_board.hpp"

namespace wattline::devices {
namespace {

using workloads::Role;

const RooflineModel& orin() {
  static const RooflineModel model(board("orin-agx-64gb"));
  return model;
}
PowerMode maxn() {
  return orin().spec().presets.front().mode;
}

TEST_CASE("Phases cover the minibatch, in order, and add up to the roofline's totals") {
  for (const Role role : {Role::infer, Role::train})
    for (const char* workload : {"resnet50", "mobilenet_v3_large", "yolov8n", "bert_large", "lstm"})
      for (const std::int64_t batch : {1, 16}) {
        const auto phases = *orin().phases(workload, role, batch, maxn());
        const auto point = *orin().place(workload, role, batch, maxn());
        CAPTURE(workload, batch);
        REQUIRE(!phases.empty());
        CHECK(phases.size() <= RooflineModel::most_phases + 1);
        CHECK(phases.back().until_q == sim::Phase::whole);
        double from = 0, compute = 0, memory = 0, bound = 0;
        for (const sim::Phase& phase : phases) {
          const double until = static_cast<double>(phase.until_q) / static_cast<double>(sim::Phase::whole);
          CHECK(until > from);
          compute += (until - from) * phase.demand.compute_busy;
          memory += (until - from) * phase.demand.memory_busy;
          bound += (until - from) * (phase.demand.compute_bound + phase.demand.memory_bound);
          from = until;
        }
        CHECK(compute == Approx(point.compute_s / point.time_s()).epsilon(1e-6));
        CHECK(memory == Approx(point.memory_s / point.time_s()).epsilon(1e-6));
        CHECK(bound == Approx(point.kernels_s / point.time_s()).epsilon(1e-6));
      }
}

TEST_CASE("Training that is bound by its input pipeline first waits, wanting nothing") {
  // At the lowest CPU clock and four cores the loaders of MobileNet are far slower than its kernels.
  PowerMode mode = maxn();
  mode.cores = 4;
  mode.cpu_khz = 422'400;
  const auto point = *orin().place("mobilenet_v3_large", Role::train, 16, mode);
  REQUIRE(std::string(point.bound()) == "input pipeline");
  const auto phases = *orin().phases("mobilenet_v3_large", Role::train, 16, mode);
  CHECK(phases.front().demand == sim::Demand::nothing());
  const double waits = 1 - std::max(point.kernels_s, point.launch_s) / point.time_s();
  CHECK(static_cast<double>(phases.front().until_q) / 4294967296.0 == Approx(waits).epsilon(1e-6));
  CHECK_FALSE(orin().phases("mobilenet_v3_large", Role::infer, 16, mode)->front().demand ==
              sim::Demand::nothing());
}

TEST_CASE("The update at the end of training is bound by memory, whatever comes before") {
  const auto phases = *orin().phases("bert_large", Role::train, 4, maxn());
  CHECK(phases.back().demand.memory_bound > 0.5);
  CHECK(phases.front().demand.compute_bound > phases.front().demand.memory_bound);
}

TEST_CASE("A model that does not count kernels has no phases to tell, and takes all of the GPU") {
  class Table final : public CostModel {
   public:
    const std::vector<std::string>& rails() const override { return rails_; }
    Result<Cost> minibatch(const std::string&, Role, std::int64_t, const PowerMode&) const override {
      return Cost{1000, {1}};
    }
    Result<RailPowerW> idle_power_w(const PowerMode&) const override { return RailPowerW{}; }

   private:
    std::vector<std::string> rails_{"board"};
  };
  using Sharing = FixedOperatingPoint::Sharing;
  const Table table;
  CHECK_FALSE(FixedOperatingPoint::make(table, maxn(), {{"resnet50", 1}}, {}, Sharing::needed).ok());
  auto point = FixedOperatingPoint::make(table, maxn(), {{"resnet50", 1}}, {}, Sharing::if_known);
  REQUIRE(point.ok());
  const sim::Phases phases = point->phases({sim::Work::infer, 0});
  REQUIRE(phases.size() == 1);
  CHECK(phases[0].demand == sim::Demand{});
}

}  // namespace
}  // namespace wattline::devices
