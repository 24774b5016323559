// BERT base and large (Devlin et al., arXiv 1810.04805), uncased, the encoder with its pooler, as
// transformers' BertModel exports it: attention and the Gaussian error linear unit (GELU) written out in
// elementary operators.
//
// Layer normalisation (one operator in that export) and the embedding look-ups are launched but have no
// cost under the counting rules. Counted at 2 tensors each, the normalisations would add about 4 % to the
// traffic of a sample.
#include <cstdint>
#include <string>

#include "workloads/models/models.hpp"
#include "workloads/models/studied_use.hpp"
#include "workloads/network_builder.hpp"

namespace wattline::workloads {

namespace {

constexpr std::int64_t kStudiedTokens = 128;
// Of a question and its paragraph in SQuAD 1.1, mean over the 10,833 features of its validation set; at most
// 384. Recalled with medium confidence.
constexpr std::int64_t kSquadTokens = 178;
constexpr std::int64_t kVocabulary = 30522;
constexpr std::int64_t kPositions = 512;
constexpr std::int64_t kTokenTypes = 2;

struct Size {
  int layers;
  std::int64_t heads;
  std::int64_t hidden;  // 64 a head
  std::int64_t tokens;

  std::int64_t values() const { return tokens * hidden; }
  std::int64_t feed_forward() const { return 4 * hidden; }
};

void linear(NetworkBuilder& net, const std::string& name, const Size& size, std::int64_t inputs,
            std::int64_t outputs) {
  net.linear(name, {.rows = size.tokens, .inner = inputs, .columns = outputs});
}

void layer_norm(NetworkBuilder& net, const std::string& name, const Size& size) {
  net.uncounted(name, KernelKind::normalisation);
  net.add_parameters(2 * size.hidden);
}

void embeddings(NetworkBuilder& net, const Size& size) {
  for (const char* table : {"word", "position", "token_type"}) {
    net.uncounted(std::string("embeddings.") + table, KernelKind::data_movement);
  }
  net.arithmetic("embeddings.add_token_type", size.values());
  net.arithmetic("embeddings.add_position", size.values());
  layer_norm(net, "embeddings.norm", size);
  net.add_parameters((kVocabulary + kPositions + kTokenTypes) * size.hidden);
  // Additive mask: (1 - mask) * lowest value.
  net.uncounted("mask.sub", KernelKind::elementwise);
  net.arithmetic("mask.mul", size.tokens);
}

void attention(NetworkBuilder& net, const std::string& name, const Size& size) {
  const std::int64_t head = size.hidden / size.heads;
  const std::int64_t scores = size.heads * size.tokens * size.tokens;
  for (const char* projection : {".query", ".key", ".value"}) {
    linear(net, name + projection, size, size.hidden, size.hidden);
    net.copy(name + projection + ".transpose", size.values());
  }
  net.batched_product(name + ".scores", size.heads,
                      {.rows = size.tokens, .inner = head, .columns = size.tokens});
  net.arithmetic(name + ".scale", scores);
  net.arithmetic(name + ".mask", scores);
  net.activation(name + ".softmax", Activation::softmax, scores);
  net.batched_product(name + ".context", size.heads,
                      {.rows = size.tokens, .inner = size.tokens, .columns = head});
  net.copy(name + ".context.transpose", size.values());
  linear(net, name + ".output", size, size.hidden, size.hidden);
  net.arithmetic(name + ".add", size.values());
  layer_norm(net, name + ".norm", size);
}

// x / sqrt 2, erf, + 1, * x, * 0.5: five operators in the graph, one launch in PyTorch.
void gelu(NetworkBuilder& net, const std::string& name, std::int64_t values) {
  net.arithmetic(name + ".div", values, 0);
  net.activation(name + ".erf", Activation::erf, values, 1);
  net.arithmetic(name + ".add", values, 0);
  net.arithmetic(name + ".mul", values, 0);
  net.arithmetic(name + ".half", values, 0);
}

void feed_forward(NetworkBuilder& net, const std::string& name, const Size& size) {
  linear(net, name + ".intermediate", size, size.hidden, size.feed_forward());
  gelu(net, name + ".gelu", size.tokens * size.feed_forward());
  linear(net, name + ".output", size, size.feed_forward(), size.hidden);
  net.arithmetic(name + ".add", size.values());
  layer_norm(net, name + ".norm", size);
}

NetworkBuilder encoder(const Size& size) {
  NetworkBuilder net;
  embeddings(net, size);
  for (int i = 0; i < size.layers; ++i) {
    const std::string layer = "layer." + std::to_string(i);
    attention(net, layer + ".attention", size);
    feed_forward(net, layer, size);
  }
  // Of the first token only.
  net.linear("pooler", {.rows = 1, .inner = size.hidden, .columns = size.hidden});
  net.activation("pooler.tanh", Activation::tanh, size.hidden);
  return net;
}

constexpr const char* kSource =
    "layer shapes: Devlin et al., arXiv 1810.04805, as in transformers' BertModel; counting rules: Pagoda, "
    "arXiv 2509.20189";

}  // namespace

Dnn bert_large() {
  const NetworkBuilder net = encoder({.layers = 24, .heads = 16, .hidden = 1024, .tokens = kStudiedTokens});
  Dnn dnn;
  dnn.name = "bert_large";
  dnn.title = "BERT-large, 128 tokens";
  dnn.source = kSource;
  dnn.parameters = net.parameters();
  dnn.forward = net.kernels();
  dnn.infer_batches = {1, 4, 8, 16, 32};  // 64 exceeds what the studies ran of it
  return dnn;
}

// Question answering as MLPerf Inference measures it. Engines that pack sequences without padding, as
// NVIDIA's submissions do, compute on a sample's own tokens; the mean length stands for all of them.
Dnn bert_large_squad() {
  NetworkBuilder net = encoder({.layers = 24, .heads = 16, .hidden = 1024, .tokens = kSquadTokens});
  net.linear("qa_outputs", {.rows = kSquadTokens, .inner = 1024, .columns = 2});
  Dnn dnn;
  dnn.name = "bert_large_squad";
  dnn.title = "BERT-large, SQuAD 1.1, 178 tokens";
  dnn.source = std::string(kSource) + "; 178 tokens, the mean of the data set's validation samples";
  dnn.parameters = net.parameters();
  dnn.forward = net.kernels();
  return dnn;
}

Dnn bert_base() {
  const NetworkBuilder net = encoder({.layers = 12, .heads = 12, .hidden = 768, .tokens = kStudiedTokens});
  Dnn dnn;
  dnn.name = "bert_base";
  dnn.title = "BERT-base, SQuAD, 128 tokens";
  dnn.source = std::string(kSource) +
               "; 128 tokens a training sample, without the two-value question-answering head, is our "
               "reading: the studies do not give the length";
  dnn.parameters = net.parameters();
  dnn.forward = net.kernels();
  // Estimated: text tokenised beforehand; slicing and stacking 128 numbers a sample.
  dnn.input_pipeline = estimated_input_pipeline(0.1);
  dnn.train_batches = studied_train_batches();
  return dnn;
}

}  // namespace wattline::workloads
