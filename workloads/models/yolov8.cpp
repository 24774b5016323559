// YOLOv8-nano (Ultralytics, yolov8.yaml at depth 0.33, width 0.25; 80 classes). Kernel names follow the
// module numbers of that file.
#include <cstdint>
#include <string>
#include <vector>

#include "workloads/models/models.hpp"
#include "workloads/models/studied_use.hpp"
#include "workloads/network_builder.hpp"

namespace wattline::workloads {

namespace {

constexpr std::int64_t kClasses = 80;
constexpr std::int64_t kBoxSides = 4;
constexpr std::int64_t kDistanceBins = 16;  // a side's distance is a distribution over so many bins

// Convolution and SiLU, which the exported graph writes as a sigmoid and a product; PyTorch launches it
// as one.
FeatureMap conv(NetworkBuilder& net, const std::string& name, FeatureMap in, Convolution shape) {
  const FeatureMap out = net.convolution(name + ".conv", in, shape);
  net.activation(name + ".sigmoid", Activation::sigmoid, out.values(), 1);
  net.arithmetic(name + ".mul", out.values(), 0);
  return out;
}

// Cross-stage block: half of the channels pass through `bottlenecks`, every stage's output is kept.
FeatureMap c2f(NetworkBuilder& net, const std::string& name, FeatureMap in, std::int64_t channels,
               int bottlenecks, bool shortcut) {
  const std::int64_t half = channels / 2;
  const FeatureMap both = conv(net, name + ".cv1", in, {.out_channels = channels});
  FeatureMap x{half, both.height, both.width};
  std::vector<FeatureMap> kept = {x, x};
  for (int i = 0; i < bottlenecks; ++i) {
    const std::string stage = name + ".m." + std::to_string(i);
    x = conv(net, stage + ".cv1", x, {.out_channels = half, .kernel = 3});
    x = conv(net, stage + ".cv2", x, {.out_channels = half, .kernel = 3});
    if (shortcut) net.arithmetic(stage + ".add", x.values());
    kept.push_back(x);
  }
  const FeatureMap joined = net.concatenation(name + ".concat", kept);
  return conv(net, name + ".cv2", joined, {.out_channels = channels});
}

// Spatial pyramid pooling by three 5x5 max-pools in a row.
FeatureMap sppf(NetworkBuilder& net, const std::string& name, FeatureMap in) {
  const FeatureMap x = conv(net, name + ".cv1", in, {.out_channels = in.channels / 2});
  std::vector<FeatureMap> kept = {x};
  for (int i = 0; i < 3; ++i) kept.push_back(net.max_pool(name + ".m." + std::to_string(i), x, 5, 1));
  const FeatureMap joined = net.concatenation(name + ".concat", kept);
  return conv(net, name + ".cv2", joined, {.out_channels = in.channels});
}

FeatureMap upsample(NetworkBuilder& net, const std::string& name, FeatureMap in) {
  net.uncounted(name, KernelKind::data_movement);
  return {in.channels, 2 * in.height, 2 * in.width};
}

struct Pyramid {
  FeatureMap p3, p4, p5;  // strides 8, 16, 32
};

Pyramid backbone(NetworkBuilder& net) {
  Pyramid out;
  FeatureMap x = conv(net, "model.0", {3, 640, 640}, {.out_channels = 16, .kernel = 3, .stride = 2});
  x = conv(net, "model.1", x, {.out_channels = 32, .kernel = 3, .stride = 2});
  x = c2f(net, "model.2", x, 32, 1, true);
  x = conv(net, "model.3", x, {.out_channels = 64, .kernel = 3, .stride = 2});
  x = out.p3 = c2f(net, "model.4", x, 64, 2, true);
  x = conv(net, "model.5", x, {.out_channels = 128, .kernel = 3, .stride = 2});
  x = out.p4 = c2f(net, "model.6", x, 128, 2, true);
  x = conv(net, "model.7", x, {.out_channels = 256, .kernel = 3, .stride = 2});
  x = c2f(net, "model.8", x, 256, 1, true);
  out.p5 = sppf(net, "model.9", x);
  return out;
}

Pyramid neck(NetworkBuilder& net, const Pyramid& in) {
  Pyramid out;
  FeatureMap x = net.concatenation("model.11", {upsample(net, "model.10", in.p5), in.p4});
  const FeatureMap middle = c2f(net, "model.12", x, 128, 1, false);
  x = net.concatenation("model.14", {upsample(net, "model.13", middle), in.p3});
  out.p3 = c2f(net, "model.15", x, 64, 1, false);
  x = conv(net, "model.16", out.p3, {.out_channels = 64, .kernel = 3, .stride = 2});
  out.p4 = c2f(net, "model.18", net.concatenation("model.17", {x, middle}), 128, 1, false);
  x = conv(net, "model.19", out.p4, {.out_channels = 128, .kernel = 3, .stride = 2});
  out.p5 = c2f(net, "model.21", net.concatenation("model.20", {x, in.p5}), 256, 1, false);
  return out;
}

FeatureMap detect_branch(NetworkBuilder& net, const std::string& name, FeatureMap in, std::int64_t width,
                         std::int64_t out_channels) {
  FeatureMap x = conv(net, name + ".0", in, {.out_channels = width, .kernel = 3});
  x = conv(net, name + ".1", x, {.out_channels = width, .kernel = 3});
  return net.convolution(name + ".2", x, {.out_channels = out_channels, .end = ConvolutionEnd::bias});
}

// From the expected distances to the four sides to centre and size of the box, in pixels.
void decode_boxes(NetworkBuilder& net, std::int64_t anchors) {
  const std::int64_t corner = 2 * anchors;
  net.uncounted("model.22.top_left", KernelKind::elementwise);      // anchor - distance
  net.uncounted("model.22.bottom_right", KernelKind::elementwise);  // anchor + distance
  net.arithmetic("model.22.centre.add", corner);
  net.arithmetic("model.22.centre.div", corner);
  net.arithmetic("model.22.size", corner);
  net.copy("model.22.box.concat", 2 * corner);
  net.arithmetic("model.22.to_pixels", 2 * corner);
}

void detect(NetworkBuilder& net, const Pyramid& in) {
  const std::int64_t outputs = kBoxSides * kDistanceBins + kClasses;
  std::int64_t anchors = 0;
  int level = 0;
  for (const FeatureMap& x : {in.p3, in.p4, in.p5}) {
    const std::string index = std::to_string(level++);
    const FeatureMap boxes = detect_branch(net, "model.22.cv2." + index, x, 64, kBoxSides * kDistanceBins);
    const FeatureMap classes = detect_branch(net, "model.22.cv3." + index, x, kClasses, kClasses);
    net.concatenation("model.22.concat." + index, {boxes, classes});
    anchors += x.height * x.width;
  }
  net.copy("model.22.concat", outputs * anchors);
  const FeatureMap bins{kDistanceBins, kBoxSides, anchors};
  net.copy("model.22.dfl.transpose", bins.values());
  net.activation("model.22.dfl.softmax", Activation::softmax, bins.values());
  net.convolution("model.22.dfl.conv", bins, {.out_channels = 1, .end = ConvolutionEnd::frozen});
  decode_boxes(net, anchors);
  net.activation("model.22.sigmoid", Activation::sigmoid, kClasses * anchors);
  net.copy("model.22.output.concat", (kBoxSides + kClasses) * anchors);
}

}  // namespace

Dnn yolov8n() {
  NetworkBuilder net;
  detect(net, neck(net, backbone(net)));
  Dnn dnn;
  dnn.name = "yolov8n";
  dnn.title = "YOLOv8n, COCO, 640x640";
  dnn.source = "layer shapes: Ultralytics yolov8.yaml, scale n; counting rules: Pagoda, arXiv 2509.20189";
  dnn.parameters = net.parameters();
  dnn.forward = net.kernels();
  // Estimated: mosaic augmentation decodes and resizes four 640x480 JPEGs a sample.
  dnn.input_pipeline = estimated_input_pipeline(20);
  dnn.infer_batches = studied_infer_batches();
  dnn.train_batches = studied_train_batches();
  return dnn;
}

}  // namespace wattline::workloads
