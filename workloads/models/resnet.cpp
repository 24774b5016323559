// ResNet-18 and ResNet-50 (He et al., arXiv 1512.03385) as in torchvision: the stride of a bottleneck
// is on its 3x3 convolution.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "workloads/models/models.hpp"
#include "workloads/models/studied_use.hpp"
#include "workloads/network_builder.hpp"

namespace wattline::workloads {

namespace {

struct Family {
  std::array<int, 4> blocks_per_stage;
  bool bottleneck;  // 1x1, 3x3, 1x1 with 4 times the channels at the end; else 3x3, 3x3
};

FeatureMap main_path(NetworkBuilder& net, const std::string& block, FeatureMap in, std::int64_t channels,
                     std::int64_t stride, bool bottleneck) {
  if (!bottleneck) {
    const FeatureMap mid =
        net.convolution(block + ".conv1", in, {.out_channels = channels, .kernel = 3, .stride = stride});
    net.activation(block + ".relu1", Activation::relu, mid.values());
    return net.convolution(block + ".conv2", mid, {.out_channels = channels, .kernel = 3});
  }
  const FeatureMap narrow = net.convolution(block + ".conv1", in, {.out_channels = channels});
  net.activation(block + ".relu1", Activation::relu, narrow.values());
  const FeatureMap mid =
      net.convolution(block + ".conv2", narrow, {.out_channels = channels, .kernel = 3, .stride = stride});
  net.activation(block + ".relu2", Activation::relu, mid.values());
  return net.convolution(block + ".conv3", mid, {.out_channels = 4 * channels});
}

FeatureMap residual_block(NetworkBuilder& net, const std::string& block, FeatureMap in, std::int64_t channels,
                          std::int64_t stride, bool bottleneck) {
  const FeatureMap out = main_path(net, block, in, channels, stride, bottleneck);
  if (in != out) {
    net.convolution(block + ".downsample", in, {.out_channels = out.channels, .stride = stride});
  }
  net.arithmetic(block + ".add", out.values());
  net.activation(block + ".relu", Activation::relu, out.values());
  return out;
}

NetworkBuilder residual_network(const Family& family) {
  NetworkBuilder net;
  FeatureMap x = net.convolution("conv1", {3, 224, 224}, {.out_channels = 64, .kernel = 7, .stride = 2});
  net.activation("relu", Activation::relu, x.values());
  x = net.max_pool("maxpool", x, 3, 2);
  for (std::size_t stage = 0; stage < family.blocks_per_stage.size(); ++stage) {
    const std::int64_t channels = std::int64_t{64} << stage;
    for (int block = 0; block < family.blocks_per_stage[stage]; ++block) {
      const std::int64_t stride = stage > 0 && block == 0 ? 2 : 1;
      const std::string name = "layer" + std::to_string(stage + 1) + "." + std::to_string(block);
      x = residual_block(net, name, x, channels, stride, family.bottleneck);
    }
  }
  x = net.global_average_pool("avgpool", x);
  net.copy("flatten", x.values(), 0);  // a view in PyTorch, an operator with traffic under the rules
  net.linear("fc", {.rows = 1, .inner = x.channels, .columns = 1000});
  return net;
}

constexpr const char* kSource =
    "layer shapes: He et al., arXiv 1512.03385, as in torchvision; counting rules: Pagoda, arXiv 2509.20189";

}  // namespace

Dnn resnet50() {
  const NetworkBuilder net = residual_network({{3, 4, 6, 3}, true});
  Dnn dnn;
  dnn.name = "resnet50";
  dnn.title = "ResNet-50, ImageNet, 224x224";
  dnn.source = kSource;
  dnn.parameters = net.parameters();
  dnn.forward = net.kernels();
  dnn.infer_batches = studied_infer_batches();
  return dnn;
}

Dnn resnet18() {
  const NetworkBuilder net = residual_network({{2, 2, 2, 2}, false});
  Dnn dnn;
  dnn.name = "resnet18";
  dnn.title = "ResNet-18, ImageNet, 224x224";
  dnn.source = kSource;
  dnn.parameters = net.parameters();
  dnn.forward = net.kernels();
  // Estimated: decoding a 500x375 JPEG of about 130 kB and a random resized crop.
  dnn.input_pipeline = estimated_input_pipeline(9);
  dnn.train_batches = studied_train_batches();
  return dnn;
}

}  // namespace wattline::workloads
