// MobileNet-v3-large (Howard et al., arXiv 1905.02244) as in torchvision.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "workloads/models/models.hpp"
#include "workloads/models/studied_use.hpp"
#include "workloads/network_builder.hpp"

namespace wattline::workloads {

namespace {

// One row of table 1 of arXiv 1905.02244.
struct InvertedResidual {
  std::int64_t kernel;
  std::int64_t expanded;  // channels of the depthwise convolution
  std::int64_t out;
  bool squeeze_excite;
  Activation activation;
  std::int64_t stride;
};

constexpr Activation kRelu = Activation::relu;
constexpr Activation kSwish = Activation::hard_swish;

constexpr std::array<InvertedResidual, 15> kBlocks = {{
    {3, 16, 16, false, kRelu, 1},
    {3, 64, 24, false, kRelu, 2},
    {3, 72, 24, false, kRelu, 1},
    {5, 72, 40, true, kRelu, 2},
    {5, 120, 40, true, kRelu, 1},
    {5, 120, 40, true, kRelu, 1},
    {3, 240, 80, false, kSwish, 2},
    {3, 200, 80, false, kSwish, 1},
    {3, 184, 80, false, kSwish, 1},
    {3, 184, 80, false, kSwish, 1},
    {3, 480, 112, true, kSwish, 1},
    {3, 672, 112, true, kSwish, 1},
    {5, 672, 160, true, kSwish, 2},
    {5, 960, 160, true, kSwish, 1},
    {5, 960, 160, true, kSwish, 1},
}};

// A quarter of the channels, rounded to the nearest multiple of 8 but not down by more than a tenth.
std::int64_t squeezed_channels(std::int64_t channels) {
  const std::int64_t quarter = channels / 4;
  const std::int64_t rounded = (quarter + 4) / 8 * 8;
  return 10 * rounded < 9 * quarter ? rounded + 8 : rounded;
}

void squeeze_excite(NetworkBuilder& net, const std::string& name, FeatureMap x) {
  const FeatureMap pooled = net.global_average_pool(name + ".avgpool", x);
  const FeatureMap squeezed = net.convolution(
      name + ".fc1", pooled, {.out_channels = squeezed_channels(x.channels), .end = ConvolutionEnd::bias});
  net.activation(name + ".relu", Activation::relu, squeezed.values());
  const FeatureMap scale =
      net.convolution(name + ".fc2", squeezed, {.out_channels = x.channels, .end = ConvolutionEnd::bias});
  net.activation(name + ".hardsigmoid", Activation::hard_sigmoid, scale.values());
  net.arithmetic(name + ".mul", x.values());
}

FeatureMap inverted_residual(NetworkBuilder& net, const std::string& name, FeatureMap in,
                             const InvertedResidual& block) {
  FeatureMap x = in;
  if (block.expanded != in.channels) {
    x = net.convolution(name + ".expand", x, {.out_channels = block.expanded});
    net.activation(name + ".expand.act", block.activation, x.values());
  }
  x = net.convolution(name + ".depthwise", x,
                      {.out_channels = block.expanded,
                       .kernel = block.kernel,
                       .stride = block.stride,
                       .groups = block.expanded});
  net.activation(name + ".depthwise.act", block.activation, x.values());
  if (block.squeeze_excite) squeeze_excite(net, name + ".se", x);
  x = net.convolution(name + ".project", x, {.out_channels = block.out});
  if (x == in) net.arithmetic(name + ".add", x.values());
  return x;
}

NetworkBuilder network() {
  NetworkBuilder net;
  FeatureMap x = net.convolution("features.0", {3, 224, 224}, {.out_channels = 16, .kernel = 3, .stride = 2});
  net.activation("features.0.act", kSwish, x.values());
  for (std::size_t i = 0; i < kBlocks.size(); ++i) {
    x = inverted_residual(net, "features." + std::to_string(i + 1), x, kBlocks[i]);
  }
  x = net.convolution("features.16", x, {.out_channels = 960});
  net.activation("features.16.act", kSwish, x.values());
  x = net.global_average_pool("avgpool", x);
  net.copy("flatten", x.values(), 0);  // a view in PyTorch, an operator with traffic under the rules
  net.linear("classifier.0", {.rows = 1, .inner = 960, .columns = 1280});
  net.activation("classifier.1", kSwish, 1280);
  net.linear("classifier.3", {.rows = 1, .inner = 1280, .columns = 1000});
  return net;
}

}  // namespace

Dnn mobilenet_v3_large() {
  const NetworkBuilder net = network();
  Dnn dnn;
  dnn.name = "mobilenet_v3_large";
  dnn.title = "MobileNet-v3-large, 224x224";
  dnn.source =
      "layer shapes: Howard et al., arXiv 1905.02244, as in torchvision; counting rules: Pagoda, arXiv "
      "2509.20189";
  dnn.parameters = net.parameters();
  dnn.forward = net.kernels();
  // Estimated: GLD-23k holds large photographs (2.8 GB in 23,080 JPEGs, 120 kB each); decoding one at
  // full size, then a random resized crop.
  dnn.input_pipeline = estimated_input_pipeline(16);
  dnn.infer_batches = studied_infer_batches();
  dnn.train_batches = studied_train_batches();
  return dnn;
}

}  // namespace wattline::workloads
