// SSD-ResNet-34 at 1200x1200 (Liu et al., arXiv 1512.02325), as MLPerf Inference defines it: the first three
// stages of ResNet-34, the third of them without its stride, five extra blocks, and 15,130 boxes of 81
// classes predicted by 3x3 convolutions of stride 3.
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "workloads/models/models.hpp"
#include "workloads/network_builder.hpp"

namespace wattline::workloads {

namespace {

constexpr std::int64_t kClasses = 81;  // with the background
constexpr std::int64_t kBoxSides = 4;

struct Stage {
  std::int64_t channels;
  int blocks;
  std::int64_t stride;
};
constexpr std::array<Stage, 3> kStages = {{{64, 3, 1}, {128, 4, 2}, {256, 6, 1}}};

struct Extra {
  std::int64_t squeezed;
  std::int64_t out_channels;
  std::int64_t stride;
  bool padded;
};
constexpr std::array<Extra, 5> kExtras = {{{256, 512, 2, true},
                                           {256, 512, 2, true},
                                           {128, 256, 2, true},
                                           {128, 256, 2, false},
                                           {128, 256, 1, false}}};

constexpr std::array<std::int64_t, 6> kAnchors = {4, 6, 6, 6, 4, 4};

FeatureMap residual_block(NetworkBuilder& net, const std::string& name, FeatureMap in, const Stage& stage,
                          std::int64_t stride) {
  FeatureMap x =
      net.convolution(name + ".conv1", in, {.out_channels = stage.channels, .kernel = 3, .stride = stride});
  net.activation(name + ".relu1", Activation::relu, x.values());
  x = net.convolution(name + ".conv2", x, {.out_channels = stage.channels, .kernel = 3});
  if (in != x) net.convolution(name + ".downsample", in, {.out_channels = x.channels, .stride = stride});
  net.arithmetic(name + ".add", x.values());
  net.activation(name + ".relu", Activation::relu, x.values());
  return x;
}

FeatureMap backbone(NetworkBuilder& net) {
  FeatureMap x = net.convolution("conv1", {3, 1200, 1200}, {.out_channels = 64, .kernel = 7, .stride = 2});
  net.activation("relu", Activation::relu, x.values());
  x = net.max_pool("maxpool", x, 3, 2);
  for (std::size_t i = 0; i < kStages.size(); ++i) {
    for (int block = 0; block < kStages[i].blocks; ++block) {
      const std::string name = "layer" + std::to_string(i + 1) + "." + std::to_string(block);
      x = residual_block(net, name, x, kStages[i], block == 0 ? kStages[i].stride : 1);
    }
  }
  return x;
}

// The feature maps that boxes are predicted from.
std::vector<FeatureMap> features(NetworkBuilder& net) {
  FeatureMap x = backbone(net);
  std::vector<FeatureMap> sources = {x};
  for (std::size_t i = 0; i < kExtras.size(); ++i) {
    const Extra& extra = kExtras[i];
    const std::string name = "extra" + std::to_string(i);
    x = net.convolution(name + ".squeeze", x, {.out_channels = extra.squeezed, .end = ConvolutionEnd::bias});
    net.activation(name + ".relu1", Activation::relu, x.values());
    x = net.convolution(name + ".conv", x,
                        {.out_channels = extra.out_channels,
                         .kernel = 3,
                         .stride = extra.stride,
                         .end = ConvolutionEnd::bias,
                         .padded = extra.padded});
    net.activation(name + ".relu2", Activation::relu, x.values());
    sources.push_back(x);
  }
  return sources;
}

void predictors(NetworkBuilder& net, const std::vector<FeatureMap>& sources) {
  std::int64_t boxes = 0;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const auto predict = [&](const std::string& what, std::int64_t channels) {
      return net.convolution(
          "box" + std::to_string(i) + what, sources[i],
          {.out_channels = kAnchors[i] * channels, .kernel = 3, .stride = 3, .end = ConvolutionEnd::bias});
    };
    predict(".sides", kBoxSides);
    const FeatureMap classes = predict(".classes", kClasses);
    boxes += kAnchors[i] * classes.height * classes.width;
  }
  net.copy("concat.sides", boxes * kBoxSides);
  net.copy("concat.classes", boxes * kClasses);
  net.activation("scores", Activation::softmax, boxes * kClasses);
}

}  // namespace

Dnn ssd_resnet34() {
  NetworkBuilder net;
  predictors(net, features(net));
  Dnn dnn;
  dnn.name = "ssd_resnet34";
  dnn.title = "SSD-ResNet-34, COCO, 1200x1200";
  dnn.source =
      "layer shapes: the PyTorch model of MLPerf Inference (arXiv 1911.02549, 1512.02325); counting rules: "
      "Pagoda, arXiv 2509.20189; the choice among overlapping boxes is not counted";
  dnn.parameters = net.parameters();
  dnn.forward = net.kernels();
  return dnn;
}

}  // namespace wattline::workloads
