#include "devices/calibration/group.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "sim/base/median.hpp"
#include "sim/base/text.hpp"
#include "workloads/catalog.hpp"
#include "workloads/workload_name.hpp"

namespace wattline::devices::calibration {

using workloads::Role;

namespace {

constexpr double hz_per_khz = 1e3;

std::int32_t active_sms(const DeviceSpec& spec, const PowerMode& mode) {
  return mode.active_sms > 0 ? mode.active_sms : spec.gpu.sms;
}

double peak_flop_per_s(const DeviceSpec& spec, const SoftwareStack& stack, const PowerMode& mode) {
  double per_clock = spec.gpu.flop_per_clock_per_sm(stack.precision);
  if (per_clock <= 0) per_clock = spec.gpu.fp32_flop_per_clock_per_sm;
  const double gpu = active_sms(spec, mode) * per_clock * mode.gpu_khz * hz_per_khz;
  return stack.uses_dla ? gpu + spec.dla.flop_per_s(stack.precision) : gpu;
}

Precision precision_in(const std::string& stack_name) {
  for (const Precision precision : all_precisions) {
    const std::string name = name_of(precision);
    if (stack_name.size() >= name.size() && stack_name.ends_with(name)) return precision;
  }
  return Precision::fp32;
}

// The board's stack of that name, or a stand-in with the default's parameters. A name that is a slip of
// the pen away from a known one is an error.
Result<std::pair<SoftwareStack, bool>> stack_of(const DeviceSpec& spec, const std::string& name) {
  std::vector<std::string> known;
  for (const SoftwareStack& stack : spec.stacks) {
    if (name.empty() || stack.name == name) return std::pair{stack, true};
    known.push_back(stack.name);
  }
  // Precision is the last part of a name; a stack that differs in nothing else is another stack, and so is
  // one whose first part is unknown. Anything nearer is a slip.
  const auto nearest = nearest_name(name, known);
  const bool other_precision =
      nearest && nearest->substr(0, nearest->rfind('-')) == name.substr(0, name.rfind('-')) &&
      name.ends_with(name_of(precision_in(name))) && name.find('-') != std::string::npos;
  if (nearest && !other_precision) return bad_input(unknown_name_message("software stack", name, known));
  SoftwareStack stand_in = spec.stacks.front();
  stand_in.name = name;
  stand_in.precision = precision_in(name);
  stand_in.by_workload.clear();
  return std::pair{stand_in, false};
}

// Bytes move in the stack's precision; work that runs outside its fast units counts at their rate.
Work catalogue_work(const DeviceSpec& spec, const workloads::Dnn& dnn, const SoftwareStack& stack,
                    Role role) {
  std::vector<workloads::Kernel> kernels = workloads::kernels(dnn, role);
  if (stack.fuses_elementwise) kernels = workloads::fused(std::move(kernels));
  Work work;
  work.launches = static_cast<double>(std::max<std::int64_t>(1, workloads::totals(kernels).launches));
  const double fast = spec.gpu.flop_per_clock_per_sm(stack.precision);
  const double slowdown = fast > 0 ? fast / spec.gpu.fp32_flop_per_clock_per_sm : 1;
  for (workloads::Kernel& kernel : kernels) {
    using workloads::KernelKind;
    const bool multiplies = kernel.kind == KernelKind::convolution ||
                            kernel.kind == KernelKind::matrix_multiply ||
                            kernel.kind == KernelKind::recurrent;
    if (multiplies || slowdown <= 1) continue;
    kernel.flop.fixed = std::llround(slowdown * static_cast<double>(kernel.flop.fixed));
    kernel.flop.per_sample = std::llround(slowdown * static_cast<double>(kernel.flop.per_sample));
  }
  work.classes = merged(kernels, bytes_per_value(stack.precision));
  work.concentration = concentration(kernels);
  if (role == Role::train) {
    work.pipeline_cycles_per_sample = dnn.input_pipeline.cpu_cycles_per_sample;
    work.pipeline_workers = dnn.input_pipeline.workers;
  }
  return work;
}

double factors_of_two(double value) {
  if (!(value >= 1 && value < 9e15)) return 0;
  return std::countr_zero(static_cast<std::uint64_t>(value));
}

double log_ratio(double value, double top) {
  return std::log(std::max(value, 1.0) / top);
}

}  // namespace

const char* name_of(WorkSource source) {
  switch (source) {
    case WorkSource::catalogue:
      return "catalogue";
    case WorkSource::counted:
      return "counted";
    case WorkSource::fitted:
      break;
  }
  return "fitted";
}

std::string full_name(const DeviceSpec& spec, const std::string& workload) {
  return workload.find('@') == std::string::npos ? workload + "@" + spec.stacks.front().name : workload;
}

Result<Group> known_group(const DeviceSpec& spec, const std::string& workload, Role role, bool counted) {
  const auto name = workloads::parse_workload_name(workload);
  if (!name) return name.error();
  const auto stack = stack_of(spec, name->stack);
  if (!stack) return stack.error();
  Group group;
  group.role = role;
  group.stack = stack->first;
  group.stack_known = stack->second;
  if (role == Role::train && group.stack_known && !group.stack.trains)
    return bad_input(fmt::format("'{}': the software stack '{}' does not train", workload, group.stack.name));
  const auto dnn = workloads::find_dnn(name->network);
  if (dnn) {
    group.name = name->network + "@" + group.stack.name;
    group.source = WorkSource::catalogue;
    group.work = catalogue_work(spec, *dnn, group.stack, role);
    return group;
  }
  if (!counted) return dnn.error();
  group.name = "counted@" + group.stack.name;
  group.source = WorkSource::counted;
  return group;
}

Group fitted_group(const DeviceSpec& spec, const std::string& workload, Role role,
                   const std::vector<ProfileRow>& rows) {
  Group group;
  group.role = role;
  group.source = WorkSource::fitted;
  const auto name = workloads::parse_workload_name(workload);
  const auto stack = stack_of(spec, name ? name->stack : "");
  group.stack = stack ? stack->first : spec.stacks.front();
  group.stack_known = stack && stack->second;
  group.name = (name ? name->network : workload) + "@" + group.stack.name;
  const Efficiency& typical = group.stack.typical;
  std::vector<double> flop;
  std::vector<double> bytes;
  for (const ProfileRow& row : rows) {
    if (!row.time_ms) continue;
    const double time_s = *row.time_ms * 1e-3;
    const auto batch = static_cast<double>(row.batch);
    const double bandwidth =
        spec.memory.achievable_fraction * spec.memory.bytes_per_clock * row.mode.emc_khz * hz_per_khz;
    constexpr double compute_part = 0.5;
    constexpr double memory_part = 0.33;
    flop.push_back(compute_part * time_s * typical.compute * peak_flop_per_s(spec, group.stack, row.mode) /
                   batch);
    bytes.push_back(memory_part * time_s * typical.memory * bandwidth / batch);
  }
  if (!flop.empty()) group.work.classes = {{0, median(flop), 0, median(bytes)}};
  return group;
}

Setting setting_of(const DeviceSpec& spec, const Group& group, const Point& point) {
  const PowerMode& mode = point.mode;
  const auto batch = static_cast<double>(point.batch);
  Setting at;
  if (group.source == WorkSource::counted)
    at.classes = {{point.flop.value_or(0), point.bytes.value_or(0)}};
  else
    at.classes = at_batch(group.work.classes, batch);
  for (const ClassWork& work : at.classes) {
    at.flop += work.flop;
    at.bytes += work.bytes;
  }
  at.launches = group.work.launches;
  at.concentration = group.work.concentration;
  at.counted = group.source == WorkSource::counted;
  if (group.role == Role::train && group.work.pipeline_cycles_per_sample > 0) {
    at.pipeline_samples = batch;
    at.pipeline_cores = mode.cores > 1 ? std::min<double>(group.work.pipeline_workers, mode.cores - 1) : 0.5;
  }
  at.cores = mode.cores;
  at.peak_flop_per_s = peak_flop_per_s(spec, group.stack, mode);
  at.dram_bus_bytes_per_s = spec.memory.bytes_per_clock * mode.emc_khz * hz_per_khz;
  at.gpu_hz = mode.gpu_khz * hz_per_khz;
  at.cpu_work_hz = spec.cpu.relative_ipc * mode.cpu_khz * hz_per_khz;
  at.gpu_clock = static_cast<double>(mode.gpu_khz) / spec.max_gpu_khz();
  at.cpu_clock = static_cast<double>(mode.cpu_khz) / spec.max_cpu_khz();
  at.emc_clock = static_cast<double>(mode.emc_khz) / spec.max_emc_khz();
  at.sm_share = static_cast<double>(active_sms(spec, mode)) / spec.gpu.sms;
  const double voltage = spec.power.cpu.voltage_floor + (1 - spec.power.cpu.voltage_floor) * at.cpu_clock;
  at.cpu_voltage_squared = voltage * voltage;
  return at;
}

ResidualPoint residual_point(const DeviceSpec& spec, const Group& group, const Point& point) {
  ResidualPoint at;
  double flop = 0;
  double bytes = 0;
  if (group.source == WorkSource::counted) {
    flop = point.flop.value_or(0);
    bytes = point.bytes.value_or(0);
    at.at[intensity_feature] = std::log(flop / std::max(bytes, 1.0) + 1e-3);
    // A product of three sides has their factors of two together; per side it is a third.
    at.at[alignment_feature] = std::min(factors_of_two(flop), 36.0) / 3;
    at.work = static_cast<std::int64_t>(std::bit_cast<std::uint64_t>(flop) * 0x9e3779b97f4a7c15ULL ^
                                        std::bit_cast<std::uint64_t>(bytes));
    at.at[work_feature] = std::log(std::max(bytes, 1.0));
  } else {
    at.at[work_feature] = std::log(static_cast<double>(point.batch));
    at.at[alignment_feature] = std::min(factors_of_two(static_cast<double>(point.batch)), 6.0);
    at.work = point.batch;
  }
  at.at[gpu_feature] = log_ratio(point.mode.gpu_khz, spec.max_gpu_khz());
  at.at[emc_feature] = log_ratio(point.mode.emc_khz, spec.max_emc_khz());
  at.at[cpu_feature] = log_ratio(point.mode.cpu_khz, spec.max_cpu_khz());
  at.at[cores_feature] = std::log(static_cast<double>(std::max(1, point.mode.cores)));
  at.at[sms_feature] = std::log(static_cast<double>(active_sms(spec, point.mode)) / spec.gpu.sms);
  return at;
}

}  // namespace wattline::devices::calibration
