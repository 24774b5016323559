#include "traces/import/jetson_load.hpp"

#include <fmt/format.h>

#include "traces/import/board_modes.hpp"
#include "traces/import/jetson_load_names.hpp"
#include "traces/import/records.hpp"

namespace wattline::traces {

namespace {

constexpr double longest_ms = 1e7;
constexpr double highest_rate_hz = 1e6;
constexpr std::int64_t most_requests = 1'000'000'000;

Latencies latencies_of(RowReader& in) {
  Latencies latency;
  latency.mean_ms = in.optional_number("mean_ms", above(0, longest_ms));
  latency.p50_ms = in.optional_number("p50_ms", above(0, longest_ms));
  latency.p95_ms = in.optional_number("p95_ms", above(0, longest_ms));
  latency.p99_ms = in.optional_number("p99_ms", above(0, longest_ms));
  latency.std_ms = in.optional_number("std_ms", between(0, longest_ms));
  const auto falls = [](const std::optional<double>& low, const std::optional<double>& high) {
    return low && high && *low > *high;
  };
  if (falls(latency.p50_ms, latency.p95_ms)) in.fail("p95_ms", "below p50_ms");
  if (falls(latency.p95_ms, latency.p99_ms)) in.fail("p99_ms", "below p95_ms");
  return latency;
}

std::int64_t errors_of(RowReader& in, std::int64_t requests) {
  const std::int64_t errors = in.integer("errors", 0, most_requests);
  if (!in.error() && errors > requests) in.fail("errors", fmt::format("more than the {} requests", requests));
  return errors;
}

ObservedClocks clocks_of(RowReader& in) {
  ObservedClocks clocks;
  clocks.device = load_device(in);
  clocks.dvfs_mode = in.integer("dvfs_mode", 0, 100);
  clocks.label = in.text("label");
  const std::string stated = in.text("nvpmodel");
  if (!stated.ends_with(": " + clocks.label))
    in.fail("nvpmodel", fmt::format("'{}' is not of the label '{}'", stated.substr(0, 80), clocks.label));
  clocks.cpu_khz = in.clock_khz("cpu_max_khz", RowReader::Unit::khz);
  clocks.gpu_khz = in.clock_khz("gpu_max_hz", RowReader::Unit::hz);
  clocks.cpu_seen_khz = in.clock_khz("cpu_cur_khz", RowReader::Unit::khz);
  clocks.gpu_seen_khz = in.clock_khz("gpu_cur_hz", RowReader::Unit::hz);
  return clocks;
}

LoadRow load_of(RowReader& in) {
  LoadRow row;
  row.device = load_device(in);
  row.workload = load_workload(in);
  row.dvfs_mode = in.integer("dvfs_mode", 0, 100);
  row.mode_label = in.text("mode_label");
  row.load_fraction = in.number("load_frac", above(0, 2));
  row.run = in.integer("run_idx", 0, 1'000'000);
  row.target_rate_hz = in.number("target_rps", above(0, highest_rate_hz));
  row.achieved_rate_hz = in.optional_number("achieved_rps", between(0, highest_rate_hz));
  row.requests = in.integer("n_requests", 0, most_requests);
  row.errors = errors_of(in, row.requests);
  row.duration_s = in.number("duration_s", above(0, 1e7));
  row.latency = latencies_of(in);
  row.idle_power_w = in.optional_number("warm_idle_median_w", above(0, 1000));
  row.median_power_w = in.optional_number("serving_median_w", above(0, 1000));
  row.mean_power_w = in.optional_number("serving_avg_w", above(0, 1000));
  row.power_samples = in.optional_integer("n_power_samples", 0, most_requests);
  return row;
}

CapacityRow capacity_of(RowReader& in) {
  CapacityRow row;
  row.device = load_device(in);
  row.workload = load_workload(in);
  row.dvfs_mode = in.integer("dvfs_mode", 0, 100);
  row.mode_label = in.text("nvpmodel");
  row.cpu_khz = in.clock_khz("cpu_max_khz", RowReader::Unit::khz);
  row.gpu_khz = in.clock_khz("gpu_max_hz", RowReader::Unit::hz);
  row.rate_hz = in.number("rate_rps", above(0, highest_rate_hz));
  row.achieved_rate_hz = in.optional_number("achieved_rps", between(0, highest_rate_hz));
  row.requests = in.integer("n_requests", 0, most_requests);
  row.errors = errors_of(in, row.requests);
  row.latency = latencies_of(in);
  if (row.errors == row.requests) row.latency = {};
  row.capacity_hz = in.optional_number("capacity_ips", between(0, highest_rate_hz));
  if (row.capacity_hz == 0.0) row.capacity_hz = std::nullopt;
  return row;
}

}  // namespace

std::string load_device(RowReader& in) {
  static const RowReader::Names devices = {{"jetson-nano", "jetson-nano"},
                                           {"orin-nano", "orin-nano-8gb-super"},
                                           {"orin-agx", "orin-agx-64gb"},
                                           {"xavier-nx", "xavier-nx"}};
  return in.renamed("device", devices);
}

std::string load_workload(RowReader& in) {
  return in.network("model") + "@onnxruntime-tensorrt";
}

Result<std::vector<ObservedClocks>> parse_observed_clocks(const std::string& text, const std::string& name) {
  return records_of<ObservedClocks>(
      text, name,
      {"device", "dvfs_mode", "label", "nvpmodel", "cpu_max_khz", "gpu_max_hz", "cpu_cur_khz", "gpu_cur_hz"},
      clocks_of);
}

Result<std::vector<LoadRow>> parse_load_sweep(const std::string& text, const std::string& name) {
  return records_of<LoadRow>(text, name, {"device",
                                          "model",
                                          "dvfs_mode",
                                          "mode_label",
                                          "load_frac",
                                          "run_idx",
                                          "target_rps",
                                          "achieved_rps",
                                          "n_requests",
                                          "errors",
                                          "duration_s",
                                          "mean_ms",
                                          "p50_ms",
                                          "p95_ms",
                                          "p99_ms",
                                          "std_ms",
                                          "warm_idle_median_w",
                                          "serving_median_w",
                                          "serving_avg_w",
                                          "n_power_samples"},
                             load_of);
}

Result<std::vector<CapacityRow>> parse_capacity_search(const std::string& text, const std::string& name) {
  return records_of<CapacityRow>(
      text, name,
      {"device", "model", "dvfs_mode", "nvpmodel", "cpu_max_khz", "gpu_max_hz", "rate_rps", "achieved_rps",
       "n_requests", "errors", "mean_ms", "p50_ms", "p95_ms", "p99_ms", "std_ms", "capacity_ips"},
      capacity_of);
}

Result<std::vector<ObservedClocks>> read_observed_clocks(const std::string& path) {
  const auto text = read_text_file(path);
  if (!text) return text.error();
  return parse_observed_clocks(*text, path);
}

Result<std::vector<LoadRow>> read_load_sweep(const std::string& path) {
  const auto text = read_text_file(path);
  if (!text) return text.error();
  return parse_load_sweep(*text, path);
}

Result<std::vector<CapacityRow>> read_capacity_search(const std::string& path) {
  const auto text = read_text_file(path);
  if (!text) return text.error();
  return parse_capacity_search(*text, path);
}

const ObservedClocks* find_clocks(const std::vector<ObservedClocks>& rows, const std::string& device,
                                  std::int64_t dvfs_mode) {
  for (const ObservedClocks& row : rows) {
    if (row.device == device && row.dvfs_mode == dvfs_mode) return &row;
  }
  return nullptr;
}

Result<devices::PowerMode> observed_mode(const devices::DeviceSpec& board, const ObservedClocks& clocks) {
  const auto presets = presets_labelled(board, clocks.label);
  if (presets.empty()) {
    // Never found: this is for its message, which names the nearest.
    return devices::find_preset(board, clocks.label).error();
  }
  devices::PowerMode mode = presets.front().mode;
  for (const devices::Preset& preset : presets) {
    if (preset.mode.gpu_khz == clocks.gpu_khz) mode = preset.mode;
  }
  mode.cpu_khz = clocks.cpu_khz;
  mode.gpu_khz = clocks.gpu_khz;
  return mode;
}

}  // namespace wattline::traces
