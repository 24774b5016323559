#include "workloads/network_builder.hpp"

namespace wattline::workloads {

namespace {

constexpr std::int64_t kBytesPerValue = 4;

LinearCount per_sample(std::int64_t count) {
  return {0, count};
}

// Traffic of `weights` values read once a batch and `activations` values read or written a sample.
LinearCount traffic(std::int64_t weights, std::int64_t activations) {
  return {kBytesPerValue * weights, kBytesPerValue * activations};
}

std::int64_t flop_per_value(Activation function) {
  switch (function) {
    case Activation::relu:
      return 1;
    case Activation::sigmoid:
      return 4;
    case Activation::tanh:
      return 5;
    case Activation::hard_sigmoid:
      return 4;
    case Activation::hard_swish:
      return 5;
    case Activation::erf:
      return 8;
    case Activation::softmax:
      return 7;
  }
  return 1;
}

std::int64_t output_size(std::int64_t input, std::int64_t kernel, std::int64_t stride, bool padded = true) {
  const std::int64_t padding = padded ? kernel / 2 : 0;
  return (input + 2 * padding - kernel) / stride + 1;
}

std::int64_t trainable_values(const Convolution& shape, std::int64_t weights) {
  switch (shape.end) {
    case ConvolutionEnd::batch_norm:
      return weights + 2 * shape.out_channels;
    case ConvolutionEnd::bias:
      return weights + shape.out_channels;
    case ConvolutionEnd::frozen:
      return 0;
  }
  return 0;
}

}  // namespace

FeatureMap NetworkBuilder::convolution(const std::string& name, FeatureMap in, Convolution shape) {
  const FeatureMap out{shape.out_channels, output_size(in.height, shape.kernel, shape.stride, shape.padded),
                       output_size(in.width, shape.kernel, shape.stride, shape.padded)};
  const std::int64_t products_per_value = in.channels / shape.groups * shape.kernel * shape.kernel;
  const std::int64_t weights = shape.out_channels * products_per_value;
  const bool depthwise = shape.groups > 1 && shape.groups == in.channels;
  kernels_.push_back({name, depthwise ? KernelKind::depthwise_convolution : KernelKind::convolution,
                      per_sample(2 * out.values() * products_per_value + out.values()),
                      traffic(weights, in.values() + out.values()),
                      shape.end == ConvolutionEnd::frozen ? 1 : 2});
  parameters_ += trainable_values(shape, weights);
  return out;
}

void NetworkBuilder::linear(const std::string& name, MatrixProduct shape) {
  batched_product(name, 1, shape);
  parameters_ += shape.inner * shape.columns + shape.columns;
}

void NetworkBuilder::batched_product(const std::string& name, std::int64_t matrices, MatrixProduct shape) {
  const std::int64_t first = matrices * shape.rows * shape.inner;
  const std::int64_t out = matrices * shape.rows * shape.columns;
  kernels_.push_back({name, KernelKind::matrix_multiply, per_sample(2 * out * shape.inner),
                      traffic(shape.inner * shape.columns, first + out), 1});
}

void NetworkBuilder::activation(const std::string& name, Activation function, std::int64_t values,
                                int launches) {
  const auto kind = function == Activation::softmax ? KernelKind::normalisation : KernelKind::elementwise;
  kernels_.push_back(
      {name, kind, per_sample(flop_per_value(function) * values), traffic(0, 2 * values), launches});
}

void NetworkBuilder::arithmetic(const std::string& name, std::int64_t values, int launches) {
  kernels_.push_back({name, KernelKind::elementwise, per_sample(values), traffic(0, 3 * values), launches});
}

FeatureMap NetworkBuilder::max_pool(const std::string& name, FeatureMap in, std::int64_t kernel,
                                    std::int64_t stride) {
  const FeatureMap out{in.channels, output_size(in.height, kernel, stride),
                       output_size(in.width, kernel, stride)};
  kernels_.push_back({name, KernelKind::pooling, per_sample(out.values() * (kernel * kernel - 1)),
                      traffic(0, in.values() + out.values()), 1});
  return out;
}

FeatureMap NetworkBuilder::global_average_pool(const std::string& name, FeatureMap in) {
  const FeatureMap out{in.channels};
  kernels_.push_back(
      {name, KernelKind::pooling, per_sample(in.values()), traffic(0, in.values() + out.values()), 1});
  return out;
}

FeatureMap NetworkBuilder::concatenation(const std::string& name, const std::vector<FeatureMap>& parts) {
  FeatureMap out = parts.front();
  out.channels = 0;
  for (const FeatureMap& part : parts) out.channels += part.channels;
  copy(name, out.values());
  return out;
}

void NetworkBuilder::copy(const std::string& name, std::int64_t values, int launches) {
  kernels_.push_back({name, KernelKind::data_movement, {}, traffic(0, 2 * values), launches});
}

void NetworkBuilder::uncounted(const std::string& name, KernelKind kind, int launches) {
  kernels_.push_back({name, kind, {}, {}, launches});
}

}  // namespace wattline::workloads
