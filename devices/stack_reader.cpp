#include "devices/stack_reader.hpp"

#include <fmt/format.h>

#include "sim/base/text.hpp"

namespace wattline::devices {

namespace {

// Above 1 where the counting rule overstates the work done: TF32 or Winograd convolutions for
// compute, operands that stay in the cache for memory.
constexpr Range utilisation = above(0, 4);

Efficiency read_efficiency(SourcedReader& in) {
  Efficiency efficiency;
  efficiency.compute = in.number("compute", utilisation);
  efficiency.memory = in.number("memory", utilisation);
  efficiency.energy = in.number("energy", above(0, 100));
  in.done();
  return efficiency;
}

Precision read_precision(SourcedReader& in, const DeviceSpec& spec) {
  const std::string name = in.choice("precision", precision_names());
  std::vector<std::string> runs;
  for (const Precision precision : all_precisions) {
    if (spec.gpu.flop_per_clock_per_sm(precision) > 0) runs.emplace_back(name_of(precision));
    if (name == name_of(precision) && spec.gpu.flop_per_clock_per_sm(precision) > 0) return precision;
  }
  in.fail("precision",
          fmt::format("{} is none of {}, which has {}", name, spec.gpu.architecture, joined(runs)));
  return Precision::fp32;
}

SoftwareStack read_stack(SourcedReader& in, const DeviceSpec& spec) {
  SoftwareStack stack;
  stack.name = in.name();
  if (stack.name.find('@') != std::string::npos) {
    in.fail("name", fmt::format("'{}' has an '@', which separates a network from its stack", stack.name));
  }
  stack.precision = read_precision(in, spec);
  stack.trains = in.boolean("trains");
  stack.fuses_elementwise = in.boolean("fuses_elementwise");
  stack.uses_dla = in.boolean("uses_dla");
  if (stack.uses_dla && !(spec.dla.flop_per_s(stack.precision) > 0)) {
    in.fail("uses_dla", fmt::format("the board has no accelerator beside the GPU that computes in {}",
                                    name_of(stack.precision)));
  }
  stack.launch_cycles_per_operator = in.number("launch_cycles_per_operator", between(0, 1e9));
  stack.launch_cycles_fixed = in.number("launch_cycles_fixed", between(0, 1e12));
  SourcedReader typical = in.object("typical");
  stack.typical = read_efficiency(typical);
  if (in.has("by_workload")) {
    for (SourcedReader& workload : in.group("by_workload")) {
      stack.by_workload[workload.name()] = read_efficiency(workload);
    }
  }
  in.done();
  return stack;
}

}  // namespace

std::vector<SoftwareStack> read_stacks(SourcedReader& file, const DeviceSpec& spec) {
  std::vector<SoftwareStack> stacks;
  for (SourcedReader& in : file.group("stacks")) stacks.push_back(read_stack(in, spec));
  return stacks;
}

}  // namespace wattline::devices
