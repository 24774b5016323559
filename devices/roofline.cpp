#include "devices/roofline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/base/text.hpp"
#include "workloads/catalog.hpp"
#include "workloads/workload_name.hpp"

namespace wattline::devices {

using workloads::Kernel;
using workloads::KernelKind;
using workloads::Role;

namespace {

constexpr double hz_per_khz = 1e3;
constexpr std::int64_t largest_batch = 1'000'000;

// Voltage at `khz` relative to the voltage at `max_khz`, squared.
double voltage_squared(const PowerDomain& domain, double khz, double max_khz) {
  const double voltage = domain.voltage_floor + (1 - domain.voltage_floor) * khz / max_khz;
  return voltage * voltage;
}

// Whether tensor cores have an instruction for it: sums of many products.
bool runs_on_tensor_cores(KernelKind kind) {
  return kind == KernelKind::convolution || kind == KernelKind::matrix_multiply ||
         kind == KernelKind::recurrent;
}

}  // namespace

double RooflinePoint::time_s() const {
  return std::max({kernels_s, launch_s, pipeline_s});
}

const char* RooflinePoint::bound() const {
  if (pipeline_s > std::max(kernels_s, launch_s)) return "input pipeline";
  if (launch_s > kernels_s) return "launch";
  return compute_bound_s > 0.5 * kernels_s ? "compute" : "memory";
}

RooflineModel::RooflineModel(DeviceSpec spec) : RooflineModel(std::move(spec), workloads::catalog()) {}

RooflineModel::RooflineModel(DeviceSpec spec, const std::vector<workloads::Dnn>& dnns)
    : spec_(std::move(spec)) {
  for (const Rail& rail : spec_.power.rails) rails_.push_back(rail.name);
  for (const workloads::Dnn& dnn : dnns) {
    networks_.push_back(dnn.name);
    for (std::size_t stack = 0; stack < spec_.stacks.size(); ++stack) {
      for (const Role role : {Role::train, Role::infer}) {
        if (role == Role::train && !spec_.stacks[stack].trains) continue;
        prepared_[static_cast<std::size_t>(role)].emplace(std::pair(dnn.name, stack),
                                                          prepare(dnn, stack, role));
      }
    }
  }
}

RooflineModel::Prepared RooflineModel::prepare(const workloads::Dnn& dnn, std::size_t stack,
                                               Role role) const {
  const SoftwareStack& on = spec_.stacks[stack];
  std::vector<Kernel> kernels = workloads::kernels(dnn, role);
  if (on.fuses_elementwise) kernels = workloads::fused(std::move(kernels));
  Prepared prepared{{}, workloads::totals(kernels), dnn.input_pipeline, on.efficiency_of(dnn.name), stack};
  for (const Kernel& kernel : kernels) {
    prepared.kernels.push_back(
        {kernel.flop, kernel.bytes, kernel.launches, runs_on_tensor_cores(kernel.kind)});
  }
  if (role == Role::infer) prepared.pipeline.cpu_cycles_per_sample = 0;
  return prepared;
}

Result<const RooflineModel::Prepared*> RooflineModel::find(const std::string& workload, Role role) const {
  const auto name = workloads::parse_workload_name(workload);
  if (!name) return name.error();
  if (std::find(networks_.begin(), networks_.end(), name->network) == networks_.end()) {
    return bad_input(unknown_name_message("workload", name->network, networks_));
  }
  const auto stack = find_stack(spec_, name->stack);
  if (!stack) return stack.error();
  const auto same_name = [&](const SoftwareStack& other) { return other.name == stack->name; };
  const auto index = std::find_if(spec_.stacks.begin(), spec_.stacks.end(), same_name) - spec_.stacks.begin();
  const auto& of_role = prepared_[static_cast<std::size_t>(role)];
  const auto found = of_role.find({name->network, static_cast<std::size_t>(index)});
  if (found != of_role.end()) return &found->second;
  std::vector<std::string> training;
  for (const SoftwareStack& other : spec_.stacks) {
    if (other.trains) training.push_back(other.name);
  }
  return bad_input(fmt::format("stack '{}' of {} does not train; those that do: {}", stack->name, spec_.name,
                               training.empty() ? "none" : joined(training)));
}

MaybeError RooflineModel::check_workload(const std::string& workload, Role role,
                                         std::optional<std::int64_t>) const {
  const auto found = find(workload, role);
  return found ? MaybeError{} : found.error();
}

Ceilings RooflineModel::ceilings(const PowerMode& mode) const {
  const double gpu_hz = mode.gpu_khz * hz_per_khz;
  return {mode.active_sms * spec_.gpu.fp32_flop_per_clock_per_sm * gpu_hz,
          spec_.memory.achievable_fraction * spec_.memory.bytes_per_clock * (mode.emc_khz * hz_per_khz),
          spec_.gpu.on_chip_bytes_per_clock * gpu_hz};
}

Ceilings RooflineModel::ceilings(const PowerMode& mode, const SoftwareStack& stack) const {
  Ceilings ceiling = ceilings(mode);
  const double gpu_hz = mode.gpu_khz * hz_per_khz;
  ceiling.flop_per_s = mode.active_sms * spec_.gpu.flop_per_clock_per_sm(stack.precision) * gpu_hz;
  if (stack.uses_dla) ceiling.flop_per_s += spec_.dla.flop_per_s(stack.precision);
  return ceiling;
}

double RooflineModel::cycles_per_s(const PowerMode& mode) const {
  return spec_.cpu.relative_ipc * mode.cpu_khz * hz_per_khz;
}

double RooflineModel::pipeline_s(const Prepared& prepared, std::int64_t batch, const PowerMode& mode) const {
  const double cycles = prepared.pipeline.cpu_cycles_per_sample * static_cast<double>(batch);
  // One core issues the GPU's work; where it is the only one, loading gets half of it.
  const double cores = mode.cores > 1 ? std::min(prepared.pipeline.workers, mode.cores - 1) : 0.5;
  return cycles / (cycles_per_s(mode) * cores);
}

RooflineModel::Rates RooflineModel::rates(const Prepared& prepared, const PowerMode& mode) const {
  const SoftwareStack& stack = spec_.stacks[prepared.stack];
  const Ceilings ceiling = ceilings(mode, stack);
  return {ceiling.flop_per_s * prepared.efficiency.compute,
          ceilings(mode).flop_per_s * prepared.efficiency.compute,
          ceiling.bytes_per_s() * prepared.efficiency.memory,
          bytes_per_value(stack.precision) / workloads::counted_bytes_per_value};
}

RooflinePoint RooflineModel::place(const Prepared& prepared, std::int64_t batch,
                                   const PowerMode& mode) const {
  const SoftwareStack& stack = spec_.stacks[prepared.stack];
  const Rates rates = this->rates(prepared, mode);
  RooflinePoint point;
  for (const Work& kernel : prepared.kernels) {
    const KernelTime took = rates.of(kernel, batch);
    point.kernels_s += took.time_s();
    if (took.is_compute_bound()) point.compute_bound_s += took.compute_s;
    point.compute_s += took.compute_s;
    point.memory_s += took.memory_s;
  }
  const double cycles = stack.launch_cycles_fixed +
                        stack.launch_cycles_per_operator * static_cast<double>(prepared.totals.launches);
  point.launch_s = cycles / (cycles_per_s(mode));
  point.pipeline_s = pipeline_s(prepared, batch, mode);
  point.flop = static_cast<double>(prepared.totals.flop.at(batch));
  point.bytes = rates.traffic * static_cast<double>(prepared.totals.bytes.at(batch));
  return point;
}

Result<RooflinePoint> RooflineModel::place(const std::string& workload, Role role, std::int64_t batch,
                                           const PowerMode& mode) const {
  if (auto error = check_mode_in_force(spec_, mode)) return *error;
  if (batch < 1 || batch > largest_batch) {
    return bad_input(fmt::format("batch {} is not accepted; a whole number from 1 to {} is expected", batch,
                                 largest_batch));
  }
  const auto prepared = find(workload, role);
  if (!prepared) return prepared.error();
  return place(**prepared, batch, mode);
}

RooflineModel::DomainPower RooflineModel::static_power(const PowerMode& mode, double gpu_drawn,
                                                       double cores_busy) const {
  const PowerParameters& power = spec_.power;
  const double gpu_v2 = voltage_squared(power.gpu, mode.gpu_khz, spec_.max_gpu_khz());
  const double cpu_v2 = voltage_squared(power.cpu, mode.cpu_khz, spec_.max_cpu_khz());
  const double gpu_clock = static_cast<double>(mode.gpu_khz) / spec_.max_gpu_khz();
  const double cpu_clock = static_cast<double>(mode.cpu_khz) / spec_.max_cpu_khz();
  const double sms = static_cast<double>(mode.active_sms) / spec_.gpu.sms;
  const double cores_drawn = power.cpu.clock_idle_fraction * (mode.cores - cores_busy) + cores_busy;
  DomainPower drawn;
  drawn.gpu = sms * gpu_v2 * (power.gpu.leakage_w + power.gpu.clock_w * gpu_clock * gpu_drawn);
  drawn.cpu = cpu_v2 * (power.cpu.leakage_w * mode.cores + power.cpu.clock_w * cpu_clock * cores_drawn);
  drawn.memory = power.memory_idle_w * mode.emc_khz / spec_.max_emc_khz();
  drawn.board = power.board_w;
  return drawn;
}

RailPowerW RooflineModel::on_rails(const DomainPower& power) const {
  RailPowerW rails_w{};
  for (std::size_t i = 0; i < spec_.power.rails.size(); ++i) {
    const Rail& rail = spec_.power.rails[i];
    rails_w[i] = rail.gpu_share * power.gpu + rail.cpu_share * power.cpu + rail.memory_share * power.memory +
                 rail.board_share * power.board;
  }
  return rails_w;
}

Result<Cost> RooflineModel::minibatch(const std::string& workload, Role role, std::int64_t batch,
                                      const PowerMode& mode) const {
  const auto point = place(workload, role, batch, mode);
  if (!point) return point.error();
  const Prepared& prepared = **find(workload, role);
  const double time_s = point->time_s();
  if (!(time_s <= sim::ns_to_seconds(sim::longest_time_ns))) {
    return bad_input(
        fmt::format("{}: a minibatch of {} (batch {}) would take {} s, more than 100 years; see its "
                    "efficiencies and clocks",
                    spec_.name, workload, batch, shortest(time_s)));
  }

  // One core issues GPU work and waits for it actively; loading occupies cores as long as it runs.
  const double loading_cores = prepared.pipeline.cpu_cycles_per_sample * static_cast<double>(batch) /
                               (cycles_per_s(mode)) / time_s;
  const double cores_busy = std::min<double>(mode.cores, 1 + loading_cores);
  const double gpu_busy = std::min(1.0, point->kernels_s / time_s);
  const double gap = spec_.power.gpu_gap_fraction;
  DomainPower power = static_power(mode, gap + (1 - gap) * gpu_busy, cores_busy);
  const double gpu_v2 = voltage_squared(spec_.power.gpu, mode.gpu_khz, spec_.max_gpu_khz());
  constexpr double joules_per_pj = 1e-12;
  const Precision precision = spec_.stacks[prepared.stack].precision;
  power.gpu += prepared.efficiency.energy * spec_.power.energy_per_flop_pj *
               spec_.power.relative_flop_energy.of(precision) * joules_per_pj * gpu_v2 * point->flop / time_s;
  power.memory +=
      prepared.efficiency.energy * spec_.power.energy_per_byte_pj * joules_per_pj * point->bytes / time_s;
  const auto time_ns = static_cast<sim::TimeNs>(std::llround(time_s * 1e9));
  return Cost{std::max<sim::TimeNs>(1, time_ns), on_rails(power)};
}

std::shared_ptr<const CostModel> RooflineModel::with_data_loaded() const {
  auto loaded = std::make_shared<RooflineModel>(*this);
  for (auto& [name, prepared] : loaded->prepared_[static_cast<std::size_t>(Role::train)])
    prepared.pipeline.cpu_cycles_per_sample = 0;
  return loaded;
}

Result<sim::LoadingCpu> RooflineModel::loading_cpu(const PowerMode& mode) const {
  if (auto error = check_mode_in_force(spec_, mode)) return *error;
  DomainPower core = static_power(mode, 0, 1);
  core.cpu -= static_power(mode, 0, 0).cpu;
  core.gpu = core.memory = core.board = 0;
  const double cores = mode.cores > 1 ? mode.cores - 1 : 0.5;
  return sim::LoadingCpu{cores, cycles_per_s(mode), to_microwatts(on_rails(core))};
}

Result<RailPowerW> RooflineModel::idle_power_w(const PowerMode& mode) const {
  if (auto error = check_mode_in_force(spec_, mode)) return *error;
  return on_rails(static_power(mode, spec_.power.gpu.clock_idle_fraction, 0));
}

Result<RailPowerW> RooflineModel::busy_power_w(const PowerMode& mode) const {
  if (auto error = check_mode_in_force(spec_, mode)) return *error;
  return on_rails(static_power(mode, 1, 1));
}

}  // namespace wattline::devices
