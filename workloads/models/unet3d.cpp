// 3D U-Net for brain tumours as MLPerf Inference measured it up to v1.1: the nnU-Net configuration of BraTS
// 2019 (Isensee et al., arXiv 1809.10486), one patch of 4 channels and 224x224x160 voxels. (From v2.0 on
// MLPerf's 3D U-Net is another network, on kidneys.) Kernel names: level 0 is full resolution.
#include <array>
#include <cstdint>
#include <string>

#include "workloads/models/models.hpp"
#include "workloads/network_builder.hpp"

namespace wattline::workloads {

namespace {

constexpr std::int64_t kInputs = 4;   // magnetic resonance sequences
constexpr std::int64_t kClasses = 4;  // with the background
constexpr std::int64_t kTaps = 3 * 3 * 3;
constexpr std::int64_t kUpTaps = 2 * 2 * 2;
constexpr std::int64_t kBytesPerValue = 4;
// 32 at full resolution (NVIDIA's submission has a plug-in for a last convolution of 32 channels to 4),
// doubled at each level, at most 320.
constexpr std::array<std::int64_t, 6> kChannels = {32, 64, 128, 256, 320, 320};

std::int64_t voxels(std::size_t level) {
  return (std::int64_t{224} >> level) * (std::int64_t{224} >> level) * (std::int64_t{160} >> level);
}

// What a 3D convolution reads and writes; the counting rules are those of its 2D kin.
struct Volume {
  std::int64_t channels;
  std::int64_t voxels;
  std::int64_t values() const { return channels * voxels; }
};

void convolution(NetworkBuilder& net, const std::string& name, Volume in, Volume out, std::int64_t taps) {
  const std::int64_t weights = in.channels * out.channels * taps;
  net.kernel({name,
              KernelKind::convolution,
              {0, 2 * out.values() * in.channels * taps + out.values()},
              {kBytesPerValue * weights, kBytesPerValue * (in.values() + out.values())},
              2});
  net.add_parameters(weights + out.channels);
}

// Convolution, instance normalisation with its scale and shift, leaky rectifier.
Volume conv_block(NetworkBuilder& net, const std::string& name, Volume in, Volume out) {
  convolution(net, name + ".conv", in, out, kTaps);
  net.add_parameters(2 * out.channels);
  // Mean and variance in one pass, scale and shift in another: about 7 FLOP a value, as a softmax.
  net.activation(name + ".norm", Activation::softmax, out.values());
  net.activation(name + ".leaky_relu", Activation::relu, out.values());
  return out;
}

void encode(NetworkBuilder& net) {
  Volume x{kInputs, voxels(0)};
  for (std::size_t level = 0; level < kChannels.size(); ++level) {
    const std::string name = "down" + std::to_string(level);
    const Volume out{kChannels[level], voxels(level)};
    // The first convolution of a level strides.
    x = conv_block(net, name + ".0", x, out);
    x = conv_block(net, name + ".1", x, out);
  }
}

void decode(NetworkBuilder& net) {
  for (std::size_t level = kChannels.size() - 1; level-- > 0;) {
    const std::string name = "up" + std::to_string(level);
    const Volume below{kChannels[level + 1], voxels(level + 1)};
    const Volume out{kChannels[level], voxels(level)};
    // A transposed convolution of stride 2: every voxel below makes eight, so each tap is used once.
    net.kernel({name + ".transposed",
                KernelKind::convolution,
                {0, 2 * below.values() * out.channels * kUpTaps},
                {kBytesPerValue * below.channels * out.channels * kUpTaps,
                 kBytesPerValue * (below.values() + out.values())},
                1});
    net.add_parameters(below.channels * out.channels * kUpTaps);
    const Volume joined{2 * out.channels, out.voxels};
    net.copy(name + ".concat", joined.values());
    conv_block(net, name + ".0", joined, out);
    conv_block(net, name + ".1", out, out);
  }
  const Volume last{kChannels[0], voxels(0)};
  net.kernel(
      {"classes",
       KernelKind::convolution,
       {0, 2 * last.values() * kClasses},
       {kBytesPerValue * last.channels * kClasses, kBytesPerValue * (last.channels + kClasses) * last.voxels},
       1});
  net.add_parameters(last.channels * kClasses);
}

}  // namespace

Dnn unet3d() {
  NetworkBuilder net;
  encode(net);
  decode(net);
  Dnn dnn;
  dnn.name = "unet3d";
  dnn.title = "3D U-Net, BraTS 2019, 224x224x160";
  dnn.source =
      "layer shapes: nnU-Net's 3D configuration (arXiv 1809.10486) for the patch of MLPerf Inference up to "
      "v1.1; 32 channels at full resolution are our reading; counting rules: Pagoda, arXiv 2509.20189";
  dnn.parameters = net.parameters();
  dnn.forward = net.kernels();
  return dnn;
}

}  // namespace wattline::workloads
