// Fuzz target of every parser: the first byte chooses the parser, the rest is its input. A parser may
// refuse anything, but must not crash, hang, or break a sanitizer's rule.
//
// With Clang: the entry point of libFuzzer (tests/fuzz/long.sh). Elsewhere mutate.cpp calls it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "devices/calibration/calibrate.hpp"
#include "devices/calibration/model_file.hpp"
#include "devices/device_spec.hpp"
#include "experiments/compare/experiment.hpp"
#include "experiments/dynamic/dynamic_experiment.hpp"
#include "experiments/run/scenario.hpp"
#include "traces/arrival_csv.hpp"
#include "traces/import/azure_llm.hpp"
#include "traces/import/branes_subgraphs.hpp"
#include "traces/import/cublas_gemm.hpp"
#include "traces/import/jetson_load.hpp"
#include "traces/import/jtop.hpp"
#include "traces/import/minibatch_log.hpp"
#include "traces/import/mlperf.hpp"
#include "traces/import/pagoda.hpp"
#include "traces/import/single_stream.hpp"
#include "traces/import/tegrastats.hpp"
#include "traces/import/triton_mobilenet.hpp"
#include "traces/import/tx2_cpu_gpu_emc.hpp"
#include "traces/import/tx2_gpu_emc.hpp"
#include "traces/profile_csv.hpp"

namespace {

using namespace wattline;
using Text = const std::string&;

const char* const name = "fuzz";

traces::ImportOptions log_options() {
  traces::ImportOptions options;
  options.device = "orin-nano-8gb-super";
  options.board = *devices::find_device(options.device);
  options.start_s = 0;
  return options;
}

// What was read is written and read again: the same rows.
void profile_round_trip(Text text) {
  const auto rows = traces::parse_profile_csv(text, name);
  if (!rows) return;
  const std::string written = traces::write_profile_csv(*rows);
  const auto again = traces::parse_profile_csv(written, name);
  if (!again || traces::write_profile_csv(*again) != written) std::abort();
}

// A few rows are calibrated: whatever a reader lets through must not break the fit.
void calibrated(Text text) {
  auto rows = traces::parse_profile_csv(text, name);
  if (!rows || rows->empty()) return;
  if (rows->size() > 8) rows->resize(8);
  static const devices::DeviceSpec spec = *devices::find_device("jetson-nano");
  devices::calibration::CalibrationOptions options;
  options.fit_any_work = true;
  options.held_out = false;
  options.fit.starts = 1;
  options.fit.iterations = 5;
  (void)devices::calibration::calibrate(spec, spec.text, *rows, name, options);
}

// Up to the first NUL a power log, after it a minibatch log.
void joined_logs(Text text, bool jtop) {
  static const traces::ImportOptions options = log_options();
  const std::size_t cut = std::min(text.find('\0'), text.size());
  const std::string log_text = text.substr(0, cut);
  const auto log =
      jtop ? traces::parse_jtop(log_text, name, options) : traces::parse_tegrastats(log_text, name, options);
  const auto minibatches = traces::parse_minibatch_log(cut < text.size() ? text.substr(cut + 1) : "", name);
  if (log && minibatches && !minibatches->empty())
    (void)traces::join_minibatches(*log, *minibatches, options);
}

const std::vector<std::function<void(Text)>>& parsers() {
  static const std::vector<std::function<void(Text)>> list = {
      [](Text text) { (void)devices::parse_device_spec(text, name); },
      [](Text text) { (void)experiments::parse_scenario(text, name, "."); },
      [](Text text) { (void)experiments::parse_experiment(text, name, "."); },
      [](Text text) { (void)traces::parse_arrival_csv(text, name); },
      [](Text text) { (void)traces::parse_azure_llm(text, name); },
      profile_round_trip,
      [](Text text) { (void)traces::parse_profile_requests(text, name); },
      [](Text text) { (void)devices::calibration::parse_model(text, name); },
      calibrated,
      [](Text text) { (void)traces::parse_pagoda(text, name); },
      [](Text text) { (void)traces::parse_branes_subgraphs(text, name); },
      [](Text text) { (void)traces::parse_single_stream(text, name, {}); },
      [](Text text) { (void)traces::parse_observed_clocks(text, name); },
      [](Text text) { (void)traces::parse_load_sweep(text, name); },
      [](Text text) { (void)traces::parse_capacity_search(text, name); },
      [](Text text) { (void)traces::parse_triton_mobilenet(text, name); },
      [](Text text) { (void)traces::parse_cublas_gemm(text, name); },
      [](Text text) { (void)traces::parse_tx2_gpu_emc(text, name); },
      [](Text text) { (void)traces::parse_tx2_cpu_gpu_emc(text, name); },
      [](Text text) { (void)traces::parse_mlperf(text, name); },
      [](Text text) { joined_logs(text, false); },
      [](Text text) { joined_logs(text, true); },
      [](Text text) { (void)experiments::parse_dynamic_experiment(text, name, "."); },
  };
  return list;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  parsers()[data[0] % parsers().size()](std::string(reinterpret_cast<const char*>(data) + 1, size - 1));
  return 0;
}
