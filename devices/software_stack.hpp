// The software that runs a network on a board: the precision it computes in, what it makes of the
// network's operators, what launching them costs the CPU, and how well each network uses the hardware on it.
//
// Efficiency belongs to (network, stack) and so to the precision. Value types; no shared state.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

namespace wattline::devices {

// The format that values are stored in, and in which a stack multiplies them.
enum class Precision { fp32, tf32, fp16, bf16, int8 };

inline constexpr std::array all_precisions = {Precision::fp32, Precision::tf32, Precision::fp16,
                                              Precision::bf16, Precision::int8};

const char* name_of(Precision precision);  // "fp32", ...
std::vector<std::string> precision_names();

// TF32 is FP32 in memory: only the multipliers read fewer bits of it.
double bytes_per_value(Precision precision);

// How well one network, on one software stack, uses the board.
struct Efficiency {
  double compute = 0;  // of peak FLOP/s of the stack's precision, for kernels bound by compute
  double memory = 0;   // of achievable bandwidth, for kernels bound by DRAM or on-chip traffic
  double energy = 1;   // multiplies energy per FLOP and per byte
};

struct SoftwareStack {
  std::string name;  // "pytorch-fp32"
  Precision precision = Precision::fp32;
  // Whether it trains; an engine that was built for inference does not.
  bool trains = true;
  // Element-wise operators and normalisations are computed in the kernel of the convolution or matrix
  // product that they follow, as TensorRT does ("Layer fusion", TensorRT Developer Guide): they cost
  // neither traffic nor a launch. Their FLOP still count.
  bool fuses_elementwise = false;
  // Whether the deep learning accelerators take their share of every minibatch, beside the GPU.
  bool uses_dla = false;
  double launch_cycles_per_operator = 0;          // CPU cycles (relative IPC 1) between two operator launches
  double launch_cycles_fixed = 0;                 // per minibatch
  Efficiency typical;                             // for networks without an entry
  std::map<std::string, Efficiency> by_workload;  // by network

  const Efficiency& efficiency_of(const std::string& network) const;
};

}  // namespace wattline::devices
