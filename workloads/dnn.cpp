#include "workloads/dnn.hpp"

#include <algorithm>

namespace wattline::workloads {

const char* name_of(KernelKind kind) {
  switch (kind) {
    case KernelKind::convolution:
      return "convolution";
    case KernelKind::depthwise_convolution:
      return "depthwise_convolution";
    case KernelKind::matrix_multiply:
      return "matrix_multiply";
    case KernelKind::recurrent:
      return "recurrent";
    case KernelKind::elementwise:
      return "elementwise";
    case KernelKind::normalisation:
      return "normalisation";
    case KernelKind::pooling:
      return "pooling";
    case KernelKind::data_movement:
      return "data_movement";
    case KernelKind::update:
      return "update";
  }
  return "?";
}

const char* name_of(Role role) {
  return role == Role::train ? "train" : "infer";
}

WorkTotals totals(const std::vector<Kernel>& kernels) {
  WorkTotals sum;
  for (const Kernel& kernel : kernels) {
    sum.flop.fixed += kernel.flop.fixed;
    sum.flop.per_sample += kernel.flop.per_sample;
    sum.bytes.fixed += kernel.bytes.fixed;
    sum.bytes.per_sample += kernel.bytes.per_sample;
    sum.launches += kernel.launches;
  }
  return sum;
}

namespace {

bool has_weights(KernelKind kind) {
  return kind == KernelKind::convolution || kind == KernelKind::depthwise_convolution ||
         kind == KernelKind::matrix_multiply || kind == KernelKind::recurrent;
}

bool can_be_fused(KernelKind kind) {
  return kind == KernelKind::elementwise || kind == KernelKind::normalisation;
}

LinearCount doubled(LinearCount count) {
  return {2 * count.fixed, 2 * count.per_sample};
}

void append_backward(const Kernel& forward, std::vector<Kernel>& out) {
  if (has_weights(forward.kind)) {
    out.push_back(
        {forward.name + ".input_gradient", forward.kind, forward.flop, forward.bytes, forward.launches});
    out.push_back(
        {forward.name + ".weight_gradient", forward.kind, forward.flop, forward.bytes, forward.launches});
  } else {
    out.push_back({forward.name + ".gradient", forward.kind, doubled(forward.flop), doubled(forward.bytes),
                   forward.launches});
  }
}

}  // namespace

std::vector<Kernel> fused(std::vector<Kernel> kernels) {
  bool behind_product = false;
  for (Kernel& kernel : kernels) {
    if (has_weights(kernel.kind)) {
      behind_product = true;
      // A recurrent layer keeps one launch a step.
      if (kernel.kind != KernelKind::recurrent) kernel.launches = std::min(kernel.launches, 1);
    } else if (behind_product && can_be_fused(kernel.kind)) {
      kernel.bytes = {};
      kernel.launches = 0;
    } else {
      behind_product = false;
    }
  }
  return kernels;
}

std::vector<Kernel> training_kernels(const Dnn& dnn) {
  std::vector<Kernel> all = dnn.forward;
  for (auto kernel = dnn.forward.rbegin(); kernel != dnn.forward.rend(); ++kernel)
    append_backward(*kernel, all);
  all.push_back({"sgd", KernelKind::update, {2 * dnn.parameters, 0}, {12 * dnn.parameters, 0}, 1});
  return all;
}

std::vector<Kernel> kernels(const Dnn& dnn, Role role) {
  return role == Role::train ? training_kernels(dnn) : dnn.forward;
}

}  // namespace wattline::workloads
