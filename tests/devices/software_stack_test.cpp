// Software stacks: their names, what a board has of them, and their effect on a made-up board, by hand.
#include "devices/software_stack.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "devices/roofline.hpp"
#include "sim/base/text.hpp"
#include "tests/catch.hpp"
#include "workloads/catalog.hpp"
#include "workloads/workload_name.hpp"

namespace wattline::devices {
namespace {

using workloads::Kernel;
using workloads::KernelKind;
using workloads::Role;

// At the only mode: 2e11 FLOP/s in FP32, 1.6e12 in FP16 and 3.2e12 in INT8 on the GPU, 8e11 more on two
// DLAs; DRAM 8e10 B/s and on-chip 5e10 B/s.
DeviceSpec toy_board() {
  DeviceSpec spec;
  spec.name = "toy";
  spec.gpu = {"Toy", 2, 100, 100, 50, 0, 800, 0, 1600};
  spec.dla = {2, 4e11};
  spec.cpu = {"Toy core", 1, 1};
  spec.memory = {"Toy RAM", 160, 40, 0.5};
  spec.clock_tables = {{"t", {1'000'000}, {1'000'000}, {4'000'000}}};
  spec.mode_spaces = {*ModeSpace::make("full", {{{1}, {1'000'000}, {1'000'000}, {4'000'000}}}, 2)};
  spec.mode_space_tables = {"t"};
  spec.power.energy_per_flop_pj = 10;
  spec.power.relative_flop_energy.int8 = 0.125;
  spec.power.rails = {{"A", 1, 1, 1, 1}};
  SoftwareStack eager;
  eager.name = "eager-fp32";
  eager.launch_cycles_per_operator = 1e5;
  eager.typical = {1, 1, 1};
  SoftwareStack half = eager;
  half.name = "eager-fp16";
  half.precision = Precision::fp16;
  SoftwareStack engine = eager;
  engine.name = "engine-int8";
  engine.precision = Precision::int8;
  engine.trains = false;
  engine.fuses_elementwise = true;
  engine.by_workload["mixed"] = {0.5, 0.25, 1};
  SoftwareStack dla = engine;
  dla.name = "engine-int8-dla";
  dla.uses_dla = true;
  spec.stacks = {eager, half, engine, dla};
  return spec;
}

constexpr PowerMode top{1, 1'000'000, 1'000'000, 4'000'000, 2};

Kernel kernel(KernelKind kind, std::int64_t flop, std::int64_t bytes, int launches) {
  return {"k", kind, {0, flop}, {0, bytes}, launches};
}

workloads::Dnn network(const std::string& name, std::vector<Kernel> kernels) {
  workloads::Dnn dnn;
  dnn.name = name;
  dnn.forward = std::move(kernels);
  return dnn;
}

// "product": 3.2e11 FLOP and no traffic. "mixed": a convolution of 4e10 bytes, an addition of as many behind
// it, and a pooling of 2e10 FLOP.
RooflineModel toy_model() {
  return RooflineModel(toy_board(),
                       {network("product", {kernel(KernelKind::matrix_multiply, 320'000'000'000, 0, 1)}),
                        network("mixed", {kernel(KernelKind::convolution, 8, 40'000'000'000, 2),
                                          kernel(KernelKind::elementwise, 8, 40'000'000'000, 1),
                                          kernel(KernelKind::pooling, 20'000'000'000, 0, 1)})});
}

RooflinePoint point(const std::string& workload) {
  const auto placed = toy_model().place(workload, Role::infer, 1, top);
  INFO((placed ? "" : placed.error().message));
  REQUIRE(placed.ok());
  return *placed;
}

std::string refusal(const std::string& workload, Role role = Role::infer) {
  const auto placed = toy_model().place(workload, role, 1, top);
  return placed ? "(accepted)" : placed.error().message;
}

TEST_CASE("A workload's name is a network, or a network and a stack") {
  CHECK(workloads::parse_workload_name("resnet50")->network == "resnet50");
  CHECK(workloads::parse_workload_name("resnet50")->stack.empty());
  CHECK(workloads::parse_workload_name("resnet50@tensorrt-int8")->network == "resnet50");
  CHECK(workloads::parse_workload_name("resnet50@tensorrt-int8")->stack == "tensorrt-int8");
  for (const char* wrong : {"resnet50@", "@tensorrt-int8", "@"}) {
    const auto name = workloads::parse_workload_name(wrong);
    REQUIRE_FALSE(name.ok());
    CHECK(name.error().message ==
          "'" + std::string(wrong) + "' is no workload; \"network\" or \"network@stack\" is expected");
  }
}

TEST_CASE("The catalogue finds a network whatever stack is named with it") {
  CHECK(workloads::find_dnn("resnet50@tensorrt-int8")->name == "resnet50");
  const auto unknown = workloads::find_dnn("resnet51@tensorrt-int8");
  REQUIRE_FALSE(unknown.ok());
  CHECK(unknown.error().message.find("did you mean 'resnet50'?") != std::string::npos);
  CHECK_FALSE(workloads::find_dnn("resnet50@").ok());
}

TEST_CASE("A product runs at the rate of its stack's precision") {
  CHECK(point("product").kernels_s == Approx(1.6));
  CHECK(point("product@eager-fp32").kernels_s == Approx(1.6));
  CHECK(point("product@eager-fp16").kernels_s == Approx(0.2));
  CHECK(point("product@engine-int8").kernels_s == Approx(0.1));
}

TEST_CASE("Deep learning accelerators add their rate to the GPU's") {
  CHECK(point("product@engine-int8-dla").kernels_s == Approx(0.08));  // 3.2e11 / (3.2e12 + 8e11)
}

TEST_CASE("Traffic shrinks with the size of a value, and pooling stays at the FP32 rate") {
  // 0.8 s for the convolution, as much for the addition, 0.1 s for the pooling; half the bytes in FP16.
  CHECK(point("mixed").kernels_s == Approx(1.7));
  CHECK(point("mixed@eager-fp16").kernels_s == Approx(0.9));
  CHECK(point("mixed").bytes == Approx(8e10));
  CHECK(point("mixed@eager-fp16").bytes == Approx(4e10));
}

TEST_CASE("A stack that fuses spares the addition's traffic and launch, and has efficiencies of its own") {
  // A quarter of 4e10 bytes at a quarter of 5e10 B/s; the pooling at half of 2e11 FLOP/s.
  CHECK(point("mixed@engine-int8").kernels_s == Approx(0.8 + 0.2));
  CHECK(point("mixed@engine-int8").bytes == Approx(1e10));
  CHECK(point("mixed@engine-int8").flop == Approx(point("mixed").flop));
  CHECK(point("mixed").launch_s == Approx(4 * 1e5 / 1e9));
  CHECK(point("mixed@engine-int8").launch_s == Approx(2 * 1e5 / 1e9));
}

TEST_CASE("Only what directly follows a product is fused") {
  const auto kinds = [](std::vector<KernelKind> order) {
    std::vector<Kernel> kernels;
    for (const KernelKind kind : order) kernels.push_back(kernel(kind, 1, 4, 1));
    std::string kept;
    for (const Kernel& one : workloads::fused(kernels))
      kept += one.launches == 0 && one.bytes.at(1) == 0 ? "-" : "k";
    return kept;
  };
  using K = KernelKind;
  CHECK(kinds({K::convolution, K::elementwise, K::normalisation, K::elementwise}) == "k---");
  CHECK(kinds({K::matrix_multiply, K::normalisation, K::data_movement, K::elementwise}) == "k-kk");
  CHECK(kinds({K::elementwise, K::pooling, K::elementwise}) == "kkk");
  CHECK(kinds({K::depthwise_convolution, K::elementwise, K::recurrent, K::elementwise}) == "k-k-");
}

TEST_CASE("The energy of a FLOP is that of its precision") {
  // 10 pJ x 3.2e11 FLOP in FP32, an eighth of it in INT8.
  const RooflineModel model = toy_model();
  const auto energy_j = [&](const std::string& workload) {
    const auto cost = model.minibatch(workload, Role::infer, 1, top);
    return cost->total_power_w() * sim::ns_to_seconds(cost->time_ns);
  };
  CHECK(energy_j("product") == Approx(3.2));
  CHECK(energy_j("product@engine-int8") == Approx(0.4));
}

TEST_CASE("An unknown network or stack is answered with the nearest, and training where there is none") {
  CHECK(refusal("produkt@engine-int8").find("workload, did you mean 'product'?") != std::string::npos);
  CHECK(refusal("product@engine-int9").find("software stack of toy, did you mean 'engine-int8'?") !=
        std::string::npos);
  CHECK(refusal("product@").find("is no workload") != std::string::npos);
  CHECK(refusal("product@engine-int8", Role::train) ==
        "stack 'engine-int8' of toy does not train; those that do: eager-fp32, eager-fp16");
}

TEST_CASE("PyTorch in FP32 is the default stack of every board, and TensorRT is offered where it runs") {
  const std::set<std::string> without_int8 = {"jetson-nano", "jetson-tx2"};
  for (const std::string& name : device_names()) {
    INFO(name);
    const DeviceSpec spec = *find_device(name);
    CHECK(spec.stacks.front().name == "pytorch-fp32");
    CHECK(find_stack(spec, "")->name == "pytorch-fp32");
    CHECK(find_stack(spec, "tensorrt-fp16").ok());
    CHECK(find_stack(spec, "tensorrt-int8").ok() == !without_int8.contains(name));
    CHECK(find_stack(spec, "tensorrt-int8-dla").ok() == (spec.dla.engines > 0));
    // BF16 came with Ampere.
    CHECK(find_stack(spec, "pytorch-bf16").ok() == (spec.gpu.architecture.find("Ampere") == 0));
  }
}

TEST_CASE("Boards have NVIDIA's published totals of their tensor cores and accelerators") {
  // Dense INT8 TOPS of the GPU and of the whole module, FP16 TFLOP/s of the GPU.
  struct Published {
    const char* device;
    double gpu_int8, module_int8, gpu_fp16;
  };
  for (const Published& row :
       {Published{"orin-agx-64gb", 85, 137.5, 42.5}, Published{"orin-agx-32gb", 53.4, 100, 26.7},
        Published{"orin-nx-16gb", 30.1, 50, 15.0}, Published{"orin-nx-16gb-super", 38.4, 78, 19.2},
        Published{"orin-nx-8gb", 25.1, 35, 12.5}, Published{"orin-nx-8gb-super", 38.4, 58, 19.2},
        Published{"orin-nano-8gb", 20, 20, 10.2}, Published{"orin-nano-8gb-super", 33.5, 33.5, 16.7},
        Published{"orin-nano-4gb", 10, 10, 5.1}, Published{"agx-xavier", 22, 32, 11},
        Published{"xavier-nx", 13.6, 21, 6.8}}) {
    INFO(row.device);
    const DeviceSpec spec = *find_device(row.device);
    const auto gpu = [&](Precision precision) {
      return spec.gpu.sms * spec.gpu.flop_per_clock_per_sm(precision) * spec.max_gpu_khz() * 1e3 * 1e-12;
    };
    CHECK(gpu(Precision::int8) == Approx(row.gpu_int8).epsilon(0.03));
    CHECK(gpu(Precision::int8) + spec.dla.flop_per_s(Precision::int8) * 1e-12 ==
          Approx(row.module_int8).epsilon(0.03));
    CHECK(gpu(Precision::fp16) == Approx(row.gpu_fp16).epsilon(0.03));
  }
}

TEST_CASE("A lower precision never makes a network slower on the same kind of stack") {
  for (const char* device : {"orin-agx-64gb", "agx-xavier"}) {
    const DeviceSpec spec = *find_device(device);
    const RooflineModel model(spec);
    for (const char* network : {"resnet50", "bert_large", "yolov8n"}) {
      INFO(device << " " << network);
      const auto kernels_s = [&](const std::string& stack) {
        return model.place(network + ("@" + stack), Role::infer, 16, spec.presets.front().mode)->kernels_s;
      };
      CHECK(kernels_s("tensorrt-fp16") < kernels_s("tensorrt-fp32"));
      CHECK(kernels_s("tensorrt-int8") < kernels_s("tensorrt-fp16"));
      CHECK(kernels_s("tensorrt-int8-dla") <= kernels_s("tensorrt-int8"));
    }
  }
}

TEST_CASE("A short name of a board is an alias, and no two boards share a name") {
  const std::map<std::string, std::string> expected = {
      {"orin-agx", "orin-agx-64gb"}, {"orin-nx", "orin-nx-16gb"}, {"orin-nano", "orin-nano-8gb-super"},
      {"xavier-agx", "agx-xavier"},  {"tx2", "jetson-tx2"},       {"nano", "jetson-nano"}};
  for (const auto& [alias, device] : expected) {
    INFO(alias);
    const auto spec = find_device(alias);
    REQUIRE(spec.ok());
    CHECK(spec->name == device);
  }
  std::set<std::string> names;
  for (const std::string& name : device_names()) {
    CHECK(names.insert(name).second);
    const DeviceSpec spec = *find_device(name);
    for (const std::string& alias : spec.aliases) CHECK(names.insert(alias).second);
  }
  CHECK(find_device("orin-nan").error().message.find("did you mean 'orin-nano'?") != std::string::npos);
}

}  // namespace
}  // namespace wattline::devices
