// The simulated board and the measured table as policies see them: what a profile shows and what it costs.
#include <algorithm>
#include <cmath>

#include "experiments/platforms/simulated.hpp"
#include "experiments/platforms/table.hpp"
#include "tests/catch.hpp"

namespace wattline::experiments {
namespace {

using devices::PowerMode;
using devices::Preset;
using policies::Observation;
using workloads::Role;

// A minibatch of b takes 10 ms x 500 / gpu_khz (whatever b) and draws 20 W over two rails; idle: 5 W.
class ToyModel final : public devices::CostModel {
 public:
  const std::vector<std::string>& rails() const override { return rails_; }
  Result<devices::Cost> minibatch(const std::string& workload, Role, std::int64_t,
                                  const PowerMode& mode) const override {
    if (workload != "net") return bad_input("unknown workload");
    devices::Cost cost{5'000'000'000 / mode.gpu_khz, {}};
    cost.power_w[0] = 8;
    cost.power_w[1] = 12;
    return cost;
  }
  Result<devices::RailPowerW> idle_power_w(const PowerMode&) const override {
    devices::RailPowerW power_w{};
    power_w[0] = 2;
    power_w[1] = 3;
    return power_w;
  }

 private:
  std::vector<std::string> rails_ = {"a", "b"};
};

const ToyModel toy;

devices::ModeSpace modes() {
  return *devices::ModeSpace::make("line", {{{4}, {1000}, {250, 500}, {2000}}}, 8);
}

constexpr PowerMode top{4, 1000, 500, 2000, 8};
constexpr PowerMode slow{4, 1000, 250, 2000, 8};
constexpr PowerMode gated{4, 1000, 500, 2000, 4};

SimulatedPlatform new_platform(const ProfilingOptions& options = {}) {
  return {toy, modes(), {Preset{"GATED", "t", 1, gated, 15}}, options};
}

Observation profiled(policies::Platform& platform, const PowerMode& mode, int batch = 1) {
  const auto seen = platform.profile("net", Role::infer, batch, mode);
  INFO((seen ? "" : seen.error().message));
  REQUIRE(seen.ok());
  return *seen;
}

struct Moments {
  double mean = 0, deviation = 0;
};

template <class Value>
Moments moments_of(int points, Value value) {
  double sum = 0, squares = 0;
  for (int i = 0; i < points; ++i) {
    const double x = value(i);
    sum += x;
    squares += x * x;
  }
  const double mean = sum / points;
  return {mean, std::sqrt((squares - points * mean * mean) / (points - 1))};
}

TEST_CASE("In the mode that the board is in, a profile costs its forty minibatches") {
  SimulatedPlatform platform = new_platform();
  const Observation seen = profiled(platform, top);
  CHECK(seen.minibatch.time_ns == 10'000'000);
  CHECK(seen.minibatch.power_w == 20);
  CHECK(seen.samples == 40);
  CHECK(seen.cost_time_ns == 400'000'000);
  CHECK(seen.cost_energy_j == Approx(0.4 * 20));
}

TEST_CASE("Another mode costs the switch at idle power, and settling at the power of the work") {
  SimulatedPlatform platform = new_platform();
  // 0.05 s at 5 W, then 2.5 s and 40 x 20 ms at 20 W.
  const Observation seen = profiled(platform, slow);
  CHECK(seen.cost_time_ns == 3'350'000'000);
  CHECK(seen.cost_energy_j == Approx(0.05 * 5 + 3.3 * 20));
  // It stays there: another batch in the same mode needs neither.
  CHECK(profiled(platform, slow, 2).cost_time_ns == 800'000'000);
  CHECK(profiled(platform, top).cost_time_ns == 2'950'000'000);
  CHECK(platform.spent().profiles == 3);
  CHECK(platform.spent().modes == 2);
  CHECK(platform.spent().time_ns == 7'100'000'000);
}

TEST_CASE("A mode with another number of active SMs costs a reboot besides, at idle power") {
  SimulatedPlatform platform = new_platform();
  const Observation seen = profiled(platform, gated);
  CHECK(seen.cost_time_ns == 120'000'000'000 + 2'950'000'000);
  CHECK(seen.cost_energy_j == Approx(120.05 * 5 + 2.9 * 20));
  CHECK(profiled(platform, slow).cost_time_ns == 120'000'000'000 + 3'350'000'000);  // and back
}

TEST_CASE("A remembered profile leaves the board in its mode") {
  SimulatedPlatform platform = new_platform();
  profiled(platform, top);
  profiled(platform, slow);
  CHECK(profiled(platform, top).cost_time_ns == 0);
  CHECK(profiled(platform, slow, 2).cost_time_ns == 800'000'000);
}

TEST_CASE("The costs of profiling are those of the options") {
  ProfilingOptions options;
  options.minibatches = 3;
  options.settle_s = 1;
  options.mode_switch_s = 0.5;
  options.reboot_s = 10;
  SimulatedPlatform platform = new_platform(options);
  CHECK(profiled(platform, slow).cost_time_ns == 1'560'000'000);
  CHECK(profiled(platform, gated).cost_time_ns == 11'530'000'000);
}

TEST_CASE("Without noise a profile is the truth, unknown work is an error that costs nothing") {
  SimulatedPlatform platform = new_platform();
  for (int batch = 1; batch < 20; ++batch) {
    CHECK(profiled(platform, slow, batch).minibatch.time_ns == 20'000'000);
    CHECK(profiled(platform, slow, batch).minibatch.power_w == 20);
  }
  const int before = platform.spent().profiles;
  CHECK_FALSE(platform.profile("nets", Role::infer, 1, slow).ok());
  CHECK(platform.spent().profiles == before);
}

TEST_CASE("Noise belongs to the point and the seed, not to the order of profiles") {
  ProfilingOptions options;
  options.time_noise = 0.2;
  options.power_noise = 0.1;
  SimulatedPlatform forth = new_platform(options), back = new_platform(options);
  std::vector<policies::Measured> seen(50);
  for (int batch = 1; batch < 50; ++batch) {
    seen[static_cast<std::size_t>(batch)] = profiled(forth, batch % 2 ? top : slow, batch).minibatch;
  }
  options.seed = 2;
  SimulatedPlatform other = new_platform(options);
  for (int batch = 49; batch > 0; --batch) {
    const auto& expected = seen[static_cast<std::size_t>(batch)];
    const auto again = profiled(back, batch % 2 ? top : slow, batch).minibatch;
    CHECK(again.time_ns == expected.time_ns);
    CHECK(again.power_w == expected.power_w);
    const auto differs = profiled(other, batch % 2 ? top : slow, batch).minibatch;
    CHECK(differs.time_ns != expected.time_ns);
    CHECK(differs.power_w != expected.power_w);
  }
}

TEST_CASE("Workload, role, batch and mode, gated SMs included, have noise of their own") {
  ProfilingOptions options;
  options.power_noise = 0.1;
  SimulatedPlatform platform = new_platform(options);
  std::vector<double> powers;
  for (const PowerMode& mode : {top, slow, gated}) {
    for (const Role role : {Role::train, Role::infer}) {
      for (const int batch : {1, 2})
        powers.push_back(platform.profile("net", role, batch, mode)->minibatch.power_w);
    }
  }
  std::sort(powers.begin(), powers.end());
  CHECK(std::adjacent_find(powers.begin(), powers.end()) == powers.end());
}

TEST_CASE("Noise has the stated spread and does not shift the mean") {
  // The mean of 4 minibatches that vary by 20 % varies by 10 %; power varies by 5 %. Of 20,000 points the
  // mean is known to 0.07 %, the deviation to about 0.6 % of itself (more for the lognormal): 5 sigma.
  ProfilingOptions options;
  options.minibatches = 4;
  options.time_noise = 0.2;
  options.power_noise = 0.05;
  SimulatedPlatform platform = new_platform(options);
  constexpr int points = 20'000;
  const Moments time = moments_of(points, [&](int i) {
    return static_cast<double>(profiled(platform, top, i + 1).minibatch.time_ns) / 10e6;
  });
  const Moments power =
      moments_of(points, [&](int i) { return profiled(platform, top, i + 1).minibatch.power_w / 20; });
  CHECK(std::abs(time.mean - 1) < 0.0036);
  CHECK(std::abs(time.deviation - 0.1) < 0.004);
  CHECK(std::abs(power.mean - 1) < 0.0018);
  CHECK(std::abs(power.deviation - 0.05) < 0.0013);
}

devices::TableModel table_of(const std::vector<std::pair<PowerMode, double>>& power_w) {
  std::vector<devices::ProfileRow> rows;
  for (const auto& [mode, watts] : power_w) {
    devices::ProfileRow row;
    row.device = "board";
    row.workload = "net";
    row.batch = 1;
    row.mode = mode;
    row.time_ms = 12.5;
    row.power_w = watts;
    row.line = rows.size() + 2;
    rows.push_back(row);
  }
  const auto table = devices::TableModel::make(rows, "t.csv", 5);
  REQUIRE(table.ok());
  return *table;
}

TEST_CASE("A table's profile is what was measured and costs its minibatches, and no switching") {
  const auto table = table_of({{{4, 1000, 250, 2000, 0}, 20}, {{4, 1000, 500, 2000, 0}, 30}});
  const auto space = mode_space_of(table);
  INFO((space ? "" : space.error().message));
  REQUIRE(space.ok());
  TablePlatform platform(table, *space, 40);
  for (std::size_t mode = 0; mode < 2; ++mode) {
    const Observation seen = profiled(platform, platform.modes().at(mode));
    CHECK(seen.minibatch.time_ns == 12'500'000);
    CHECK(seen.minibatch.power_w == (mode == 0 ? 20 : 30));
    CHECK(seen.samples == 40);
    CHECK(seen.cost_time_ns == 500'000'000);
    CHECK(seen.cost_energy_j == Approx(mode == 0 ? 10 : 15));
  }
  CHECK(platform.presets().empty());
}

TEST_CASE("A table's mode space is the product of the values that were measured") {
  const auto space = mode_space_of(table_of({{{2, 1000, 500, 3000, 0}, 1}, {{4, 900, 250, 3000, 0}, 1}}));
  INFO((space ? "" : space.error().message));
  REQUIRE(space.ok());
  using devices::Axis;
  CHECK(space->name() == "board");
  CHECK(space->axis(Axis::cores) == std::vector<std::int32_t>{2, 4});
  CHECK(space->axis(Axis::cpu) == std::vector<std::int32_t>{900, 1000});
  CHECK(space->axis(Axis::gpu) == std::vector<std::int32_t>{250, 500});
  CHECK(space->axis(Axis::emc) == std::vector<std::int32_t>{3000});
  CHECK(space->size() == 8);
}

TEST_CASE("A mode that a table did not measure is an error that names it") {
  const auto table = table_of({{{2, 1000, 500, 3000, 0}, 1}, {{4, 900, 250, 3000, 0}, 1}});
  const auto space = mode_space_of(table);
  REQUIRE(space.ok());
  TablePlatform platform(table, *space, 40);
  const auto missing = platform.profile("net", Role::infer, 1, space->at(0));  // 2 cores with 900 and 250
  REQUIRE_FALSE(missing.ok());
  CHECK(missing.error().message.find("mode 2c/900/250/3000 was not measured") != std::string::npos);
  CHECK(platform.spent().profiles == 0);
}

}  // namespace
}  // namespace wattline::experiments
