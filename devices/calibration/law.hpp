// The calibrated law: the roofline of devices/roofline.hpp with smooth transitions and a few terms more,
// so that it can be fitted to profiles. Templates over the number type, because Ceres differentiates them.
//
// Time. A minibatch is work classes (work.hpp) of W_k FLOP and Q_k bytes. With F the peak rate at the GPU
// clock, D the DRAM bandwidth (fraction x bus x f_emc) and L the on-chip bandwidth (bytes per GPU clock):
//   c_k = W_k / (e_c F),  d_k = Q_k / (e_m D),  l_k = (1 + passes s_k) Q_k / (e_m reuse L)
//   g = sum_k (c_k^p + d_k^p + l_k^p)^(1/p),   p = 1 + overlap
//   gpu = g + g^(1 - saturation) fill^saturation,   fill = half_work / (e_c F)
//   launch = cycles x launches x (1 + sharing (f_cpu,max / (cores f_cpu))^2) / (IPC x f_cpu)
//   T = h gpu + (((1 - h) gpu)^q + launch^q + pipeline^q)^(1/q) + fixed,   q = 1 + host_overlap
// The p-norm goes from additive (p = 1) to the roofline's max (p -> infinity; Williams et al. 2009 is that
// limit). half_work is the work at which the GPU is half filled: small kernels leave SMs idle; with
// saturation <= 1 less work never takes longer. h, the concentration, is the sum of squared shares of the
// kernels in the work: what a single large last kernel computes cannot hide behind the launching of others.
//
// Sharing: what else runs on the board needs cycles at a fixed rate, which is a share of a slow core that
// launching feels twice (fewer cycles left, and a launch put off while kernels wait), and nothing of many
// fast ones.
//
// Counted work (sub-graphs, matrix products) does not say of which kind it is, but its intensity does: few
// FLOP per byte are element-wise operators, pooling and copies; many are convolutions and products, which
// also pass over their tiles several times and cost the CPU more to launch (planning, workspace):
//   s_k = 1 / (1 + (intensity / (W_k/Q_k + 0.001))^sharpness)
//   launch gains a part  launch_share s Q / (Q + launch_bytes) (f_cpu,max / f_cpu)^launch_power
// For the catalogue's networks and for fitted work s is 0.
//
// Power (energy roofline, Choi et al. 2013), at x = f_gpu / f_gpu,max:
//   V(x) is flat up to a knee and rises to 1 at x = 1 (a regulator's floor voltage, then a linear curve),
//   P = board + memory f_emc/f_emc,max
//     + SM share x V^2 (leakage + clock x (gap + (1 - gap) gpu/T))
//     + V_cpu^2 (leakage_cpu cores + clock_cpu f_cpu/f_cpu,max busy_cores (wait + (1 - wait) launch/T))
//     + (eps_flop k_f V^2 W + eps_byte k_b Q) / T
// and a meter that is not the model's own reads gain x P + offset.
//
// Parameters are natural logarithms of the values above (all are positive).
#pragma once

#include <ceres/jet.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace wattline::devices::calibration {

enum TimeBoardParameter { dram_fraction, on_chip_bytes_per_clock, time_board_parameters };
enum TimeGroupParameter {
  compute_efficiency,
  memory_efficiency,
  cache_reuse,
  half_work,
  saturation,
  overlap,
  launch_cycles,
  core_sharing,
  host_overlap,
  fixed_s,
  pipeline_cycles,
  arithmetic_intensity,
  arithmetic_sharpness,
  arithmetic_passes,
  arithmetic_launch_share,
  arithmetic_launch_power,
  arithmetic_launch_bytes,
  time_group_parameters
};
enum PowerBoardParameter {
  board_w,
  memory_w,
  gpu_leakage_w,
  gpu_clock_w,
  voltage_knee,
  voltage_floor,
  cpu_leakage_w,
  cpu_clock_w,
  energy_per_flop_pj,
  energy_per_byte_pj,
  power_board_parameters
};
enum PowerGroupParameter { flop_energy, byte_energy, gpu_gap, busy_cores, host_wait, power_group_parameters };
enum MeterParameter { meter_gain, meter_offset_w, meter_parameters };

// One class of kernels at one batch.
struct ClassWork {
  double flop = 0;
  double bytes = 0;
};

