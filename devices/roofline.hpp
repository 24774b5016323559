// The roofline cost model.
//
// Time (Williams et al. 2009; per kernel as in Pagoda, arXiv 2509.20189, section on the time
// roofline, extended by a launch floor and an on-chip ceiling): a kernel of W FLOP and Q bytes takes
//   t = max(W / (e_c F), Q / (e_m B)),   F = SMs x FLOP per clock per SM x f_gpu,
//   B = min(achievable fraction x bytes per EMC clock x f_emc, on-chip bytes per GPU clock x f_gpu)
// with the efficiencies e_c and e_m of the workload: of the network on its software stack, and so in the
// stack's precision. F is the rate of that precision for convolutions, matrix products and recurrent
// layers, which is what tensor cores compute, and that of FP32 for every other kernel. Q is the kernel's
// count at 4 bytes a value, scaled to the precision's. On a stack that fuses, element-wise and
// normalisation kernels behind a convolution or product have no Q and no launch (software_stack.hpp).
// On one that uses the deep learning accelerators (DLA), a minibatch is split between them and the GPU so
// that all finish together, which adds their rate to F: an ideal split, the loss of which is in e_c.
// A minibatch takes
//   T = max(sum of t, launch floor, input pipeline)
// where the launch floor is (fixed + operators x cycles per operator) / (IPC x f_cpu) (one thread issues
// them), and in training the input pipeline prepares samples on min(workers, cores - 1) cores (half of one
// where there is only one).
//
// Power (energy roofline, Choi et al. 2013): static power of the mode plus, over the minibatch, energy
// per FLOP (scaled by V^2 of the GPU clock) and per DRAM byte:
//   P = P_static(mode, activity) + k (eps_flop r V^2 W + eps_byte Q) / T
// with r the energy of a FLOP in the stack's precision relative to FP32 (an operation of a DLA is charged
// as one of the GPU).
// Domains (GPU, CPU, memory, board) are split over the board's rails; see PowerDomain in
// device_spec.hpp for V and the static part.
#pragma once

#include <map>
#include <utility>

#include "devices/cost_model.hpp"
#include "devices/device_spec.hpp"

namespace wattline::devices {

// What bounds a minibatch, and by how much.
struct RooflinePoint {
  double kernels_s = 0;        // sum over kernels
  double launch_s = 0;         // launch floor
  double pipeline_s = 0;       // input pipeline (training only)
  double compute_bound_s = 0;  // part of kernels_s spent in kernels bound by compute
  double compute_s = 0;        // sum over kernels of their compute times, and
  double memory_s = 0;         // of their memory times; a kernel's two overlap
  double flop = 0;
  double bytes = 0;
  double time_s() const;
  const char* bound() const;  // "compute", "memory", "launch" or "input pipeline"
};

// Ceilings of a mode, before any workload's efficiency.
struct Ceilings {
  double flop_per_s = 0;
  double dram_bytes_per_s = 0;  // achievable
  double on_chip_bytes_per_s = 0;
  double bytes_per_s() const {
    return dram_bytes_per_s < on_chip_bytes_per_s ? dram_bytes_per_s : on_chip_bytes_per_s;
  }
};

class RooflineModel final : public CostModel {
 public:
  // Knows the networks of the catalogue, each on every stack of the board: "resnet50" on the default one,
  // "resnet50@tensorrt-int8" on the one named. Unknown networks and stacks, and training on a stack that
  // does not train, are errors; the first two name the nearest.
  explicit RooflineModel(DeviceSpec spec);
  RooflineModel(DeviceSpec spec, const std::vector<workloads::Dnn>& dnns);

