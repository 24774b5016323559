// The calibrated law: against the roofline model that is its limit, by hand on round numbers, and as
// properties; and the classes of work that it is computed from.
#include "devices/calibration/law.hpp"

#include <ceres/jet.h>
#include <rapidcheck.h>

#include <cmath>
#include <set>

#include "devices/calibration/group.hpp"
#include "devices/calibration/work.hpp"
#include "devices/roofline.hpp"
#include "tests/catch.hpp"
#include "workloads/catalog.hpp"

namespace wattline::devices::calibration {
namespace {

using workloads::Role;

// Logarithms of the time law's parameters at which it is a roofline.
struct TimeLogs {
  std::array<double, time_board_parameters> board{};
  std::array<double, time_group_parameters> group{};

  double gpu_s(const Setting& at) const { return law::gpu_s(board.data(), group.data(), at); }
  double time_s(const Setting& at) const { return law::time_s(group.data(), gpu_s(at), at); }
};

TimeLogs roofline_limit(double dram, double on_chip, double compute, double memory, double launch,
                        double pipeline) {
  constexpr double sharp = 8.0;      // p = 1 + e^8
  constexpr double nothing = -60.0;  // e^-60 of anything
  TimeLogs logs;
  logs.board = {std::log(dram), std::log(on_chip)};
  logs.group[compute_efficiency] = std::log(compute);
  logs.group[memory_efficiency] = std::log(memory);
  logs.group[half_work] = nothing;
  logs.group[overlap] = sharp;
  logs.group[launch_cycles] = std::log(launch);
  logs.group[core_sharing] = nothing;
  logs.group[host_overlap] = sharp;
  logs.group[fixed_s] = nothing;
  logs.group[pipeline_cycles] = std::log(pipeline);
  return logs;
}

// At 1 GHz everywhere: 1e12 FLOP/s, 1e11 B/s of the DRAM's bus, 1e9 cycles/s.
Setting plain_setting(std::vector<ClassWork> classes) {
  Setting at;
  at.classes = std::move(classes);
  for (const ClassWork& work : at.classes) {
    at.flop += work.flop;
    at.bytes += work.bytes;
  }
  at.launches = 10;
  at.cores = 4;
  at.peak_flop_per_s = 1e12;
  at.dram_bus_bytes_per_s = 1e11;
  at.gpu_hz = 1e9;
  at.cpu_work_hz = 1e9;
  return at;
}

// Up to four modes spread over the board's default space.
std::vector<PowerMode> some_modes(const DeviceSpec& spec) {
  const ModeSpace& space = spec.mode_spaces.front();
  std::vector<PowerMode> modes;
  for (const std::size_t quarter : {0, 1, 2, 3}) modes.push_back(space.at((space.size() - 1) * quarter / 3));
  return modes;
}

TEST_CASE("With sharp overlap and no small costs the law is the roofline model, on any board and stack") {
  const auto board =
      GENERATE(as<std::string>{}, "orin-agx-64gb", "orin-nano-8gb", "xavier-nx", "jetson-nano");
  const RooflineModel roofline(*find_device(board));
  const DeviceSpec& spec = roofline.spec();
  double worst = 0;
  std::string where;
  int points = 0;
  for (const SoftwareStack& stack : spec.stacks) {
    // Beside DLAs the law counts work outside the fast units at the GPU's ratio of rates: not comparable.
    if (stack.uses_dla) continue;
    for (const char* network : {"resnet50", "mobilenet_v3_large", "bert_base", "lstm", "yolov8n"}) {
      for (const Role role : {Role::infer, Role::train}) {
        if (role == Role::train && !stack.trains) continue;
        const std::string workload = std::string(network) + "@" + stack.name;
        const auto group = known_group(spec, workload, role, false);
        REQUIRE(group.ok());
        const Efficiency& efficiency = stack.efficiency_of(network);
        const double launch =
            stack.launch_cycles_per_operator + stack.launch_cycles_fixed / group->work.launches;
        const TimeLogs logs = roofline_limit(
            spec.memory.achievable_fraction, spec.gpu.on_chip_bytes_per_clock, efficiency.compute,
            efficiency.memory, launch, std::max(1.0, group->work.pipeline_cycles_per_sample));
        for (const PowerMode& mode : some_modes(spec)) {
          for (const std::int64_t batch : {1, 16}) {
            const auto expected = roofline.place(workload, role, batch, mode);
            REQUIRE(expected.ok());
            Setting at = setting_of(spec, *group, {batch, mode, {}, {}});
            at.concentration = 0;  // the roofline hides all of the GPU's work behind the launching
            const double off = std::abs(std::log(logs.time_s(at) / expected->time_s()));
            CHECK(at.bytes == Approx(expected->bytes));
            ++points;
            if (off > worst) {
              worst = off;
              where = workload + " " + name_of(role) + " " + std::to_string(batch) + " " + to_text(mode);
            }
          }
        }
      }
    }
  }
  CAPTURE(where, points);
  CHECK(worst < 0.02);
}

TEST_CASE("A p-norm adds at p = 1, is Pythagoras at 2 and the larger at infinity") {
  const auto norm = [](double a, double b, double p) {
    return std::exp(law::log_p_norm(std::log(a), std::log(b), p));
  };
  CHECK(norm(3, 4, 1) == Approx(7));
  CHECK(norm(3, 4, 2) == Approx(5));
  CHECK(norm(2, 2, 3) == Approx(2 * std::cbrt(2)));
  CHECK(norm(3, 4, 1e4) == Approx(4));
  CHECK(norm(1e-300, 1e300, 2) == Approx(1e300));  // no overflow on the way
  CHECK(rc::check("symmetric, and between the larger and the sum", [&] {
    const double a = std::exp(*rc::gen::inRange(-20, 20) * 0.5);
    const double b = std::exp(*rc::gen::inRange(-20, 20) * 0.5);
    const double p = 1 + 0.25 * *rc::gen::inRange(0, 80);
    const double value = norm(a, b, p);
    RC_ASSERT(std::abs(value / norm(b, a, p) - 1) < 1e-12);
    RC_ASSERT(value >= std::max(a, b) * (1 - 1e-12));
    RC_ASSERT(value <= (a + b) * (1 + 1e-12));
  }));
}

TEST_CASE("The time of a minibatch adds up as on paper") {
  TimeLogs logs = roofline_limit(0.5, 200, 0.5, 0.8, 1e5, 1);
  // 1e9 FLOP at half of 1e12: 2 ms. 4e7 B: 1 ms of the DRAM at 0.8 x 5e10, 0.25 ms on chip at 0.8 x 2e11.
  const Setting at = plain_setting({{1e9, 4e7}});
  CHECK(logs.gpu_s(at) == Approx(2e-3).epsilon(1e-3));
  CHECK(logs.time_s(at) == Approx(2e-3).epsilon(1e-3));  // launches: 10 x 1e5 / 1e9 = 1 ms, hidden
  SECTION("without overlap everything is in line") {
    logs.group[overlap] = -60;
    logs.group[host_overlap] = -60;
    CHECK(logs.gpu_s(at) == Approx(3.25e-3));
    CHECK(logs.time_s(at) == Approx(4.25e-3));
  }
  SECTION("an overlap of 1 is the root of squares") {
    logs.group[overlap] = 0;
    CHECK(logs.gpu_s(at) == Approx(1e-3 * std::sqrt(4 + 1 + 0.0625)));
  }
  SECTION("half of the work at which the GPU is half full takes as long as all of it") {
    // (1 + (half_work / W)^1): 2 x at W = half_work, 1.5 x at twice as much work.
    logs.group[half_work] = std::log(1e9);
    logs.group[saturation] = 0;
    CHECK(logs.gpu_s(at) == Approx(4e-3).epsilon(1e-3));
    CHECK(logs.gpu_s(plain_setting({{2e9, 0}})) == Approx(6e-3).epsilon(1e-3));
    CHECK(logs.gpu_s(plain_setting({{0.5e9, 0}})) == Approx(3e-3).epsilon(1e-3));
  }
  SECTION("what a single kernel computes hides nothing; fixed costs come on top") {
    Setting one = at;
    one.concentration = 0.25;
    logs.group[host_overlap] = -60;
    logs.group[fixed_s] = std::log(5e-4);
    // 0.25 x 2 + (0.75 x 2 + 1) + 0.5 ms
    CHECK(logs.time_s(one) == Approx(3.5e-3).epsilon(1e-3));
  }
  SECTION("sharing costs a launch more where there are few cores, and they are slow") {
    Setting alone = plain_setting({{1e6, 0}});
    logs.group[core_sharing] = std::log(0.5);
    alone.cores = 1;
    CHECK(logs.time_s(alone) == Approx(1.5e-3).epsilon(1e-3));
    alone.cores = 2;
    CHECK(logs.time_s(alone) == Approx(1.125e-3).epsilon(1e-3));
    // At half the clock the launches take twice as long, and the sharing weighs four times as much.
    alone.cpu_work_hz = 0.5e9;
    alone.cpu_clock = 0.5;
    CHECK(logs.time_s(alone) == Approx(3e-3).epsilon(1e-3));
  }
  SECTION("a pipeline on two cores holds training") {
    Setting training = at;
    training.pipeline_samples = 16;
    training.pipeline_cores = 2;
    logs.group[pipeline_cycles] = std::log(1e6);
    CHECK(logs.time_s(training) == Approx(8e-3).epsilon(1e-3));
  }
  SECTION("two classes are one after the other, each bound by its own") {
    const Setting two = plain_setting({{1e9, 4e7}, {1e6, 4e8}});
    CHECK(logs.gpu_s(two) == Approx(12e-3).epsilon(1e-3));
  }
}

TEST_CASE("Counted work passes over its tiles and costs the CPU more where it is arithmetic") {
  TimeLogs logs = roofline_limit(0.9, 200, 1, 1, 1e5, 1);
  logs.group[arithmetic_intensity] = 0;  // half at 1 FLOP per byte
  logs.group[arithmetic_sharpness] = std::log(2.0);
  CHECK(law::arithmetic_share(logs.group.data(), 0.999e6, 1e6) == Approx(0.5));
  // 1 / (1 + (1/3)^2)
  CHECK(law::arithmetic_share(logs.group.data(), 2.999e6, 1e6) == Approx(0.9));
  logs.group[arithmetic_passes] = std::log(100.0);
  Setting at = plain_setting({{2.999e8, 1e8}});
  at.counted = true;
  // On chip 1e8 / 2e11 = 0.5 ms, x (1 + 100 x 0.9); the DRAM's 1.1 ms and the 0.3 ms of FLOP are hidden.
  CHECK(logs.gpu_s(at) == Approx(0.0455).epsilon(1e-3));
  // Launch 1 ms x (1 + 2 x 0.9 x 1/2 x 2^1) at half the CPU's clock, whose own factor 2 is in cpu_work_hz.
  logs.group[arithmetic_launch_share] = std::log(2.0);
  logs.group[arithmetic_launch_bytes] = std::log(1e8);
  logs.group[arithmetic_launch_power] = std::log(2.0);
  at.cpu_clock = 0.5;
  CHECK(law::launch_s(logs.group.data(), at) == Approx(1e-3 * (1 + 2 * 0.9 * 0.5 * 2)));
}

TEST_CASE("GPU voltage is flat below its knee, 1 at the top, and never falls with the clock") {
  std::array<double, power_board_parameters> board{};
  board[voltage_knee] = std::log(0.6);
  board[voltage_floor] = std::log(0.7);
  const auto v2 = [&](double clock) { return law::gpu_voltage_squared(board.data(), clock); };
  CHECK(v2(1) == Approx(1));
  CHECK(v2(0) == Approx(0.49));
  CHECK(v2(0.4) == Approx(0.49).epsilon(0.01));
  CHECK(v2(0.8) == Approx(0.85 * 0.85).epsilon(0.01));  // half way from the knee to the top
  for (int i = 0; i < 100; ++i) CHECK(v2(0.01 * i) < v2(0.01 * (i + 1)));
}

TEST_CASE("Power is board, memory, GPU and CPU as on paper") {
  std::array<double, power_board_parameters> board{};
  std::array<double, power_group_parameters> group{};
  const auto set = [](auto& logs, int index, double value) {
    logs[static_cast<std::size_t>(index)] = std::log(value);
  };
  set(board, board_w, 3), set(board, memory_w, 4), set(board, gpu_leakage_w, 2), set(board, gpu_clock_w, 10);
  set(board, voltage_knee, 0.5), set(board, voltage_floor, 0.6);
  set(board, cpu_leakage_w, 0.25), set(board, cpu_clock_w, 2);
  set(board, energy_per_flop_pj, 5), set(board, energy_per_byte_pj, 100);
  set(group, flop_energy, 2), set(group, byte_energy, 0.5), set(group, gpu_gap, 0.4);
  set(group, busy_cores, 4), set(group, host_wait, 0.2);
  Setting at = plain_setting({{1e9, 2e7}});
  at.sm_share = 0.5;
  at.emc_clock = 0.5;
  at.cpu_clock = 0.5;
  at.cpu_voltage_squared = 0.64;
  at.cores = 4;
  const auto w = law::domain_power_w(board.data(), group.data(), 2e-3, {.gpu = 0.5, .host = 0.25}, at);
  // GPU: half of 2 + 10 x (0.4 + 0.6 x 0.5), and 5 pJ x 2 x 1e9 / 2 ms.
  CHECK(w[0] == Approx(4.5 + 5));
  // CPU: 0.64 x (0.25 x 4 + 2 x 0.5 x 2 x (0.2 + 0.8 x 0.25)), for 4 cores and "4 busy" make 4 x 4 / 8.
  CHECK(w[1] == Approx(0.64 * 1.8));
  CHECK(w[2] == Approx(2 + 0.5));  // half the clock's 4 W, and 100 pJ x 0.5 x 2e7 / 2 ms
  CHECK(w[3] == Approx(3));
  at.gpu_clock = 0.0;  // only leakage at the floor voltage, and FLOP at that voltage
  CHECK(law::domain_power_w(board.data(), group.data(), 2e-3, {0.5, 0.25}, at)[0] == Approx(0.36 * (1 + 5)));
}

// Parameters anywhere within half of their bounds' range of logarithms, and a setting of a random group.
struct RandomLaw {
  DeviceSpec spec = *find_device("orin-agx-64gb");
  Group group;
  TimeLogs time;
  Point point;