// Everything about one minibatch at one mode that no parameter changes. SI units.
struct Setting {
  std::vector<ClassWork> classes;
  double flop = 0;  // of the minibatch
  double bytes = 0;
  double launches = 1;
  double concentration = 0;     // sum of squared shares of the kernels in the FLOP
  bool counted = false;         // whether the kind of work is told from its intensity
  double pipeline_samples = 0;  // prepared for this minibatch; 0 in inference
  double pipeline_cores = 1;    // that prepare them

  double cores = 1;
  double peak_flop_per_s = 1;  // of the active SMs at this clock and precision
  double dram_bus_bytes_per_s = 1;
  double gpu_hz = 1;
  double cpu_work_hz = 1;                              // IPC x clock
  double gpu_clock = 1, cpu_clock = 1, emc_clock = 1;  // shares of the top clocks
  double sm_share = 1;
  double cpu_voltage_squared = 1;  // relative to the top clock's
};

namespace law {

using std::exp;
using std::log;
using std::log1p;

// log((e^(p a) + e^(p b))^(1/p)); never overflows.
template <class T>
T log_p_norm(const T& a, const T& b, const T& p) {
  const T high = a > b ? a : b;
  const T low = a > b ? b : a;
  const T below = p * (low - high);
  // Beyond this the smaller term no longer changes a double.
  if (below < -37.0) return high;
  return high + log1p(exp(below)) / p;
}

// The same with derivatives, which are weights: to carry them through every step above is half of a fit's time.
template <int count>
ceres::Jet<double, count> log_p_norm(const ceres::Jet<double, count>& a, const ceres::Jet<double, count>& b,
                                     const ceres::Jet<double, count>& p) {
  const ceres::Jet<double, count>& high = a.a > b.a ? a : b;
  const ceres::Jet<double, count>& low = a.a > b.a ? b : a;
  const double below = p.a * (low.a - high.a);
  if (below < -37.0) return high;
  const double ratio = exp(below);
  const double rise = log1p(ratio) / p.a;
  const double low_weight = ratio / (1 + ratio);
  const double p_weight = (low_weight * (low.a - high.a) - rise) / p.a;
  return {high.a + rise, (1 - low_weight) * high.v + low_weight * low.v + p_weight * p.v};
}

// How far work of this intensity is arithmetic, from 0 to 1.
template <class T>
T arithmetic_share(const T* group, double flop, double bytes) {
  const double floor = 1e-3;
  const T away = group[arithmetic_intensity] - std::log(flop / bytes + floor);
  return T(1.0) / (T(1.0) + exp(exp(group[arithmetic_sharpness]) * away));
}

// Logarithms of a setting's rates, the same for all of its classes.
struct LogRates {
  double peak_flop_per_s;
  double dram_bus_bytes_per_s;
  double gpu_hz;
  explicit LogRates(const Setting& at)
      : peak_flop_per_s(std::log(at.peak_flop_per_s)),
        dram_bus_bytes_per_s(std::log(at.dram_bus_bytes_per_s)),
        gpu_hz(std::log(at.gpu_hz)) {}
};

template <class T>
T log_class_s(const T* board, const T* group, const ClassWork& work, bool counted, const LogRates& rates,
              const T& p) {
  const T log_compute =
      std::log(std::max(work.flop, 1e-300)) - group[compute_efficiency] - rates.peak_flop_per_s;
  if (work.bytes <= 0) return log_compute;
  const T log_bytes = std::log(work.bytes) - group[memory_efficiency];
  const T log_dram = log_bytes - board[dram_fraction] - rates.dram_bus_bytes_per_s;
  T log_chip = log_bytes - group[cache_reuse] - board[on_chip_bytes_per_clock] - rates.gpu_hz;
  if (counted)
    log_chip += log(T(1.0) + exp(group[arithmetic_passes]) * arithmetic_share(group, work.flop, work.bytes));
  const T log_memory = log_p_norm(log_dram, log_chip, p);
  return work.flop > 0 ? log_p_norm(log_compute, log_memory, p) : log_memory;
}

// g: of all classes, as if they filled the GPU.
template <class T>
T kernels_s(const T* board, const T* group, const Setting& at) {
  const LogRates rates(at);
  const T p = T(1.0) + exp(group[overlap]);
  T sum = T(0.0);
  for (const ClassWork& work : at.classes) {
    if (work.flop > 0 || work.bytes > 0) sum += exp(log_class_s(board, group, work, at.counted, rates, p));
  }
  return sum;
}

// `kernels`: of kernels_s().
template <class T>
T filled_s(const T& kernels, const T* group, const Setting& at) {
  if (at.flop <= 0) return kernels;
  const T log_fill_s = group[half_work] - group[compute_efficiency] - std::log(at.peak_flop_per_s);
  return kernels * (T(1.0) + exp(exp(group[saturation]) * (log_fill_s - log(kernels))));
}

template <class T>
T gpu_s(const T* board, const T* group, const Setting& at) {
  return filled_s(kernels_s(board, group, at), group, at);
}

template <class T>
T launch_s(const T* group, const Setting& at) {
  const T cycles = exp(group[launch_cycles]) * at.launches;
  const double alone = 1 / (at.cores * at.cpu_clock);
  T time = cycles * (T(1.0) + exp(group[core_sharing]) * (alone * alone)) / at.cpu_work_hz;
  if (at.counted && at.bytes > 0) {
    const T large = T(1.0) / (T(1.0) + exp(group[arithmetic_launch_bytes] - std::log(at.bytes)));
    const T slower = exp(-(exp(group[arithmetic_launch_power]) - 1.0) * std::log(at.cpu_clock));
    time *= T(1.0) +
            exp(group[arithmetic_launch_share]) * arithmetic_share(group, at.flop, at.bytes) * large * slower;
  }
  return time;
}

template <class T>
T pipeline_s(const T* group, const Setting& at) {
  return exp(group[pipeline_cycles]) * at.pipeline_samples / (at.cpu_work_hz * at.pipeline_cores);
}

template <class T>
T time_s(const T* group, const T& gpu, const Setting& at) {
  const T q = T(1.0) + exp(group[host_overlap]);
  const T log_hideable = log(gpu) + std::log1p(-std::min(at.concentration, 0.999));
  T total = log_p_norm(log_hideable, T(log(launch_s(group, at))), q);
  if (at.pipeline_samples > 0) total = log_p_norm(total, T(log(pipeline_s(group, at))), q);
  return exp(total) + at.concentration * gpu + exp(group[fixed_s]);
}

// Squared voltage of the GPU relative to the top clock's. The knee is rounded over 4 % of the clock range.
template <class T>
T gpu_voltage_squared(const T* board, double clock) {
  constexpr double round = 0.04;
  const T knee = exp(board[voltage_knee]);
  const T floor = exp(board[voltage_floor]);
  const auto rise = [&](double x) { return round * log1p(exp((x - knee) / round)); };
  const T share = (rise(clock) - rise(0)) / (rise(1) - rise(0));
  const T voltage = floor + (1.0 - floor) * share;
  return voltage * voltage;
}

// Of a minibatch's time.
struct Use {
  double gpu = 0;   // share in which kernels run
  double host = 0;  // share in which they are launched
};

inline Use use_of(const double* time_group, double gpu, double time, const Setting& at) {
  return {std::min(1.0, gpu / time), std::min(1.0, launch_s(time_group, at) / time)};
}

// Of the domains, in the order GPU, CPU, memory, board.
template <class T>
std::array<T, 4> domain_power_w(const T* board, const T* group, double time_s, const Use& use,
                                const Setting& at) {
  const T v2 = gpu_voltage_squared(board, at.gpu_clock);
  const T gap = exp(group[gpu_gap]);
  const T drawn = gap + (1.0 - gap) * use.gpu;
  constexpr double joules_per_pj = 1e-12;
  const T gpu_flop_w =
      exp(board[energy_per_flop_pj] + group[flop_energy]) * v2 * (joules_per_pj * at.flop / time_s);
  const T byte_w = exp(board[energy_per_byte_pj] + group[byte_energy]) * (joules_per_pj * at.bytes / time_s);
  const T wait = exp(group[host_wait]);
  const T launching = wait + (1.0 - wait) * use.host;
  const T busy = exp(group[busy_cores]) * at.cores / (exp(group[busy_cores]) + at.cores);
  return {at.sm_share * v2 * (exp(board[gpu_leakage_w]) + exp(board[gpu_clock_w]) * at.gpu_clock * drawn) +
              gpu_flop_w,
          at.cpu_voltage_squared * (exp(board[cpu_leakage_w]) * at.cores +
                                    exp(board[cpu_clock_w]) * at.cpu_clock * busy * launching),
          exp(board[memory_w]) * at.emc_clock + byte_w, exp(board[board_w])};
}

}  // namespace law

}  // namespace wattline::devices::calibration
