// The roofline model: by hand on a made-up board, as properties on a real one, against measurements.
#include "devices/roofline.hpp"

#include <rapidcheck.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <numeric>

#include "sim/base/text.hpp"
#include "tests/catch.hpp"
#include "workloads/catalog.hpp"

namespace wattline::devices {
namespace {

using workloads::Dnn;
using workloads::Kernel;
using workloads::KernelKind;
using workloads::Role;

// Round numbers, so that everything below can be computed on paper. At the top mode: 2e11 FLOP/s, DRAM
// 8e10 B/s, on-chip 5e10 B/s, 5e8 CPU cycles/s a core.
DeviceSpec toy_board() {
  DeviceSpec spec;
  spec.name = "toy";
  spec.gpu = {"Toy", 2, 100, 100, 50};
  spec.cpu = {"Toy core", 4, 0.5};
  spec.memory = {"Toy RAM", 160, 40, 0.5};
  spec.clock_tables = {{"t", {500'000, 1'000'000}, {500'000, 1'000'000}, {1'000'000, 4'000'000}}};
  const ClockTable& clocks = spec.clock_tables.front();
  const auto space =
      ModeSpace::make("full", {{{1, 2, 4}, clocks.cpu_khz, clocks.gpu_khz, clocks.emc_khz}}, 2);
  REQUIRE(space.ok());
  spec.mode_spaces = {*space};
  spec.mode_space_tables = {"t"};
  spec.presets = {{"GATED", "t", 1, {4, 1'000'000, 1'000'000, 4'000'000, 1}, 10}};
  spec.power.gpu = {0.5, 2, 10, 0.1};
  spec.power.cpu = {0.2, 0.5, 3, 0.2};
  spec.power.gpu_gap_fraction = 0.4;
  spec.power.memory_idle_w = 8;
  spec.power.board_w = 1.5;
  spec.power.energy_per_flop_pj = 5;
  spec.power.energy_per_byte_pj = 100;
  spec.power.rails = {{"A", 1, 0, 0.25, 0.5}, {"B", 0, 1, 0.75, 0.5}};
  SoftwareStack stack;
  stack.name = "eager";
  stack.launch_cycles_per_operator = 1e5;
  stack.launch_cycles_fixed = 2e5;
  stack.typical = {1, 1, 1};
  stack.by_workload["heavy"] = {0.5, 0.25, 2};
  spec.stacks = {stack};
  return spec;
}

Dnn one_kernel(const std::string& name, workloads::LinearCount flop, workloads::LinearCount bytes,
               int launches) {
  Dnn dnn;
  dnn.name = name;
  dnn.forward = {Kernel{"k", KernelKind::convolution, flop, bytes, launches}};
  dnn.input_pipeline = {1e7, 2};
  return dnn;
}

RooflineModel toy_model() {
  return {toy_board(),
          {one_kernel("heavy", {0, 1'000'000'000}, {0, 1'000'000}, 3),
           one_kernel("stream", {0, 1'000'000}, {200'000'000, 300'000'000}, 3),
           one_kernel("light", {40'000'000, 0}, {0, 1'000}, 8)}};
}

constexpr PowerMode top{4, 1'000'000, 1'000'000, 4'000'000, 2};

RooflinePoint placed(const std::string& workload, Role role, std::int64_t batch, const PowerMode& mode) {
  const auto point = toy_model().place(workload, role, batch, mode);
  INFO((point ? "" : point.error().message));
  REQUIRE(point.ok());
  return *point;
}

Cost cost_of(const std::string& workload, Role role, std::int64_t batch, const PowerMode& mode) {
  const auto cost = toy_model().minibatch(workload, role, batch, mode);
  REQUIRE(cost.ok());
  return *cost;
}

double rails_total(const RailPowerW& rails_w) {
  return std::accumulate(rails_w.begin(), rails_w.end(), 0.0);
}

const RooflineModel& orin() {
  static const RooflineModel model(*find_device("orin-agx-64gb"));
  return model;
}

TEST_CASE("Ceilings are units times clocks") {
  const Ceilings ceiling = toy_model().ceilings(top);
  CHECK(ceiling.flop_per_s == Approx(2e11));
  CHECK(ceiling.dram_bytes_per_s == Approx(8e10));
  CHECK(ceiling.on_chip_bytes_per_s == Approx(5e10));
  CHECK(ceiling.bytes_per_s() == Approx(5e10));
  const Ceilings low = toy_model().ceilings({1, 500'000, 500'000, 1'000'000, 1});
  CHECK(low.flop_per_s == Approx(5e10));
  CHECK(low.bytes_per_s() == Approx(2e10));  // now of the DRAM
}

TEST_CASE("A compute-bound minibatch takes its FLOP over what its efficiency leaves of the peak") {
  // 2 samples x 1e9 FLOP / (0.5 x 2e11).
  const RooflinePoint point = placed("heavy", Role::infer, 2, top);
  CHECK(point.kernels_s == Approx(0.02));
  CHECK(point.compute_bound_s == Approx(0.02));
  CHECK(std::string(point.bound()) == "compute");
  CHECK(cost_of("heavy", Role::infer, 2, top).time_ns == 20'000'000);
  // Half the GPU clock, or half of the SMs: twice the time.
  CHECK(placed("heavy", Role::infer, 2, {4, 1'000'000, 500'000, 4'000'000, 2}).time_s() == Approx(0.04));
  CHECK(placed("heavy", Role::infer, 2, {4, 1'000'000, 1'000'000, 4'000'000, 1}).time_s() == Approx(0.04));
}

TEST_CASE("A memory-bound minibatch is held by the DRAM at a low EMC clock, by the chip at a low GPU clock") {
  // 2e8 + 3e8 bytes: over 5e10 B/s on chip at the top; over 0.5 x 40 x 1e9 at the low EMC clock.
  CHECK(placed("stream", Role::infer, 1, top).time_s() == Approx(0.01));
  CHECK(placed("stream", Role::infer, 1, {4, 1'000'000, 1'000'000, 1'000'000, 2}).time_s() == Approx(0.025));
  CHECK(placed("stream", Role::infer, 1, {4, 1'000'000, 500'000, 4'000'000, 2}).time_s() == Approx(0.02));
  // Neither the GPU clock above the DRAM's pace nor gated SMs matter.
  CHECK(placed("stream", Role::infer, 1, {4, 1'000'000, 500'000, 1'000'000, 2}).time_s() == Approx(0.025));
  CHECK(placed("stream", Role::infer, 1, {4, 1'000'000, 1'000'000, 4'000'000, 1}).time_s() == Approx(0.01));
  CHECK(std::string(placed("stream", Role::infer, 1, top).bound()) == "memory");
  CHECK(placed("stream", Role::infer, 4, top).time_s() == Approx(1.4e9 / 5e10));
}

TEST_CASE("A launch-bound minibatch takes the cycles of its launches on one core") {
  // (2e5 + 8 x 1e5) / (0.5 x 1e9); the kernel itself takes 4e7 / 2e11 = 0.2 ms.
  const RooflinePoint point = placed("light", Role::infer, 1, top);
  CHECK(point.kernels_s == Approx(0.0002));
  CHECK(point.launch_s == Approx(0.002));
  CHECK(std::string(point.bound()) == "launch");
  CHECK(cost_of("light", Role::infer, 1, top).time_ns == 2'000'000);
  CHECK(placed("light", Role::infer, 1, {1, 500'000, 1'000'000, 4'000'000, 2}).time_s() == Approx(0.004));
}

TEST_CASE("Training is held by its input pipeline on as many cores as workers and board allow") {
  // 4 samples x 1e7 cycles over 5e8 cycles/s a core: 0.08 s of one core's time.
  const auto pipeline_s = [](std::int32_t cores) {
    return placed("light", Role::train, 4, {cores, 1'000'000, 1'000'000, 4'000'000, 2}).pipeline_s;
  };
  CHECK(pipeline_s(4) == Approx(0.04));  // two workers, though three cores are free
  CHECK(pipeline_s(2) == Approx(0.08));
  CHECK(pipeline_s(1) == Approx(0.16));  // half of the only core
  const RooflinePoint point = placed("light", Role::train, 4, top);
  CHECK(point.time_s() == Approx(0.04));
  CHECK(std::string(point.bound()) == "input pipeline");
  CHECK(placed("light", Role::infer, 4, top).pipeline_s == 0);
}

TEST_CASE("Training does three times the work of inference") {
  CHECK(placed("heavy", Role::train, 2, top).kernels_s == Approx(0.06));
  CHECK(placed("heavy", Role::train, 2, top).flop == Approx(6e9));
}

TEST_CASE("Idle power is leakage, idle clocks, memory and board, split over the rails") {
  // Relative voltages 0.75 (GPU) and 0.6 (CPU). GPU 0.5625 (2 + 10 x 0.5 x 0.1) = 1.40625;
  // CPU 0.36 (0.5 x 4 + 3 x 0.5 x 0.2 x 4) = 1.152; memory 8 x 1/4 = 2; board 1.5.
  const auto idle = toy_model().idle_power_w({4, 500'000, 500'000, 1'000'000, 2});
  REQUIRE(idle.ok());
  CHECK((*idle)[0] == Approx(1.40625 + 0.25 * 2 + 0.5 * 1.5));
  CHECK((*idle)[1] == Approx(1.152 + 0.75 * 2 + 0.5 * 1.5));
  CHECK((*idle)[2] == 0);
}

TEST_CASE("What a busy GPU draws whatever it does is full clocks and one core, without FLOP and bytes") {
  // GPU 0.5625 (2 + 10 x 0.5) = 3.9375; CPU 0.36 (0.5 x 4 + 3 x 0.5 (1 + 0.2 x 3)) = 1.584; memory 2;
  // board 1.5.
  const auto busy = toy_model().busy_power_w({4, 500'000, 500'000, 1'000'000, 2});
  REQUIRE(busy.ok());
  CHECK((*busy)[0] == Approx(3.9375 + 0.25 * 2 + 0.5 * 1.5));
  CHECK((*busy)[1] == Approx(1.584 + 0.75 * 2 + 0.5 * 1.5));
  CHECK((*busy)[2] == 0);
  CHECK_FALSE(toy_model().busy_power_w({4, 1'000'000, 1'000'000, 2'000'000, 2}).ok());
  // The kernels of "heavy" draw their FLOP and bytes besides: 2 x 5e-12 x 2e9 / 0.02 and 2 x 100e-12 x 2e6 /
  // 0.02.
  const Cost cost = cost_of("heavy", Role::infer, 2, top);
  const auto at_top = toy_model().busy_power_w(top);
  REQUIRE(at_top.ok());
  CHECK(cost.power_w[0] - (*at_top)[0] == Approx(1 + 0.25 * 0.02));
  CHECK(cost.power_w[1] - (*at_top)[1] == Approx(0.75 * 0.02));
}

TEST_CASE("Busy power is full clocks plus the energy of FLOP and bytes over the time") {
  // GPU 2 + 10 + 2 x 5e-12 x 2e9 / 0.02 = 13; CPU 0.5 x 4 + 3 (1 + 0.2 x 3) = 6.8;
  // memory 8 + 2 x 100e-12 x 2e6 / 0.02 = 8.02; board 1.5.
  const Cost cost = cost_of("heavy", Role::infer, 2, top);
  CHECK(cost.total_power_w() == Approx(13 + 6.8 + 8.02 + 1.5));
  CHECK(cost.power_w[0] == Approx(13 + 0.25 * 8.02 + 0.75));
  CHECK(cost.power_w[1] == Approx(6.8 + 0.75 * 8.02 + 0.75));
}

TEST_CASE("Voltage scales the energy of a FLOP with the GPU clock, and not that of a byte") {
  // Half the GPU clock: V = 0.75, time 0.04 s, on-chip pace 2.5e10 still enough.
  // GPU 0.5625 (2 + 10 x 0.5) + 0.5625 x 2 x 5e-12 x 2e9 / 0.04; memory 8 + 2 x 100e-12 x 2e6 / 0.04.
  const Cost cost = cost_of("heavy", Role::infer, 2, {4, 1'000'000, 500'000, 4'000'000, 2});
  const double gpu_w = 0.5625 * 7 + 0.5625 * 0.5, memory_w = 8.01;
  CHECK(cost.total_power_w() == Approx(gpu_w + 6.8 + memory_w + 1.5));
}

TEST_CASE("Between launches the GPU draws its gap share, and gated SMs draw nothing") {
  // Busy for 0.2 of 2 ms: clock power x (0.4 + 0.6 x 0.1); FLOP energy 5e-12 x 4e7 / 0.002 = 0.1.
  const double memory_w = 8 + 100e-12 * 1e3 / 0.002;
  CHECK(cost_of("light", Role::infer, 1, top).total_power_w() ==
        Approx(2 + 10 * 0.46 + 0.1 + 6.8 + memory_w + 1.5));
  // One of two SMs: half the leakage and clock power; the kernel takes 0.4 ms, so 0.2 of the time.
  CHECK(cost_of("light", Role::infer, 1, {4, 1'000'000, 1'000'000, 4'000'000, 1}).total_power_w() ==
        Approx(0.5 * (2 + 10 * 0.52) + 0.1 + 6.8 + memory_w + 1.5));
}

TEST_CASE("Loading samples keeps cores busy as long as it runs") {
  // Pipeline-bound on two workers: one core issues, two load, one idles: 3 + 0.2 cores' clock power.
  // 12e7 FLOP in training (the update of no parameters adds none); kernels 0.6 of 40 ms.
  const Cost cost = cost_of("light", Role::train, 4, top);
  CHECK(cost.time_ns == 40'000'000);
  const double gpu_w = 2 + 10 * (0.4 + 0.6 * 0.0006 / 0.04) + 5e-12 * 12e7 / 0.04;
  CHECK(cost.power_w[1] == Approx(2 + 3 * 3.2 + 0.75 * (8 + 100e-12 * 12e3 / 0.04) + 0.75));
  CHECK(cost.power_w[0] == Approx(gpu_w + 0.25 * (8 + 100e-12 * 12e3 / 0.04) + 0.75));
}

TEST_CASE("Whatever the board does not have, or no minibatch can be, is an error") {
  const RooflineModel model = toy_model();
  const auto message = [&](const std::string& workload, std::int64_t batch, const PowerMode& mode) {
    const auto cost = model.minibatch(workload, Role::infer, batch, mode);
    return cost ? "(accepted)" : cost.error().message;
  };
  CHECK(message("heavi", 1, top).find("did you mean 'heavy'") != std::string::npos);
  CHECK(message("heavy", 0, top).find("batch 0 is not accepted") == 0);
  CHECK(message("heavy", -1, top).find("batch -1 is not accepted") == 0);
  CHECK(message("heavy", 1, {3, 1'000'000, 1'000'000, 4'000'000, 2}).find("cores 3 is not") == 0);
  CHECK(message("heavy", 1, {4, 1'000'000, 700'000, 4'000'000, 2}).find("gpu_khz 700000 is not") == 0);
  CHECK(message("heavy", 1, {2, 1'000'000, 1'000'000, 4'000'000, 1}).find("active_sms 1") == 0);
  CHECK_FALSE(model.idle_power_w({4, 1'000'000, 1'000'000, 2'000'000, 2}).ok());
}

// A random minibatch that some study of the network uses.
struct Minibatch {
  std::string workload;
  Role role;
  int batch;
};

Minibatch random_minibatch() {
  static const std::vector<Dnn> networks = workloads::catalog();
  const Dnn& dnn = networks[*rc::gen::inRange<std::size_t>(0, networks.size())];
  return {dnn.name, *rc::gen::element(Role::train, Role::infer), *rc::gen::inRange(1, 65)};
}

TEST_CASE("Raising a single clock or switching a core on never makes a minibatch slower") {
  const ModeSpace full = *find_mode_space(orin().spec(), "full");
  CHECK(rc::check("on any mode of AGX Orin", [&] {
    ModeCoordinates low = full.coordinates_of(*rc::gen::inRange<std::size_t>(0, full.size()));
    const auto axis = *rc::gen::inRange<std::size_t>(0, 4);
    RC_PRE(low[axis] + 1 < full.axis(all_axes[axis]).size());
    ModeCoordinates high = low;
    high[axis] = *rc::gen::inRange(low[axis] + 1, full.axis(all_axes[axis]).size());
    const Minibatch run = random_minibatch();
    const auto slow = orin().minibatch(run.workload, run.role, run.batch, full.at(low));
    const auto fast = orin().minibatch(run.workload, run.role, run.batch, full.at(high));
    RC_ASSERT(slow.ok());
    RC_ASSERT(fast.ok());
    RC_ASSERT(fast->time_ns <= slow->time_ns);
  }));
}

TEST_CASE("More active SMs never make a minibatch slower") {
  DeviceSpec spec = orin().spec();
  const ModeSpace full = *find_mode_space(spec, "full");
  std::vector<PowerMode> modes;
  for (std::size_t i = 0; i < full.size(); i += 397) {
    for (std::int32_t sms = 1; sms <= 16; ++sms) {
      PowerMode mode = full.at(i);
      mode.active_sms = sms;
      spec.presets.push_back({"gated", "jetpack5", 0, mode, 0});
      if (sms < 16) modes.push_back(mode);
    }
  }
  const RooflineModel model(std::move(spec));
  CHECK(rc::check("on modes all over AGX Orin", [&] {
    const PowerMode fewer = modes[*rc::gen::inRange<std::size_t>(0, modes.size())];
    PowerMode more = fewer;
    ++more.active_sms;
    const Minibatch run = random_minibatch();
    const auto slow = model.minibatch(run.workload, run.role, run.batch, fewer);
    const auto fast = model.minibatch(run.workload, run.role, run.batch, more);
    RC_ASSERT(slow.ok());
    RC_ASSERT(fast.ok());
    RC_ASSERT(fast->time_ns <= slow->time_ns);
  }));
}

TEST_CASE("The rails are positive, sum to the power of all domains, and draw more when busy") {
  const ModeSpace full = *find_mode_space(orin().spec(), "full");
  CHECK(rc::check("static power and energy over time, by the published formulas", [&] {
    const PowerMode mode = full.at(*rc::gen::inRange<std::size_t>(0, full.size()));
    const Minibatch run = random_minibatch();
    const auto cost = orin().minibatch(run.workload, run.role, run.batch, mode);
    const auto point = orin().place(run.workload, run.role, run.batch, mode);
    const auto idle_w = orin().idle_power_w(mode);
    RC_ASSERT((cost.ok() && point.ok() && idle_w.ok()));
    for (std::size_t rail = 0; rail < sim::max_rails; ++rail) {
      RC_ASSERT((rail < orin().rails().size() ? cost->power_w[rail] > 0 : cost->power_w[rail] == 0));
    }
    RC_ASSERT(std::abs(rails_total(cost->power_w) - cost->total_power_w()) <= 1e-9);
    RC_ASSERT(cost->total_power_w() > rails_total(*idle_w));
    RC_ASSERT(cost->time_ns == std::max<sim::TimeNs>(1, std::llround(point->time_s() * 1e9)));

    // At full GPU load the parts that need no reading of how busy a core is are a lower bound.
    const PowerParameters& power = orin().spec().power;
    const double f = mode.gpu_khz / 1'300'500.0,
                 v = power.gpu.voltage_floor + (1 - power.gpu.voltage_floor) * f;
    const double k = orin().spec().stacks.front().efficiency_of(run.workload).energy;
    const double dynamic_w =
        k * 1e-12 *
        (power.energy_per_flop_pj * v * v * point->flop + power.energy_per_byte_pj * point->bytes) /
        point->time_s();
    const double floor_w = power.board_w + power.memory_idle_w * mode.emc_khz / 3'199'000.0 + dynamic_w +
                           v * v * (power.gpu.leakage_w + power.gpu_gap_fraction * power.gpu.clock_w * f);
    const double ceiling_w =
        floor_w + v * v * power.gpu.clock_w * f + mode.cores * (power.cpu.leakage_w + power.cpu.clock_w);
    RC_ASSERT(cost->total_power_w() > floor_w);
    RC_ASSERT(cost->total_power_w() < ceiling_w);
  }));
}

TEST_CASE("AGX Orin at MAXN runs the measured networks within 25 % in time and 20 % in power") {
  const std::string path = WATTLINE_DATA_DIR "/orin-agx-dnn/maxn_inference.csv";
  if (!std::filesystem::exists(path)) {
    WARN("skipped: " << path << " is not there");
    return;
  }
  const std::map<std::string, std::string> names = {{"mobnet", "mobilenet_v3_large"},
                                                    {"bert-large", "bert_large"}};
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  REQUIRE(line.rfind("model,cores,cpu_khz,gpu_hz,emc_hz,batch,time_ms,power_w,", 0) == 0);
  int points = 0;
  while (std::getline(file, line)) {
    const auto fields = split(line, ',');
    const auto number = [&](std::size_t i) { return parse_double(fields[i]).value(); };
    const auto khz = [&](std::size_t i) { return static_cast<std::int32_t>(number(i) / 1000); };
    const PowerMode mode{static_cast<std::int32_t>(number(1)), static_cast<std::int32_t>(number(2)), khz(3),
                         khz(4), 16};
    const auto known = names.find(std::string(fields[0]));
    const std::string workload = known == names.end() ? std::string(fields[0]) : known->second;
    const auto cost = orin().minibatch(workload, Role::infer, static_cast<std::int64_t>(number(5)), mode);
    CAPTURE(line);
    REQUIRE(cost.ok());
    CHECK(sim::ns_to_ms(cost->time_ns) == Approx(number(6)).epsilon(0.25));
    CHECK(cost->total_power_w() == Approx(number(7)).epsilon(0.20));
    ++points;
  }
  CHECK(points == 15);
}

TEST_CASE("AGX Orin's presets have the memory bandwidth that STREAM measured on the board") {
  // GPU STREAM on AGX Orin 64GB (branes-ai/graphs), lowest and highest of the runs in GB/s.
  struct Measured {
    const char* preset;
    double low, high;
  };
  for (const Measured& run : {Measured{"MAXN_JP6", 187, 190}, Measured{"MODE_50W_JP6", 169, 171},
                              Measured{"MODE_30W_JP6", 124, 128}, Measured{"MODE_15W_JP6", 79, 81}}) {
    CAPTURE(run.preset);
    const double gb_per_s =
        orin().ceilings(find_preset(orin().spec(), run.preset)->mode).bytes_per_s() * 1e-9;
    CHECK(gb_per_s >= 0.9 * run.low);
    CHECK(gb_per_s <= 1.1 * run.high);
  }
}

}  // namespace
}  // namespace wattline::devices

TEST_CASE("A minibatch that would take over 100 years is an error, not a nanosecond") {
  auto spec = *wattline::devices::find_device("jetson-nano");
  spec.stacks.front().by_workload["resnet18"].compute = 1e-12;
  const wattline::devices::RooflineModel model(spec);
  const auto cost =
      model.minibatch("resnet18", wattline::workloads::Role::train, 16, spec.presets.front().mode);
  REQUIRE_FALSE(cost.ok());
  CHECK(cost.error().message.find("100 years") != std::string::npos);
}
