// Turns layer shapes into counted kernels, under the counting rules of Pagoda (arXiv 2509.20189; its
// repository, src/analytical_model), which count the operators of an exported ONNX graph:
//   * 4 bytes a value; an operator reads its inputs and weights once and writes its output once;
//   * convolution: 2 FLOP a multiply-accumulate and 1 an output value (the bias, into which batch
//     normalisation is folded); the bias itself is not counted as traffic;
//   * activation: a fixed number of FLOP a value (below), 2 tensors of traffic;
//   * add, subtract, multiply, divide: 1 FLOP a value, 3 tensors of traffic, also where one operand is
//     broadcast or a constant;
//   * max-pooling: kernel area - 1 FLOP an output value; global average pooling: its area;
//   * transposition, concatenation, flattening: no FLOP, traffic in and out;
//   * nothing for Resize, Gather, LayerNormalization, nor for an operator whose first operand is a
//     constant, such as the bias after a matrix product: the rules' own tool passes over those.
//
// Every method appends one kernel (counts are for one sample, weights for the whole batch) and adds the
// layer's trainable values to parameters(). Methods on feature maps return the shape of their output,
// so branches are ordinary variables. Not thread-safe; one builder a network.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "workloads/kernel.hpp"

namespace wattline::workloads {

// One sample's channels x height x width.
struct FeatureMap {
  std::int64_t channels = 0;
  std::int64_t height = 1;
  std::int64_t width = 1;

  std::int64_t values() const { return channels * height * width; }
  bool operator==(const FeatureMap&) const = default;
};

// What follows the products of a convolution; decides trainable values and launches, not the counts.
enum class ConvolutionEnd {
  batch_norm,  // scale and shift a channel; launched by its own operator
  bias,        // a shift a channel; a launch of its own too, beside cuDNN's convolution
  frozen       // fixed weights, no shift
};

// Square kernel, padded by half of it (so stride 1 keeps the size) or not at all.
struct Convolution {
  std::int64_t out_channels = 0;
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t groups = 1;
  ConvolutionEnd end = ConvolutionEnd::batch_norm;
  bool padded = true;
};

enum class Activation { relu, sigmoid, tanh, hard_sigmoid, hard_swish, erf, softmax };

// rows x inner times inner x columns, for one sample.
struct MatrixProduct {
  std::int64_t rows = 0;
  std::int64_t inner = 0;
  std::int64_t columns = 0;
};

class NetworkBuilder {
 public:
  // A convolution whose groups equal its input channels (and are more than one) counts as depthwise.
  FeatureMap convolution(const std::string& name, FeatureMap in, Convolution shape);

  // inner x columns trainable weights and `columns` biases. The bias is added by the same launch and,
  // as the rules have it, costs nothing.
  void linear(const std::string& name, MatrixProduct shape);

  // Product of two activations, `matrices` of it side by side (attention heads). The rules take the
  // second operand for weights: inner x columns values read once a batch, whatever `matrices` is.
  void batched_product(const std::string& name, std::int64_t matrices, MatrixProduct shape);

  void activation(const std::string& name, Activation function, std::int64_t values, int launches = 1);

  // Add, subtract, multiply or divide, the first operand not a constant; `values` of the output.
  void arithmetic(const std::string& name, std::int64_t values, int launches = 1);

  FeatureMap max_pool(const std::string& name, FeatureMap in, std::int64_t kernel, std::int64_t stride);
  FeatureMap global_average_pool(const std::string& name, FeatureMap in);

  // Along the channels; all parts have the same height and width. Precondition: parts is not empty.
  FeatureMap concatenation(const std::string& name, const std::vector<FeatureMap>& parts);

  // Reads and writes `values` values.
  void copy(const std::string& name, std::int64_t values, int launches = 1);

  // An operator that the rules pass over: neither FLOP nor bytes, kept for its launch and its place in
  // the order.
  void uncounted(const std::string& name, KernelKind kind, int launches = 1);

  // A kernel counted by the caller.
  void kernel(Kernel counted) { kernels_.push_back(std::move(counted)); }

  // Trainable values that no method above knows of (embedding tables, layer normalisation).
  void add_parameters(std::int64_t values) { parameters_ += values; }

  std::int64_t parameters() const { return parameters_; }
  const std::vector<Kernel>& kernels() const { return kernels_; }

 private:
  std::vector<Kernel> kernels_;
  std::int64_t parameters_ = 0;
};

}  // namespace wattline::workloads
