// The built-in networks against numbers from outside this code.
//
// Reference totals: the analytical counts published in Pagoda's repository (arXiv 2509.20189, "Pagoda:
// An Energy and Time Roofline Study for DNN Workloads on Edge Accelerators"), as linear forms in the
// batch size.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "tests/catch.hpp"
#include "workloads/catalog.hpp"

using namespace wattline::workloads;

namespace {

Dnn built_in(const std::string& name) {
  const auto dnn = find_dnn(name);
  REQUIRE(dnn.ok());
  return *dnn;
}

double relative_error(std::int64_t value, double reference) {
  return std::abs(static_cast<double>(value) - reference) / reference;
}

Kernel kernel_named(const Dnn& dnn, const std::string& name) {
  for (const Kernel& kernel : dnn.forward) {
    if (kernel.name == name) return kernel;
  }
  FAIL("no kernel " << name << " in " << dnn.name);
  return {};
}

// FLOP a sample in convolutions and matrix products.
std::int64_t product_flop(const Dnn& dnn) {
  std::int64_t sum = 0;
  for (const Kernel& kernel : dnn.forward) {
    if (kernel.kind == KernelKind::convolution || kernel.kind == KernelKind::depthwise_convolution ||
        kernel.kind == KernelKind::matrix_multiply) {
      sum += kernel.flop.per_sample;
    }
  }
  return sum;
}

std::int64_t launches(const std::string& name) {
  return totals(built_in(name).forward).launches;
}

struct Published {
  const char* name;
  std::int64_t flop_per_sample;
  std::int64_t bytes_fixed;
  std::int64_t bytes_per_sample;
};

const std::vector<Published> kPublished = {
    {"mobilenet_v3_large", 449'137'560, 21'805'088, 81'171'584},
    {"resnet50", 8'206'316'544, 102'011'648, 234'659'744},
    {"yolov8n", 8'839'855'200, 12'584'704, 526'761'600},
    {"bert_large", 79'136'298'142, 1'213'726'720, 1'387'284'352},
};

}  // namespace

TEST_CASE("The convolutional networks have exactly the published FLOP and bytes") {
  for (const Published& published : kPublished) {
    if (std::string(published.name) == "bert_large") continue;
    CAPTURE(published.name);
    const WorkTotals total = totals(built_in(published.name).forward);
    CHECK(total.flop == LinearCount{0, published.flop_per_sample});
    CHECK(total.bytes == LinearCount{published.bytes_fixed, published.bytes_per_sample});
  }
}

TEST_CASE("BERT-large has the published FLOP and bytes but for arithmetic on shapes") {
  // The exported graph computes a few integer shapes; the published totals count those few values.
  const Published& published = kPublished.back();
  const WorkTotals total = totals(built_in(published.name).forward);
  CHECK(total.flop.fixed == 0);
  CHECK(std::abs(total.flop.per_sample - published.flop_per_sample) <= 100);
  CHECK(total.bytes.fixed == published.bytes_fixed);
  CHECK(std::abs(total.bytes.per_sample - published.bytes_per_sample) <= 1000);
}

TEST_CASE("Published totals hold within 2 % at every batch size of the roofline study") {
  for (const Published& published : kPublished) {
    const WorkTotals total = totals(built_in(published.name).forward);
    for (const std::int64_t batch : {1, 16, 64}) {
      CAPTURE(published.name, batch);
      CHECK(relative_error(total.flop.at(batch), static_cast<double>(batch * published.flop_per_sample)) <=
            0.02);
      const std::int64_t bytes = published.bytes_fixed + batch * published.bytes_per_sample;
      CHECK(relative_error(total.bytes.at(batch), static_cast<double>(bytes)) <= 0.02);
    }
  }
}

TEST_CASE("Parameters are those that the makers publish") {
  // torchvision's model pages.
  CHECK(built_in("resnet50").parameters == 25'557'032);
  CHECK(built_in("resnet18").parameters == 11'689'512);
  CHECK(built_in("mobilenet_v3_large").parameters == 5'483'032);
  // Ultralytics: 3,157,200, of which 16 (bin numbers of the box distances) are not trained.
  CHECK(built_in("yolov8n").parameters == 3'157'200 - 16);
  // transformers' BertModel: embeddings, encoder and pooler, without any head; 109.5 M and 335.1 M.
  CHECK(built_in("bert_base").parameters == 109'482'240);
  CHECK(built_in("bert_large").parameters == 335'141'888);
  // By hand: tied table and output bias, then per layer 4 gates, two 256 x 256 matrices and two biases.
  CHECK(built_in("lstm").parameters == 29423 * 256 + 29423 + 2 * (4 * 2 * 256 * 256 + 4 * 2 * 256));
}

TEST_CASE("The first layer of ResNet-50 is as computed by hand") {
  const Dnn dnn = built_in("resnet50");
  const Kernel& first = dnn.forward.front();
  CHECK(first.name == "conv1");
  CHECK(first.kind == KernelKind::convolution);
  CHECK(first.flop == LinearCount{0, 2 * 112 * 112 * 64 * (3 * 7 * 7) + 112 * 112 * 64});
  CHECK(first.bytes == LinearCount{4 * 64 * 3 * 7 * 7, 4 * (3 * 224 * 224 + 64 * 112 * 112)});
}

TEST_CASE("ResNet-18 takes the 1.81 G multiply-accumulates that torchvision publishes") {
  CHECK(relative_error(product_flop(built_in("resnet18")), 2 * 1.814e9) <= 0.005);
}

TEST_CASE("YOLOv8n takes the 8.7 GFLOP that Ultralytics publishes") {
  CHECK(relative_error(product_flop(built_in("yolov8n")), 8.7e9) <= 0.01);
}

TEST_CASE("A BERT encoder layer costs 24 h^2 + 4 n h FLOP a token in its products") {
  // h hidden values, n tokens: four h x h projections, two h x 4h, scores and context of n x h each.
  for (const auto& [name, layers, hidden] :
       {std::tuple{"bert_base", 12, std::int64_t{768}}, std::tuple{"bert_large", 24, std::int64_t{1024}}}) {
    CAPTURE(name);
    const std::int64_t tokens = 128;
    const std::int64_t pooler = 2 * hidden * hidden;
    const std::int64_t per_token = 24 * hidden * hidden + 4 * tokens * hidden;
    CHECK(product_flop(built_in(name)) == layers * tokens * per_token + pooler);
  }
}

TEST_CASE("The LSTM's output layer does the published work at 8 tokens") {
  // 2 * 256 * 29423 * 8: all of the published total that grows with the batch.
  const Dnn dnn = built_in("lstm");
  CHECK(kernel_named(dnn, "fc").flop == LinearCount{0, 120'516'608});
}

TEST_CASE("An LSTM layer multiplies by its recurrent weights at every step and reads them again") {
  const Kernel layer = kernel_named(built_in("lstm"), "lstm.1");
  CHECK(layer.kind == KernelKind::recurrent);
  // 2 FLOP for each of 4 gates x (256 + 256) x 256 products a token; gate arithmetic adds under 2 %.
  CHECK(relative_error(layer.flop.per_sample, 8.0 * 2 * 4 * 512 * 256) <= 0.02);
  CHECK(layer.flop.per_sample > 8 * 2 * 4 * 512 * 256);
  // Input weights once and recurrent weights 8 times, each with 4 x 256 biases.
  CHECK(layer.bytes.fixed == 4 * 9 * (4 * 256 * 256 + 4 * 256));
}

TEST_CASE("Operator launches are as many as PyTorch issues for these networks") {
  CHECK(launches("resnet50") == 53 * 2 + 49 + 16 + 3);  // convolutions, ReLUs, adds, two pools and the end
  CHECK(launches("mobilenet_v3_large") >= 190);
  CHECK(launches("mobilenet_v3_large") <= 220);
  CHECK(launches("yolov8n") >= 215);
  CHECK(launches("yolov8n") <= 260);
  CHECK(launches("bert_large") >= 24 * 20);
  CHECK(launches("bert_large") <= 24 * 22);
  CHECK(launches("lstm") >= 10);
  CHECK(launches("lstm") <= 20);
}

TEST_CASE("Depthwise convolutions are told apart") {
  int depthwise = 0;
  const Dnn mobilenet = built_in("mobilenet_v3_large");
  for (const Kernel& kernel : mobilenet.forward) {
    depthwise += kernel.kind == KernelKind::depthwise_convolution ? 1 : 0;
  }
  CHECK(depthwise == 15);
  const Dnn resnet = built_in("resnet50");
  for (const Kernel& kernel : resnet.forward) {
    CHECK(kernel.kind != KernelKind::depthwise_convolution);
  }
}

TEST_CASE("Training costs three forward passes and the update") {
  for (const Dnn& dnn : catalog()) {
    CAPTURE(dnn.name);
    const WorkTotals forward = totals(kernels(dnn, Role::infer));
    const WorkTotals training = totals(kernels(dnn, Role::train));
    CHECK(training.flop ==
          LinearCount{3 * forward.flop.fixed + 2 * dnn.parameters, 3 * forward.flop.per_sample});
    CHECK(training.bytes ==
          LinearCount{3 * forward.bytes.fixed + 12 * dnn.parameters, 3 * forward.bytes.per_sample});
    CHECK(training.launches > 2 * forward.launches);
  }
}

TEST_CASE("No kernel has a negative count and no two of a network have the same name") {
  for (const Dnn& dnn : catalog()) {
    std::set<std::string> names;
    for (const Kernel& kernel : dnn.forward) {
      CAPTURE(dnn.name, kernel.name);
      CHECK(kernel.flop.fixed >= 0);
      CHECK(kernel.flop.per_sample >= 0);
      CHECK(kernel.bytes.fixed >= 0);
      CHECK(kernel.bytes.per_sample >= 0);
      CHECK(kernel.launches >= 0);
      CHECK(names.insert(kernel.name).second);
    }
  }
}

TEST_CASE("MLPerf's edge networks have the published FLOP and trainable values") {
  struct Total {
    const char* name;
    double gflop, million_parameters;
  };
  // SSD-MobileNet-v1: OpenVINO's model zoo, 2.494 GFLOP and 6.807 M. SSD-ResNet-34: MLPerf Inference (arXiv
  // 1911.02549), 433 GFLOP; its model file of 80.1 MB in FP32 is 20.0 M values. RNN-T: MLPerf's 45.3 M; FLOP
  // by hand: 206 frames x (5.18 + 8.39) M + 103 x (12.58 + 2 x 8.39) M + 92 x 1.64 M + 195 x 0.70 M = 6.11 G
  // multiply-accumulates. 3D U-Net: nnU-Net's usual 31.2 M; FLOP by hand from its 27 convolutions, level by
  // level 1848 G multiply-accumulates. BERT-large: 335 M (Devlin et al.: 340 M); by hand 24 layers x 178
  // tokens x (12 x 1024^2 + 2 x 178 x 1024) = 55.3 G multiply-accumulates, and nine operators a value.
  for (const Total& row :
       {Total{"ssd_mobilenet_v1", 2.494, 6.807}, Total{"ssd_resnet34", 433, 20.0}, Total{"rnnt", 12.22, 45.3},
        Total{"unet3d", 3696, 31.2}, Total{"bert_large_squad", 110.6, 335}}) {
    CAPTURE(row.name);
    const Dnn dnn = built_in(row.name);
    CHECK(relative_error(totals(dnn.forward).flop.at(1), row.gflop * 1e9) < 0.02);
    CHECK(relative_error(dnn.parameters, row.million_parameters * 1e6) < 0.02);
  }
}

TEST_CASE("The detectors predict the boxes of their published anchors") {
  // 19^2 x 3 + (10^2 + 5^2 + 3^2 + 2^2 + 1) x 6 = 1917 boxes, and MLPerf's 15,130; a copy reads and writes.
  CHECK(kernel_named(built_in("ssd_mobilenet_v1"), "concat.sides").bytes.per_sample == 2 * 4 * 4 * 1917);
  CHECK(kernel_named(built_in("ssd_resnet34"), "concat.sides").bytes.per_sample == 2 * 4 * 4 * 15'130);
}

TEST_CASE("Every listed network is found by its name, and studied in some role or of MLPerf") {
  for (const Dnn& dnn : catalog()) {
    CAPTURE(dnn.name);
    const Dnn found = built_in(dnn.name);
    CHECK(found.title == dnn.title);
    CHECK_FALSE(found.source.empty());
    const std::set<std::string> of_mlperf = {"ssd_mobilenet_v1", "ssd_resnet34", "bert_large_squad", "rnnt",
                                             "unet3d"};
    CHECK((found.infer_batches.empty() && found.train_batches.empty()) == of_mlperf.contains(dnn.name));
    // Who trains has samples to prepare.
    CHECK((found.input_pipeline.cpu_cycles_per_sample > 0) == !found.train_batches.empty());
  }
}

TEST_CASE("Roles and batch sizes are those of the studies") {
  const std::vector<int> usual = {1, 4, 16, 32, 64};
  for (const char* name : {"mobilenet_v3_large", "resnet50", "yolov8n", "lstm"}) {
    CHECK(built_in(name).infer_batches == usual);
  }
  CHECK(built_in("bert_large").infer_batches == std::vector<int>{1, 4, 8, 16, 32});
  for (const char* name : {"mobilenet_v3_large", "resnet18", "yolov8n", "bert_base", "lstm"}) {
    CHECK(built_in(name).train_batches == std::vector<int>{16});
  }
  for (const char* name : {"resnet50", "bert_large"}) CHECK(built_in(name).train_batches.empty());
  for (const char* name : {"resnet18", "bert_base"}) CHECK(built_in(name).infer_batches.empty());
}

TEST_CASE("A wrong network name is answered with the right one") {
  const auto dnn = find_dnn("resnet51");
  REQUIRE_FALSE(dnn.ok());
  CHECK(dnn.error().kind == wattline::Error::Kind::bad_input);
  CHECK(dnn.error().message.find("'resnet51'") != std::string::npos);
  CHECK(dnn.error().message.find("did you mean 'resnet50'") != std::string::npos);
}