  const DeviceSpec& spec() const { return spec_; }
  const std::vector<std::string>& rails() const override { return rails_; }
  Result<Cost> minibatch(const std::string& workload, workloads::Role role, std::int64_t batch,
                         const PowerMode& mode) const override;
  bool counts_kernels() const override { return true; }
  // Training that waits for its input pipeline first wants nothing. Then come the kernels in their order,
  // each with its part of the gaps in which the GPU waits for launches, averaged over `most_phases` stretches
  // of equal time; neighbours that want the same are one phase.
  //
  // A kernel that is bound by compute is taken to use the arithmetic units all the time that it takes, at
  // whatever efficiency, and likewise for memory: what it leaves unused of a unit, another kernel cannot
  // have. How fine the stretches are is our choice: finer ones make more events.
  static constexpr std::size_t most_phases = 16;
  Result<std::vector<sim::Phase>> phases(const std::string& workload, workloads::Role role,
                                         std::int64_t batch, const PowerMode& mode) const override;
  Result<RailPowerW> idle_power_w(const PowerMode& mode) const override;
  std::shared_ptr<const CostModel> with_data_loaded() const override;
  // All cores but the one that issues the GPU's work; half of the only one.
  Result<sim::LoadingCpu> loading_cpu(const PowerMode& mode) const override;
  // The static power P_static of a GPU that is never idle and of one core that issues its work.
  Result<RailPowerW> busy_power_w(const PowerMode& mode) const override;
  MaybeError check_workload(const std::string& workload, workloads::Role role,
                            std::optional<std::int64_t> batch) const override;

  Result<RooflinePoint> place(const std::string& workload, workloads::Role role, std::int64_t batch,
                              const PowerMode& mode) const;
  // In FP32 on the GPU; with a stack, in its precision and with the accelerators that it uses.
  Ceilings ceilings(const PowerMode& mode) const;
  Ceilings ceilings(const PowerMode& mode, const SoftwareStack& stack) const;

 private:
  struct Work {  // of one kernel
    workloads::LinearCount flop;
    workloads::LinearCount bytes;  // at 4 bytes a value
    int launches;
    bool in_precision;  // computed at the rate of the stack's precision
  };
  // What one kernel takes of each unit.
  struct KernelTime {
    double compute_s = 0;
    double memory_s = 0;
    double time_s() const { return compute_s > memory_s ? compute_s : memory_s; }
    bool is_compute_bound() const { return compute_s >= memory_s; }
  };
  // What a network's kernels reach at a mode.
  struct Rates {
    double tensor_flop_per_s, fp32_flop_per_s, bytes_per_s;
    double traffic;  // bytes moved for each one counted
    KernelTime of(const Work& kernel, std::int64_t batch) const {
      const double flop_per_s = kernel.in_precision ? tensor_flop_per_s : fp32_flop_per_s;
      return {static_cast<double>(kernel.flop.at(batch)) / flop_per_s,
              traffic * static_cast<double>(kernel.bytes.at(batch)) / bytes_per_s};
    }
  };
  struct Prepared {  // a network on a stack in one role
    std::vector<Work> kernels;
    workloads::WorkTotals totals;
    workloads::InputPipeline pipeline;  // cycles are 0 in inference
    Efficiency efficiency;
    std::size_t stack;  // index into the spec's
  };
  // Power drawn by each domain, in W.
  struct DomainPower {
    double gpu = 0, cpu = 0, memory = 0, board = 0;
  };

  Prepared prepare(const workloads::Dnn& dnn, std::size_t stack, workloads::Role role) const;
  Result<const Prepared*> find(const std::string& workload, workloads::Role role) const;
  Rates rates(const Prepared& prepared, const PowerMode& mode) const;
  RooflinePoint place(const Prepared& prepared, std::int64_t batch, const PowerMode& mode) const;
  double pipeline_s(const Prepared& prepared, std::int64_t batch, const PowerMode& mode) const;
  double cycles_per_s(const PowerMode& mode) const;  // of a core, in those of relative IPC 1
  // `gpu_drawn`: share of the GPU's clock power that is drawn.
  DomainPower static_power(const PowerMode& mode, double gpu_drawn, double cores_busy) const;
  RailPowerW on_rails(const DomainPower& power) const;

  DeviceSpec spec_;
  std::vector<std::string> rails_;
  std::vector<std::string> networks_;
  // By role, then by network and stack; stacks that do not train are absent there.
  std::map<std::pair<std::string, std::size_t>, Prepared> prepared_[2];
};

}  // namespace wattline::devices
