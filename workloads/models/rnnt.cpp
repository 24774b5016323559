// RNN-T (Graves, arXiv 1211.3711; He et al., arXiv 1811.06621) as MLPerf Inference defines it for speech:
// 240 input values every 30 ms, two LSTM layers, every second pair of steps joined, three more layers; a
// prediction network of two layers over the symbols so far; and a joint network that chooses the next symbol
// or moves on. Greedy decoding.
//
// An utterance has 6.2 s and 92 symbols, what is left of LibriSpeech dev-clean (5.4 h, 288,456 characters in
// 2703 utterances) after MLPerf's cut at 15 s (2513 utterances): our estimate, assuming that the 190 that
// fall out last 20 s each and that the rate of speech is that of all. Work is proportional to both.
#include <cstdint>
#include <string>

#include "workloads/models/lstm_layer.hpp"
#include "workloads/models/models.hpp"
#include "workloads/network_builder.hpp"

namespace wattline::workloads {

namespace {

constexpr std::int64_t kFeatures = 240;  // 80 mel bands of three frames
constexpr std::int64_t kFrames = 206;    // of 30 ms in 6.2 s
constexpr std::int64_t kStacked = kFrames / 2;
constexpr std::int64_t kSymbols = 92;
constexpr std::int64_t kVocabulary = 29;  // with the blank
constexpr std::int64_t kEncoderHidden = 1024;
constexpr std::int64_t kPredictionHidden = 320;
constexpr std::int64_t kJointHidden = 512;

void add_lstm(NetworkBuilder& net, const std::string& name, const LstmShape& shape) {
  net.kernel(lstm_layer(name, shape));
  net.add_parameters(shape.parameters());
}

void encoder(NetworkBuilder& net) {
  add_lstm(net, "encoder.pre.0", {kFeatures, kEncoderHidden, kFrames});
  add_lstm(net, "encoder.pre.1", {kEncoderHidden, kEncoderHidden, kFrames});
  net.copy("encoder.stack_time", kStacked * 2 * kEncoderHidden);
  add_lstm(net, "encoder.post.0", {2 * kEncoderHidden, kEncoderHidden, kStacked});
  for (const char* layer : {"1", "2"}) {
    add_lstm(net, std::string("encoder.post.") + layer, {kEncoderHidden, kEncoderHidden, kStacked});
  }
}

void decoder(NetworkBuilder& net) {
  net.copy("prediction.embed", kSymbols * kPredictionHidden);
  net.add_parameters((kVocabulary - 1) * kPredictionHidden);
  for (const char* layer : {"0", "1"}) {
    add_lstm(net, std::string("prediction.") + layer, {kPredictionHidden, kPredictionHidden, kSymbols});
  }
  // One evaluation for each symbol and one for each step that moves on.
  const std::int64_t choices = kSymbols + kStacked;
  const std::int64_t joined = kEncoderHidden + kPredictionHidden;
  net.copy("joint.concat", choices * joined, static_cast<int>(choices));
  net.linear("joint.hidden", {.rows = choices, .inner = joined, .columns = kJointHidden});
  net.activation("joint.relu", Activation::relu, choices * kJointHidden);
  net.linear("joint.symbol", {.rows = choices, .inner = kJointHidden, .columns = kVocabulary});
}

}  // namespace

Dnn rnnt() {
  NetworkBuilder net;
  encoder(net);
  decoder(net);
  Dnn dnn;
  dnn.name = "rnnt";
  dnn.title = "RNN-T, LibriSpeech, 6.2 s an utterance";
  dnn.source =
      "layer shapes: rnnt.toml of MLPerf Inference (arXiv 1211.3711, 1811.06621); counting rules: Pagoda, "
      "arXiv 2509.20189; 6.2 s and 92 symbols an utterance, our estimate of the mean of dev-clean up to 15 "
      "s; "
      "the mel filter bank is not counted";
  dnn.parameters = net.parameters();
  dnn.forward = net.kernels();
  return dnn;
}

}  // namespace wattline::workloads
