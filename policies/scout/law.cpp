#include "policies/scout/law.hpp"

#include <algorithm>
#include <cmath>

#include "sim/elementary.hpp"

namespace wattline::policies::scout {

using sim::exp;
using sim::log;

namespace {

// PyTorch's data loaders, one process each; the authors of PowerTrain and Fulcrum use four.
constexpr double loader_processes = 4;

double logistic(double x) {
  return 1 / (1 + exp(-x));
}

double eighth_power(double x) {
  const double square = x * x;
  const double fourth = square * square;
  return fourth * fourth;
}

double eighth_root(double x) {
  return std::sqrt(std::sqrt(std::sqrt(x)));
}

double voltage(double floor, double clock) {
  return floor + (1 - floor) * clock;
}

}  // namespace

Prior prior(const Size& size) {
  Prior prior;
  const auto set = [&](int index, double mean, double deviation) {
    prior.mean[index] = mean;
    prior.deviation[index] = deviation;
  };
  const auto set_share = [&](int index, double share, double deviation) {
    set(index, log(size.w * share), std::sqrt(deviation * deviation + size.deviation * size.deviation));
  };
  // Means of the fits; deviations about twice their spread, as four boards are few, and at least a half.
  set(kappa, 0.45, 0.5);
  set_share(p0, 0.08, 0.5);
  set_share(c1, 0.0105, 0.9);
  set_share(c2, 0.07, 0.55);
  set_share(c3, 0.009, 0.85);
  set(vc, -0.95, 0.5);
  set_share(g1, 0.095, 0.8);
  set_share(g2, 0.235, 0.5);
  set(vg, 0.1, 0.8);
  set_share(e1, 0.09, 0.85);
  set(gap, -0.3, 0.7);
  for (const Stream stream : {Stream::background, Stream::inference}) {
    set(index_of(stream, amount), log(50), 2.5);
    set(index_of(stream, memory), 0, 1);
    set(index_of(stream, memory_fixed), -3, 1);
    set(index_of(stream, launch), -1, 1.2);
    set(index_of(stream, loading), -1.5, 1.2);
    set_share(index_of(stream, compute_power), 0.3, 0.6);
    set_share(index_of(stream, memory_power), 0.3, 0.6);
    set(index_of(stream, exponent), -0.7, 0.8);
  }
  return prior;
}

// Kernel time and what it is made of.
struct Law::Kernels {
  double ms, log_ms, log_compute, log_memory;
  double compute_share, memory_share;  // of the sum of powers
  double on_chip_share;                // of what limits the bandwidth
};

// Time and power of one minibatch and what they are made of.
struct Law::Parts {
  Kernels kernels;
  double ms, w;
  double kernel_weight, launch_weight, loading_weight;
  double busy, working;  // shares of time: of the GPU as it draws, and as it works
  double cpu_volt, gpu_volt;
  double leak_w, launch_w, loaded, idle_w, gpu_leak_w, gpu_w, emc_w, compute_w, memory_w;
};

Law::Law(const Parameters& parameters)
    : kappa_(exp(parameters[kappa])),
      p0_(exp(parameters[p0])),
      c1_(exp(parameters[c1])),
      c2_(exp(parameters[c2])),
      c3_(exp(parameters[c3])),
      vc_(logistic(parameters[vc])),
      g1_(exp(parameters[g1])),
      g2_(exp(parameters[g2])),
      vg_(logistic(parameters[vg])),
      e1_(exp(parameters[e1])),
      gap_(logistic(parameters[gap])) {
  for (const Stream stream : {Stream::background, Stream::inference}) {
    const auto value = [&](StreamParameter parameter) {
      return exp(parameters[index_of(stream, parameter)]);
    };
    const double a = value(amount);
    streams_[static_cast<int>(stream)] = {a,
                                          a * value(memory),
                                          a * value(memory_fixed),
                                          a * value(launch),
                                          a * value(loading),
                                          value(compute_power),
                                          value(memory_power),
                                          1 + value(exponent)};
  }
}

Law::Work Law::work_of(const Minibatch& minibatch) const {
  const StreamValues& stream = streams_[static_cast<int>(minibatch.stream)];
  const double r = minibatch.batch / 16;
  Work work{r * stream.amount,    r * stream.memory,   stream.memory_fixed, stream.launch, 0, 0, 0,
            stream.compute_power, stream.memory_power, stream.exponent};
  if (minibatch.loads) work.loading_ms = stream.loading;
  work.log_compute = log(work.compute_ms);
  work.log_memory = log(work.memory_ms + work.fixed_ms);
  return work;
}

Law::Kernels Law::kernels_at(const Work& work, const Knobs& knobs) const {
  Kernels k;
  const double dram = eighth_power(1 / knobs.emc), on_chip = eighth_power(1 / (kappa_ * knobs.gpu));
  k.on_chip_share = on_chip / (dram + on_chip);
  k.log_compute = work.log_compute - knobs.log_gpu;
  k.log_memory = work.log_memory + 0.125 * log(dram + on_chip);
  const double q = work.exponent;
  const double smaller = exp(-q * std::abs(k.log_compute - k.log_memory));
  k.log_ms = std::max(k.log_compute, k.log_memory) + log(1 + smaller) / q;
  k.ms = exp(k.log_ms);
  const double larger_share = 1 / (1 + smaller);
  k.compute_share = k.log_compute >= k.log_memory ? larger_share : 1 - larger_share;
  k.memory_share = 1 - k.compute_share;
  return k;
}

Law::Parts Law::parts_at(const Work& work, const Knobs& knobs) const {
  Parts p;
  p.kernels = kernels_at(work, knobs);
  const double l = work.launch_ms / knobs.cpu, s = work.loading_ms / (knobs.cpu * knobs.loaders);
  // Relative to the largest, so that no power overflows.
  const double largest = std::max({p.kernels.ms, l, s});
  const double k8 = eighth_power(p.kernels.ms / largest), l8 = eighth_power(l / largest),
               s8 = eighth_power(s / largest);
  const double sum = k8 + l8 + s8;
  p.ms = largest * eighth_root(sum);
  p.kernel_weight = k8 / sum;
  p.launch_weight = l8 / sum;
  p.loading_weight = s8 / sum;
  p.cpu_volt = voltage(vc_, knobs.cpu);
  p.gpu_volt = voltage(vg_, knobs.gpu);
  const double cpu_v2 = p.cpu_volt * p.cpu_volt, gpu_v2 = p.gpu_volt * p.gpu_volt;
  p.working = p.kernels.ms / p.ms;
  p.busy = p.working + (1 - p.working) * gap_;
  p.loaded = loader_processes * knobs.loaders * s / p.ms;
  p.leak_w = cpu_v2 * knobs.cores * c1_;
  p.launch_w = cpu_v2 * knobs.cpu * c2_;
  p.idle_w = cpu_v2 * knobs.cpu * knobs.cores * c3_;
  p.gpu_leak_w = gpu_v2 * g1_;
  p.gpu_w = gpu_v2 * g2_ * knobs.gpu;
  p.emc_w = e1_ * knobs.emc;
  p.compute_w = work.compute_power * gpu_v2 * work.compute_ms / p.ms;
  p.memory_w = work.memory_power * (work.memory_ms + work.fixed_ms) / p.ms;
  p.w = p0_ + p.leak_w + p.launch_w * (1 + p.loaded) + p.idle_w + p.gpu_leak_w + p.gpu_w * p.busy + p.emc_w +
        p.compute_w + p.memory_w;
  return p;
}

Cost Law::cost(const Work& work, const Knobs& knobs) const {
  const Parts parts = parts_at(work, knobs);
  return {parts.ms, parts.w};
}

Prediction Law::predict(const Minibatch& minibatch, const Knobs& knobs, Slopes& slopes) const {
  const Work work = work_of(minibatch);
  const Parts p = parts_at(work, knobs);
  const Kernels& k = p.kernels;
  Parameters& dt = slopes.log_ms;
  Parameters& dp = slopes.log_w;
  dt.setZero();
  dp.setZero();
  const auto of = [&](StreamParameter parameter) { return index_of(minibatch.stream, parameter); };
  // Through the times: of the kernels' logarithm, of launching's, of loading's, and of the traffic's.
  const auto through_time = [&](int index, double d_kernels, double d_launch, double d_loading,
                                double d_traffic) {
    const double d = p.kernel_weight * d_kernels + p.launch_weight * d_launch + p.loading_weight * d_loading;
    dt[index] = d;
    dp[index] = p.launch_w * p.loaded * (d_loading - d) + p.gpu_w * (1 - gap_) * p.working * (d_kernels - d) -
                p.compute_w * d + p.memory_w * (d_traffic - d);
  };
  const double variable = work.memory_ms / (work.memory_ms + work.fixed_ms);
  const double log_mean = k.compute_share * k.log_compute + k.memory_share * k.log_memory;
  const double q = work.exponent;
  dt[of(amount)] = 1;
  through_time(of(memory), k.memory_share * variable, 0, 0, variable);
  through_time(of(memory_fixed), k.memory_share * (1 - variable), 0, 0, 1 - variable);
  through_time(kappa, -k.memory_share * k.on_chip_share, 0, 0, 0);
  through_time(of(exponent), (q - 1) / q * (log_mean - k.log_ms), 0, 0, 0);
  through_time(of(launch), 0, 1, 0, 0);
  if (minibatch.loads) through_time(of(loading), 0, 0, 1, 0);
  const double cpu_w = p.leak_w + p.launch_w * (1 + p.loaded) + p.idle_w;
  const double gpu_w = p.gpu_leak_w + p.gpu_w * p.busy + p.compute_w;
  dp[p0] = p0_;
  dp[c1] = p.leak_w;
  dp[c2] = p.launch_w * (1 + p.loaded);
  dp[c3] = p.idle_w;
  dp[vc] = 2 * cpu_w / p.cpu_volt * (1 - knobs.cpu) * vc_ * (1 - vc_);
  dp[g1] = p.gpu_leak_w;
  dp[g2] = p.gpu_w * p.busy;
  dp[vg] = 2 * gpu_w / p.gpu_volt * (1 - knobs.gpu) * vg_ * (1 - vg_);
  dp[e1] = p.emc_w;
  dp[gap] = p.gpu_w * (1 - p.working) * gap_ * (1 - gap_);
  dp[of(compute_power)] = p.compute_w;
  dp[of(memory_power)] = p.memory_w;
  dp /= p.w;
  return {log(p.ms), log(p.w)};
}

// The same formulas, with what depends on two knobs only taken out of the inner loop.
void Law::predict(const Minibatch& minibatch, const Grid& grid, std::vector<double>& time_ms,
                  std::vector<double>& power_w) const {
  const Work work = work_of(minibatch);
  const std::size_t inner = grid.gpu_.size() * grid.emc_.size();
  std::vector<double> k8(inner), fixed_w(inner), per_time(inner);
  for (std::size_t i = 0; i < inner; ++i) {
    const double g = grid.gpu_[i / grid.emc_.size()], e = grid.emc_[i % grid.emc_.size()];
    Knobs knobs;
    knobs.gpu = g;
    knobs.log_gpu = grid.log_gpu_[i / grid.emc_.size()];
    knobs.emc = e;
    const double kernels_ms = kernels_at(work, knobs).ms;
    const double volt = voltage(vg_, g), v2 = volt * volt;
    k8[i] = eighth_power(kernels_ms);
    fixed_w[i] = p0_ + v2 * (g1_ + g2_ * g * gap_) + e1_ * e;
    per_time[i] = v2 * g2_ * g * (1 - gap_) * kernels_ms + work.compute_power * v2 * work.compute_ms +
                  work.memory_power * (work.memory_ms + work.fixed_ms);
  }
  time_ms.resize(grid.size());
  power_w.resize(grid.size());
  double* time = time_ms.data();
  double* power = power_w.data();
  for (std::size_t n = 0; n < grid.cores_.size(); ++n) {
    for (const double c : grid.cpu_) {
      const double l = work.launch_ms / c, s = work.loading_ms / (c * grid.loaders_[n]);
      const double rest8 = eighth_power(l) + eighth_power(s);
      const double volt = voltage(vc_, c), v2 = volt * volt;
      const double cpu_w = v2 * (grid.cores_[n] * c1_ + c * (c2_ + grid.cores_[n] * c3_));
      const double cpu_per_time = v2 * c * c2_ * loader_processes * grid.loaders_[n] * s;
      for (std::size_t i = 0; i < inner; ++i) {
        const double t = eighth_root(k8[i] + rest8);
        time[i] = t;
        power[i] = fixed_w[i] + cpu_w + (per_time[i] + cpu_per_time) / t;
      }
      time += inner;
      power += inner;
    }
  }
}

Grid::Grid(const devices::ModeSpace& modes) {
  const auto shares = [&](devices::Axis axis) {
    std::vector<double> list;
    for (const std::int32_t value : modes.axis(axis))
      list.push_back(static_cast<double>(value) / modes.axis(axis).back());
    return list;
  };
  cores_ = shares(devices::Axis::cores);
  cpu_ = shares(devices::Axis::cpu);
  gpu_ = shares(devices::Axis::gpu);
  emc_ = shares(devices::Axis::emc);
  for (const double share : gpu_) log_gpu_.push_back(log(share));
  // One core feeds the GPU; where there is one only, loading gets half of it.
  const auto loaders = [](double cores) { return std::clamp(cores - 1, 0.5, loader_processes); };
  const auto& cores = modes.axis(devices::Axis::cores);
  for (const std::int32_t count : cores) loaders_.push_back(loaders(count) / loaders(cores.back()));
}

Knobs Grid::at(std::size_t mode) const {
  const std::size_t emc = mode % emc_.size(), above = mode / emc_.size();
  const std::size_t gpu = above % gpu_.size(), cpu = above / gpu_.size() % cpu_.size();
  const std::size_t cores = above / gpu_.size() / cpu_.size();
  return {cores_[cores], cpu_[cpu], gpu_[gpu], emc_[emc], loaders_[cores], log_gpu_[gpu]};
}

}  // namespace wattline::policies::scout
