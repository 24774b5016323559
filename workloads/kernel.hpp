// A kernel: the smallest piece of work whose cost is counted. One layer of a DNN gives one or a few.
//
// FLOP and bytes are exact linear forms in the batch size b:  total(b) = fixed + per_sample * b.
// A multiply-accumulate is 2 FLOP. Bytes are DRAM traffic under the rule that every operator reads
// its inputs and weights once and writes its output once, 4 bytes a value (Pagoda, arXiv 2509.20189,
// counting rules of its repository). Value types; no shared state.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace wattline::workloads {

enum class KernelKind {
  convolution,
  depthwise_convolution,
  matrix_multiply,
  recurrent,
  elementwise,  // activations, additions, products
  normalisation,
  pooling,
  data_movement,  // concatenation, transposition, embedding look-up
  update          // optimizer step over the parameters
};

const char* name_of(KernelKind kind);

// The size of a value under that rule; who runs a kernel in another precision scales its bytes.
inline constexpr double counted_bytes_per_value = 4;

struct LinearCount {
  std::int64_t fixed = 0;
  std::int64_t per_sample = 0;

  std::int64_t at(std::int64_t batch) const { return fixed + per_sample * batch; }
  bool operator==(const LinearCount&) const = default;
};

struct Kernel {
  std::string name;  // "layer3.0.conv2"
  KernelKind kind = KernelKind::elementwise;
  LinearCount flop;
  LinearCount bytes;
  // Number of operator launches that a define-by-run framework (PyTorch eager) issues for it: a
  // convolution with folded batch normalisation counts as one kernel here but is launched as two.
  int launches = 1;
};

struct WorkTotals {
  LinearCount flop;
  LinearCount bytes;
  std::int64_t launches = 0;
};

WorkTotals totals(const std::vector<Kernel>& kernels);

// The kernels of an engine that fuses: each element-wise or normalisation kernel that directly follows a
// convolution, matrix product or recurrent layer (or another one that does) is computed where the
// product is still in registers, so its bytes and launches become 0 and its FLOP stay; a convolution or
// product is one launch, its normalisation folded in. What stands behind pooling or a copy stays as it is.
std::vector<Kernel> fused(std::vector<Kernel> kernels);

}  // namespace wattline::workloads
