#include "traces/import/formats.hpp"

#include <fmt/format.h>

#include "sim/base/strict_json.hpp"
#include "sim/base/text.hpp"
#include "traces/csv.hpp"
#include "traces/import/board_modes.hpp"
#include "traces/import/branes_subgraphs.hpp"
#include "traces/import/cublas_gemm.hpp"
#include "traces/import/jtop.hpp"
#include "traces/import/pagoda.hpp"
#include "traces/import/single_stream.hpp"
#include "traces/import/tegrastats.hpp"
#include "traces/import/triton_mobilenet.hpp"
#include "traces/import/tx2_cpu_gpu_emc.hpp"
#include "traces/import/tx2_gpu_emc.hpp"

namespace wattline::traces {

const std::vector<Format>& formats() {
  static const std::vector<Format> all = {
      {"pagoda", "five networks in PyTorch on AGX Orin, MAXN (dream-lab/pagoda)", parse_pagoda, false},
      {"branes-subgraphs", "sub-graphs of seven CNNs in PyTorch on AGX Orin, four modes (branes-ai/graphs)",
       parse_branes_subgraphs, true},
      {"single-stream",
       "three CNNs in ONNX Runtime with TensorRT on four boards (load-reactive-edge-inference)",
       import_single_stream, true},
      {"triton-mobilenet", "MobileNet on Triton over GPU clock and batch, AGX Xavier and Jetson Nano",
       parse_triton_mobilenet, true},
      {"cublas-gemm", "square cuBLAS GEMM over GPU clock, AGX Xavier and Jetson Nano", parse_cublas_gemm,
       false},
      {"tx2-gpu-emc", "VGG-19 in TensorRT over GPU and EMC clock on TX2 (thynics/jetson_dvfs)",
       parse_tx2_gpu_emc, false},
      {"tx2-cpu-gpu-emc", "Inception-v3 in TensorFlow over all clocks on TX2 (softsys4ai/FlexiBO)",
       parse_tx2_cpu_gpu_emc, false},
      {"tegrastats", "an NVIDIA tegrastats log, joined with a minibatch log", import_tegrastats, false, true},
      {"jtop", "a jtop CSV log of jetson_stats, joined with a minibatch log", import_jtop, false, true},
      {"load-sweep", "request latencies under Poisson load (load-reactive-edge-inference)", nullptr, false},
      {"capacity-search", "trials of a search for the capacity (load-reactive-edge-inference)", nullptr,
       false},
      {"observed-clocks", "clocks of nvpmodel's modes (load-reactive-edge-inference)", nullptr, false},
      {"mlperf", "Jetson results of MLPerf Inference, closed division", nullptr, false},
  };
  return all;
}

Result<Format> find_format(const std::string& name) {
  std::vector<std::string> known;
  for (const Format& format : formats()) {
    if (format.name == name) return format;
    if (format.parse) known.push_back(format.name);
  }
  return bad_input(unknown_name_message("format", name, known));
}

namespace {

// Asked before a file is read: whether the format has profiles, and the time that is wanted.
Result<Format> usable_format(const std::string& name, const ImportOptions& options) {
  const auto found = find_format(name);
  if (!found) return found.error();
  if (found->parse == nullptr)
    return bad_input(fmt::format("format '{}' holds no profiles but {}", name, found->title));
  if (!options.time.empty() && !found->several_times) {
    return bad_input(fmt::format("format '{}' has one time only; '{}' cannot be chosen", name,
                                 options.time.substr(0, 80)));
  }
  return *found;
}

}  // namespace

Result<std::vector<devices::ProfileRow>> import_text(const std::string& format, const std::string& text,
                                                     const std::string& path, const ImportOptions& options) {
  const auto found = usable_format(format, options);
  if (!found) return found.error();
  auto rows = found->parse(text, path, options);
  if (!rows) return rows;
  for (devices::ProfileRow& row : *rows) {
    if (!options.device.empty()) row.device = options.device;
    if (!options.workload.empty()) row.workload = options.workload;
    row.mode = replaced(row.mode, options.mode);
  }
  return rows;
}

Result<std::vector<devices::ProfileRow>> import_profiles(const std::string& format, const std::string& path,
                                                         const ImportOptions& options) {
  if (const auto found = usable_format(format, options); !found) return found.error();
  const auto text = read_text_file(path, longest_csv);
  if (!text) return text.error();
  return import_text(format, *text, path, options);
}

}  // namespace wattline::traces
