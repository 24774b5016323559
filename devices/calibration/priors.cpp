// Priors of the calibrated law's parameters (declared in group.hpp).
//
// Medians come from the board's spec; spreads (of the natural logarithm) are judgement: 0.3 where the
// spec's value was measured on such a board, 0.7 where it is typical of a stack, 1.5 and more where
// nothing is known but the order of magnitude.
#include <algorithm>
#include <cmath>

#include "devices/calibration/group.hpp"

namespace wattline::devices::calibration {

namespace {

Parameter parameter(const char* name, const char* unit, double prior, double spread, double low,
                    double high) {
  return {name, unit, std::clamp(prior, low * 1.0001, high * 0.9999), spread, low, high};
}

}  // namespace

std::vector<Parameter> board_time_priors(const DeviceSpec& spec) {
  return {parameter("dram_fraction", "", spec.memory.achievable_fraction, 0.1, 0.3, 1.0),
          parameter("on_chip_bytes_per_clock", "B", spec.gpu.on_chip_bytes_per_clock, 0.3,
                    spec.gpu.on_chip_bytes_per_clock / 8, spec.gpu.on_chip_bytes_per_clock * 8)};
}

std::vector<Parameter> time_priors(const DeviceSpec& spec, const Group& group, double typical_time_s) {
  const auto at = group.name.find('@');
  const std::string network = group.name.substr(0, at);
  const Efficiency& efficiency = group.stack.efficiency_of(network);
  const bool own_entry = group.stack_known && group.stack.by_workload.count(network) > 0;
  const bool fitted = group.source == WorkSource::fitted;
  const double sure = own_entry ? 0.4 : fitted ? 1.5 : 0.7;
  // Work that fills a quarter of the GPU's threads with a thousand FLOP each; of a nominal network, what
  // a third of a sample is.
  const double fill =
      fitted ? group.work.classes.front().flop_per_sample / 3
             : spec.gpu.sms * 2048.0 / 4 * 1000 * (group.source == WorkSource::catalogue ? 0.1 : 1);
  const double launches = std::max(1.0, group.work.launches);
  const double cycles =
      fitted ? 0.1 * typical_time_s * spec.cpu.relative_ipc * spec.max_cpu_khz() * 1e3
             : group.stack.launch_cycles_per_operator + group.stack.launch_cycles_fixed / launches;
  const double instant = std::max(1e-6, 0.01 * typical_time_s);
  const bool many_kernels = group.source == WorkSource::catalogue;
  const bool counted = group.source == WorkSource::counted;
  const double least = std::max(cycles, 1.0);
  const double loading = std::max(group.work.pipeline_cycles_per_sample, 1.0);
  // Counted FP32 work may run on tensor cores in TF32, and stays in cache where it is small.
  const double compute = counted ? 1.0 : efficiency.compute;
  return {parameter("compute_efficiency", "", compute, sure, fitted ? 1e-4 : 1e-3, fitted ? 1e3 : 8.0),
          parameter("memory_efficiency", "", counted ? 0.6 : efficiency.memory, counted ? 0.3 : sure,
                    fitted ? 1e-4 : 1e-3, fitted ? 1e3 : 4.0),
          parameter("cache_reuse", "", counted ? 4 : 1, counted ? 0.5 : 0.1, 0.05, 50),
          parameter("half_work", "FLOP", fill, many_kernels ? 1.0 : 2.0, fill * 1e-5, fill * 1e5),
          parameter("saturation", "", 0.6, 0.3, 0.1, 1.0),
          parameter("overlap", "",
                    many_kernels ? 1.5
                    : counted    ? 0.4
                                 : 1,
                    counted ? 0.5 : 0.7, 0.02, 20),
          parameter("launch_cycles", "cycles", least,
                    fitted         ? 2.0
                    : many_kernels ? 0.15
                                   : 0.6,
                    least * 1e-4, least * 1e4),
          parameter("core_sharing", "", 0.03, 1.5, 1e-4, 20),
          parameter("host_overlap", "",
                    counted        ? 0.1
                    : many_kernels ? 3
                                   : 3,
                    many_kernels ? 0.4 : 0.7, 0.02, 20),
          parameter("fixed_s", "s", instant, 1.5, instant * 1e-4, instant * 1e4),
          parameter("pipeline_cycles", "cycles", loading, 0.5, loading * 1e-3, loading * 1e3),
          parameter("arithmetic_intensity", "FLOP/B", 0.25, 0.4, 1e-3, 100),
          parameter("arithmetic_sharpness", "", 4.5, 0.4, 0.3, 100),
          parameter("arithmetic_passes", "", 4, 0.4, 0.05, 100),
          parameter("arithmetic_launch_share", "", 4, 0.5, 1e-3, 100),
          parameter("arithmetic_launch_power", "", 1.5, 0.3, 0.3, 5),
          parameter("arithmetic_launch_bytes", "B", 60e3, 0.8, 10, 1e9)};
}

std::vector<Parameter> board_power_priors(const DeviceSpec& spec, PowerKind kind) {
  const PowerParameters& power = spec.power;
  const bool rails = kind == PowerKind::module_rails || kind == PowerKind::unstated;
  // A developer kit adds about half of what the module's own board draws, and its AC supply twice that.
  const double carrier_w = power.board_w * (rails ? 0 : kind == PowerKind::wall ? 1.5 : 0.5);
  const auto watts = [](const char* name, double value, double spread) {
    const double prior = std::max(value, 1e-3);
    return parameter(name, "W", prior, spread, prior * 1e-3, prior * 1e2);
  };
  return {watts("board_w", power.board_w + carrier_w, rails ? 0.5 : 0.8),
          watts("memory_w", power.memory_idle_w, 0.6),
          watts("gpu_leakage_w", power.gpu.leakage_w, 0.7),
          watts("gpu_clock_w", power.gpu.clock_w, 1.0),
          parameter("voltage_knee", "", 0.6, 0.15, 0.05, 0.95),
          parameter("voltage_floor", "", 0.75, 0.2, 0.3, 0.98),
          watts("cpu_leakage_w", power.cpu.leakage_w, 0.6),
          watts("cpu_clock_w", power.cpu.clock_w, 0.6),
          parameter("energy_per_flop_pj", "pJ", power.energy_per_flop_pj, 0.5,
                    power.energy_per_flop_pj * 1e-3, power.energy_per_flop_pj * 1e3),
          parameter("energy_per_byte_pj", "pJ", power.energy_per_byte_pj, 0.5,
                    power.energy_per_byte_pj * 1e-3, power.energy_per_byte_pj * 1e3)};
}

std::vector<Parameter> power_priors(const DeviceSpec& spec, const Group& group) {
  const auto at = group.name.find('@');
  const double energy = group.stack.efficiency_of(group.name.substr(0, at)).energy;
  const double spread = group.source == WorkSource::fitted ? 1.5 : 0.6;
  const double flop_energy = energy * spec.power.relative_flop_energy.of(group.stack.precision);
  return {parameter("flop_energy", "", flop_energy, spread, 1e-3, 1e3),
          parameter("byte_energy", "", energy, spread, 1e-3, 1e3),
          parameter("gpu_gap", "", 0.5, 0.3, 0.05, 1.0), parameter("busy_cores", "", 1.2, 0.5, 0.05, 16),
          parameter("host_wait", "", 0.3, 0.5, 0.02, 1.0)};
}

std::vector<Parameter> meter_priors() {
  return {parameter("meter_gain", "", 1.08, 0.08, 0.8, 1.5),
          parameter("meter_offset_w", "W", 2.0, 0.8, 0.01, 50)};
}

}  // namespace wattline::devices::calibration