  RandomLaw() {
    const bool counted = *rc::gen::arbitrary<bool>();
    const auto role = *rc::gen::element(Role::train, Role::infer);
    const auto network = *rc::gen::element<std::string>("resnet50", "lstm", "bert_large");
    group = *known_group(spec, counted ? "of_my_own" : network, role, counted);
    const auto draw = [](const Parameter& parameter) {
      const double share = 0.01 * *rc::gen::inRange(-50, 51);
      return std::log(parameter.prior) + share * (share < 0 ? std::log(parameter.prior / parameter.low)
                                                            : std::log(parameter.high / parameter.prior));
    };
    const auto board = board_time_priors(spec);
    for (std::size_t i = 0; i < board.size(); ++i) time.board[i] = draw(board[i]);
    const auto own = time_priors(spec, group, 0.01);
    for (std::size_t i = 0; i < own.size(); ++i) time.group[i] = draw(own[i]);
    const ModeSpace& space = spec.mode_spaces.front();
    point.batch = *rc::gen::inRange(1, 65);
    point.mode = space.at(*rc::gen::inRange<std::size_t>(0, space.size()));
    if (counted) {
      point.flop = std::exp(*rc::gen::inRange(50, 250) * 0.1);
      point.bytes = std::exp(*rc::gen::inRange(50, 200) * 0.1);
    }
  }
  double time_s(const Point& at) const { return time.time_s(setting_of(spec, group, at)); }
};

TEST_CASE("Whatever the parameters, more of a clock or a core never takes longer") {
  CHECK(rc::check([] {
    const RandomLaw random;
    const double here = random.time_s(random.point);
    RC_ASSERT((std::isfinite(here) && here > 0));
    for (auto knob : {&PowerMode::cpu_khz, &PowerMode::gpu_khz, &PowerMode::emc_khz, &PowerMode::cores}) {
      Point faster = random.point;
      faster.mode.*knob = faster.mode.*knob * 5 / 4 + 1;
      RC_ASSERT(random.time_s(faster) <= here * (1 + 1e-12));
    }
  }));
}

TEST_CASE("Whatever the parameters, less work never takes longer") {
  CHECK(rc::check([] {
    const RandomLaw random;
    Point less = random.point;
    if (less.flop) {
      *less.flop *= 0.8;
    } else {
      less.batch = (less.batch + 1) / 2;
    }
    RC_ASSERT(random.time_s(less) <= random.time_s(random.point) * (1 + 1e-12));
  }));
}

TEST_CASE("The automatic derivative of the law is the central difference") {
  constexpr int count = int{time_board_parameters} + int{time_group_parameters};
  using Jet = ceres::Jet<double, count>;
  CHECK(rc::check([] {
    const RandomLaw random;
    const Setting at = setting_of(random.spec, random.group, random.point);
    std::array<Jet, count> jets;
    std::array<double, count> logs{};
    std::copy(random.time.board.begin(), random.time.board.end(), logs.begin());
    std::copy(random.time.group.begin(), random.time.group.end(), logs.begin() + time_board_parameters);
    for (int i = 0; i < count; ++i) {
      const auto k = static_cast<std::size_t>(i);
      jets[k] = Jet(logs[k], i);
    }
    const auto* own = jets.data() + time_board_parameters;
    const Jet time = log(law::time_s(own, law::gpu_s(jets.data(), own, at), at));
    for (int i = 0; i < count; ++i) {
      const auto log_time = [&](double step) {
        auto moved = logs;
        moved[static_cast<std::size_t>(i)] += step;
        const double* group = moved.data() + time_board_parameters;
        return std::log(law::time_s(group, law::gpu_s(moved.data(), group, at), at));
      };
      constexpr double step = 1e-5;
      const double difference = (log_time(step) - log_time(-step)) / (2 * step);
      RC_ASSERT(std::abs(time.v[i] - difference) < 1e-6 * (1 + std::abs(difference)));
    }
  }));
}

}  // namespace
}  // namespace wattline::devices::calibration
