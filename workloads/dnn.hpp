// A DNN workload: what one minibatch of it costs in kernels, forward (inference) and forward plus
// backward plus update (training), and what its training samples cost the CPU to prepare.
//
// Value type; the catalogue (catalog.hpp) owns the built-in ones.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "workloads/kernel.hpp"

namespace wattline::workloads {

enum class Role { train, infer };
const char* name_of(Role role);  // "train", "infer"

// Preparing one training sample (read, decode, augment) on the CPU, done by data-loader workers
// beside the GPU's work.
struct InputPipeline {
  double cpu_cycles_per_sample = 0;  // on a core of relative IPC 1 (Cortex-A78AE)
  int workers = 4;                   // data-loader processes
};

struct Dnn {
  std::string name;              // "resnet50"
  std::string title;             // "ResNet-50, ImageNet, 224x224"
  std::string source;            // where layer shapes and counting rules come from
  std::int64_t parameters = 0;   // trainable values
  std::vector<Kernel> forward;   // in execution order
  InputPipeline input_pipeline;  // of training; inference requests arrive ready
  // Batch sizes of the studies of it; empty: not used in that role. A network without either belongs to a
  // benchmark: it can be run at any batch, but is listed in no table of studied minibatches.
  std::vector<int> infer_batches;
  std::vector<int> train_batches;
};

// Forward, backward and update. Backward of a kernel that has weights is two kernels (gradient of
// the input, gradient of the weights) of the forward kernel's FLOP and bytes each; of any other
// kernel it is one kernel with twice the FLOP and bytes. The update (SGD) reads gradient and
// parameter and writes the parameter: 12 bytes and 2 FLOP a parameter. Apart from the update this
// is Pagoda's rule, training = 3 x inference.
std::vector<Kernel> training_kernels(const Dnn& dnn);

// The kernels of one minibatch in `role`.
std::vector<Kernel> kernels(const Dnn& dnn, Role role);

}  // namespace wattline::workloads
