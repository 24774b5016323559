// Which workloads a calibrated model answers for by name, and what it says of others.
#include "devices/calibration/known_workloads.hpp"

#include "devices/calibration/calibrate.hpp"
#include "devices/calibration/model_file.hpp"
#include "devices/hybrid.hpp"
#include "tests/catch.hpp"
#include "workloads/catalog.hpp"

namespace wattline::devices::calibration {
namespace {

using workloads::Role;

const DeviceSpec& orin() {
  static const DeviceSpec spec = *find_device("orin-agx-64gb");
  return spec;
}

PowerMode maxn() {
  return find_preset(orin(), "MAXN")->mode;
}

CountedWork totals_of(const workloads::Dnn& dnn, Role role, std::int64_t batch) {
  const workloads::WorkTotals totals = workloads::totals(workloads::kernels(dnn, role));
  return {static_cast<double>(totals.flop.at(batch)), static_cast<double>(totals.bytes.at(batch))};
}

// A model that has seen work with counts in one role, "mynet" among it: ResNet-50's under another name.
CalibratedModel model_with(Role role, const std::vector<std::int64_t>& batches) {
  CalibratedModel model = *prior_model(orin(), *known_group(orin(), "mynet", role, true), {});
  const workloads::Dnn dnn = *workloads::find_dnn("resnet50");
  for (const std::int64_t batch : batches)
    model.counted[{"mynet@pytorch-fp32", {role, batch}}] = totals_of(dnn, role, batch);
  model.spec_text = model.spec.text;
  return model;
}

bool has(const std::string& text, const std::string& part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

TEST_CASE("Two profiled batches of a network give FLOP and bytes of any other, in both roles") {
  const workloads::Dnn dnn = *workloads::find_dnn("resnet50");
  for (const Role role : {Role::train, Role::infer}) {
    const CalibratedModel model = model_with(role, {4, 16});
    for (const std::int64_t batch : {1, 4, 7, 16, 64, 1000}) {
      const auto work = counted_work(model, "mynet", role, batch);
      INFO(workloads::name_of(role) << " at batch " << batch);
      REQUIRE(work.ok());
      CHECK(work->flop == totals_of(dnn, role, batch).flop);
      CHECK(work->bytes == totals_of(dnn, role, batch).bytes);
    }
  }
}

TEST_CASE("Between profiled batches counts follow the neighbours, beyond the last the last two") {
  CalibratedModel model = model_with(Role::infer, {});
  for (const auto& [batch, flop] : {std::pair{2, 200.0}, std::pair{4, 500.0}, std::pair{8, 700.0}})
    model.counted[{"mynet@pytorch-fp32", {Role::infer, batch}}] = {flop, 2 * flop};
  const auto flop_at = [&](std::int64_t batch) {
    const auto work = counted_work(model, "mynet", Role::infer, batch);
    REQUIRE(work.ok());
    CHECK(work->bytes == 2 * work->flop);
    return work->flop;
  };
  CHECK(flop_at(3) == 350);
  CHECK(flop_at(6) == 600);
  CHECK(flop_at(10) == 800);
  CHECK(flop_at(1) == 50);
}

TEST_CASE("Counts that lead to less than nothing are refused") {
  CalibratedModel model = model_with(Role::infer, {});
  model.counted[{"mynet@pytorch-fp32", {Role::infer, 4}}] = {100, 100};
  model.counted[{"mynet@pytorch-fp32", {Role::infer, 8}}] = {900, 900};
  const auto work = counted_work(model, "mynet", Role::infer, 1);
  REQUIRE_FALSE(work.ok());
  CHECK(has(work.error().message, "batches 4 and 8 lead to less than nothing at batch 1"));
}

TEST_CASE("A network profiled at one batch answers for that batch and asks for a second") {
  const HybridModel model(model_with(Role::infer, {16}));
  CHECK(model.minibatch("mynet", Role::infer, 16, maxn()).ok());
  CHECK(model.minibatch("mynet@pytorch-fp32", Role::infer, 16, maxn()).ok());
  CHECK_FALSE(model.check_workload("mynet", Role::infer, std::nullopt).has_value());
  const auto refused = model.minibatch("mynet", Role::infer, 8, maxn());
  REQUIRE_FALSE(refused.ok());
  CHECK(has(refused.error().message, "'mynet@pytorch-fp32' was profiled for infer at batch 16 only"));
  CHECK(has(refused.error().message, "profile a second one to use batch 8"));
  CHECK(model.check_workload("mynet", Role::infer, 8)->message == refused.error().message);
}

TEST_CASE("Work found by name costs what the same work costs with its counts given") {
  const HybridModel model(model_with(Role::infer, {1, 16}));
  const CountedWork eight = totals_of(*workloads::find_dnn("resnet50"), Role::infer, 8);
  const auto named = model.predict("mynet", Role::infer, {8, maxn(), {}, {}});
  const auto given = model.predict("anything", Role::infer, {8, maxn(), eight.flop, eight.bytes});
  REQUIRE(named.ok());
  REQUIRE(given.ok());
  CHECK(named->time_s.value == given->time_s.value);
  CHECK(named->power_w.value == given->power_w.value);
}

TEST_CASE("Counts belong to a role, and a model file keeps them") {
  CalibratedModel model = model_with(Role::infer, {1, 16});
  const CountedWork training = totals_of(*workloads::find_dnn("resnet50"), Role::train, 16);
  model.counted[{"mynet@pytorch-fp32", {Role::train, 16}}] = training;
  const auto read = parse_model(write_model(model), "m.json");
  INFO((read ? "" : read.error().message));
  REQUIRE(read.ok());
  CHECK(counted_batches(*read, "mynet", Role::infer) == std::vector<std::int64_t>{1, 16});
  CHECK(counted_batches(*read, "mynet", Role::train) == std::vector<std::int64_t>{16});
  CHECK(counted_work(*read, "mynet", Role::train, 16)->flop == training.flop);
  CHECK(counted_work(*read, "mynet", Role::infer, 16)->flop < training.flop / 2);
  CHECK(counted_batches(*read, "mynet@tensorrt-fp16", Role::infer).empty());
}

TEST_CASE("A network of one's own in a role or on a stack without profiles is told so") {
  const HybridModel model(model_with(Role::infer, {1, 16}));
  const auto message = [&](const std::string& workload, Role role) {
    const auto refused = model.minibatch(workload, role, 16, maxn());
    REQUIRE_FALSE(refused.ok());
    return refused.error().message;
  };
  CHECK(message("mynet", Role::train) ==
        "'mynet@pytorch-fp32' was profiled for infer only; train needs profiles of its own");
  CHECK(message("mynet@tensorrt-fp16", Role::infer) ==
        "'mynet@tensorrt-fp16' was not profiled; profiled: mynet@pytorch-fp32 (infer)");
}

TEST_CASE("An unknown workload is answered with the nearest of the catalogue and of the model, and shortly") {
  CalibratedModel full = model_with(Role::infer, {1, 16});
  for (int i = 10; i < 60; ++i)
    full.counted[{"part" + std::to_string(i) + "@pytorch-fp32", {Role::infer, 1}}] = {1e9, 1e7};
  const HybridModel model(full);
  const auto message = [&](const std::string& workload) {
    return model.minibatch(workload, Role::infer, 1, maxn()).error().message;
  };
  CHECK(has(message("mynat"), "'mynat' is not a known workload, did you mean 'mynet'?"));
  CHECK(
      has(message("resnet5O@pytorch-fp32"), "'resnet5O' is not a known workload, did you mean 'resnet50'?"));
  CHECK(has(message("quux"), "'wattline workloads' lists the networks, the model adds mynet, part10"));
  CHECK(has(message("quux"), "and 45 more"));
  CHECK(message("quux").size() < 200);
  // The pool of all counted work is no workload.
  CHECK(has(message("counted"), "'counted' is not a known workload"));
}

TEST_CASE("A network of the catalogue on a stack that cannot run it is told what is wrong with the stack") {
  const HybridModel model(model_with(Role::infer, {1, 16}));
  const auto message = [&](const std::string& workload, Role role) {
    const auto wrong = model.check_workload(workload, role, std::nullopt);
    REQUIRE(wrong.has_value());
    return wrong->message;
  };
  CHECK(has(message("resnet50@tensorrt-fp16", Role::train), "'tensorrt-fp16' does not train"));
  CHECK(has(message("resnet50@tensorrt-fp17", Role::infer), "did you mean 'tensorrt-fp16'?"));
  CHECK(has(message("resnet50@onnxruntime-fp32", Role::infer), "has no software stack 'onnxruntime-fp32'"));
  CHECK_FALSE(model.check_workload("resnet50", Role::train, 16).has_value());
}

TEST_CASE("Work that brings its counts where none was profiled is not asked for them") {
  const HybridModel model(model_with(Role::infer, {1, 16}));
  const auto refused = model.predict("mynet", Role::train, {16, maxn(), 1e9, 1e7});
  REQUIRE_FALSE(refused.ok());
  CHECK(
      has(refused.error().message, "brings flop and bytes, but no profile for train on 'pytorch-fp32' did"));
  CHECK_FALSE(has(refused.error().message, "need"));
}

TEST_CASE("Profiles that disagree on the work of a batch are noted, with the line that counts") {
  std::vector<ProfileRow> rows(3);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].device = "orin-agx-64gb";
    rows[i].workload = "mynet";
    rows[i].batch = 4;
    rows[i].mode = maxn();
    rows[i].time_ms = 20;
    rows[i].flop = i == 1 ? 2e9 : 1e9;
    rows[i].bytes = 1e8;
    rows[i].line = i + 2;
  }
  CalibrationOptions options;
  options.held_out = false;
  const auto calibration = calibrate(orin(), "", rows, "p.csv", options);
  REQUIRE(calibration.ok());
  CHECK(counted_work(calibration->model, "mynet", Role::infer, 4)->flop == 1e9);
  const auto& notes = calibration->report.notes;
  CHECK(std::count_if(notes.begin(), notes.end(), [](const std::string& note) {
          return note.starts_with("mynet@pytorch-fp32: profiles of one batch differ in FLOP or bytes");
        }) == 1);
}

}  // namespace
}  // namespace wattline::devices::calibration
