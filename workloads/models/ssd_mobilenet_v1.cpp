// SSD-MobileNet-v1 (Liu et al., arXiv 1512.02325, on Howard et al., arXiv 1704.04861) as in TensorFlow's
// object detection zoo, ssd_mobilenet_v1_coco: 91 classes, 1917 boxes, predictions by 1x1 convolutions.
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "workloads/models/models.hpp"
#include "workloads/network_builder.hpp"

namespace wattline::workloads {

namespace {

constexpr std::int64_t kClasses = 91;  // with the background
constexpr std::int64_t kBoxSides = 4;

// A depthwise 3x3 and a pointwise convolution.
struct Separable {
  std::int64_t out_channels;
  std::int64_t stride;
};

// Table 1 of arXiv 1704.04861.
constexpr std::array<Separable, 13> kBody = {{{64, 1},
                                              {128, 2},
                                              {128, 1},
                                              {256, 2},
                                              {256, 1},
                                              {512, 2},
                                              {512, 1},
                                              {512, 1},
                                              {512, 1},
                                              {512, 1},
                                              {512, 1},
                                              {1024, 2},
                                              {1024, 1}}};
constexpr std::size_t kFirstSource = 10;  // index of the block that boxes are first predicted from

struct Extra {
  std::int64_t squeezed;
  std::int64_t out_channels;
};
constexpr std::array<Extra, 4> kExtras = {{{256, 512}, {128, 256}, {128, 256}, {64, 128}}};

FeatureMap conv_relu(NetworkBuilder& net, const std::string& name, FeatureMap in, Convolution shape) {
  const FeatureMap out = net.convolution(name, in, shape);
  net.activation(name + ".relu6", Activation::relu, out.values());
  return out;
}

// The feature maps that boxes are predicted from.
std::vector<FeatureMap> features(NetworkBuilder& net) {
  std::vector<FeatureMap> sources;
  FeatureMap x = conv_relu(net, "conv0", {3, 300, 300}, {.out_channels = 32, .kernel = 3, .stride = 2});
  for (std::size_t i = 0; i < kBody.size(); ++i) {
    const std::string name = "conv" + std::to_string(i + 1);
    x = conv_relu(net, name + ".depthwise", x,
                  {.out_channels = x.channels, .kernel = 3, .stride = kBody[i].stride, .groups = x.channels});
    x = conv_relu(net, name + ".pointwise", x, {.out_channels = kBody[i].out_channels});
    if (i == kFirstSource) sources.push_back(x);
  }
  sources.push_back(x);
  for (std::size_t i = 0; i < kExtras.size(); ++i) {
    const std::string name = "extra" + std::to_string(i);
    x = conv_relu(net, name + ".squeeze", x, {.out_channels = kExtras[i].squeezed});
    x = conv_relu(net, name + ".conv", x,
                  {.out_channels = kExtras[i].out_channels, .kernel = 3, .stride = 2});
    sources.push_back(x);
  }
  return sources;
}

void predictors(NetworkBuilder& net, const std::vector<FeatureMap>& sources) {
  std::int64_t boxes = 0;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const std::int64_t anchors = i == 0 ? 3 : 6;
    const std::string name = "box" + std::to_string(i);
    net.convolution(name + ".sides", sources[i],
                    {.out_channels = anchors * kBoxSides, .end = ConvolutionEnd::bias});
    net.convolution(name + ".classes", sources[i],
                    {.out_channels = anchors * kClasses, .end = ConvolutionEnd::bias});
    boxes += anchors * sources[i].height * sources[i].width;
  }
  net.copy("concat.sides", boxes * kBoxSides);
  net.copy("concat.classes", boxes * kClasses);
  net.activation("scores", Activation::sigmoid, boxes * kClasses);
}

}  // namespace

Dnn ssd_mobilenet_v1() {
  NetworkBuilder net;
  predictors(net, features(net));
  Dnn dnn;
  dnn.name = "ssd_mobilenet_v1";
  dnn.title = "SSD-MobileNet-v1, COCO, 300x300";
  dnn.source =
      "layer shapes: TensorFlow's ssd_mobilenet_v1_coco (arXiv 1704.04861, 1512.02325); counting rules: "
      "Pagoda, arXiv 2509.20189; the choice among overlapping boxes is not counted";
  dnn.parameters = net.parameters();
  dnn.forward = net.kernels();
  return dnn;
}

}  // namespace wattline::workloads
