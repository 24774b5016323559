#include "experiments/validate/load_data.hpp"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <utility>

#include "devices/device_spec.hpp"
#include "sim/base/printable.hpp"
#include "traces/csv.hpp"
#include "traces/import/single_stream.hpp"

namespace wattline::experiments {

namespace {

using traces::LoadRow;

struct Group {
  std::vector<const LoadRow*> rows;
};

std::string beside(const std::string& path, const char* name) {
  return (std::filesystem::path(path).parent_path() / name).string();
}

Error line_error(const LoadRow& row, const std::string& message) {
  return bad_input(fmt::format("line {}: {}", row.line, message));
}

MaybeError check_repeats(const std::vector<const LoadRow*>& rows) {
  for (const LoadRow* row : rows) {
    const traces::Latencies& latency = row->latency;
    if (!latency.mean_ms || !latency.p50_ms || !latency.p95_ms || !latency.p99_ms)
      return line_error(*row, "no latency; mean_ms, p50_ms, p95_ms and p99_ms are expected");
    if (row->target_rate_hz != rows.front()->target_rate_hz || row->duration_s != rows.front()->duration_s) {
      return line_error(*row, fmt::format("target_rps or duration_s differs from the same load's on line {}",
                                          rows.front()->line));
    }
  }
  return std::nullopt;
}

template <class Figure>
Repeated over(const std::vector<const LoadRow*>& rows, Figure figure) {
  std::vector<double> values;
  values.reserve(rows.size());
  for (const LoadRow* row : rows) values.push_back(*figure(*row));
  return repeated(values);
}

// Nothing unless some row has the figure.
template <class Figure>
std::optional<Repeated> over_those_that_have(const std::vector<const LoadRow*>& rows, Figure figure) {
  std::vector<double> values;
  for (const LoadRow* row : rows) {
    if (const std::optional<double> value = figure(*row)) values.push_back(*value);
  }
  if (values.empty()) return std::nullopt;
  return repeated(values);
}

LoadPoint point_of(double load_fraction, const std::vector<const LoadRow*>& rows) {
  LoadPoint point;
  point.load_fraction = load_fraction;
  point.rate_hz = rows.front()->target_rate_hz;
  point.duration_s = rows.front()->duration_s;
  point.runs = rows.size();
  point.mean_ms = over(rows, [](const LoadRow& row) { return row.latency.mean_ms; });
  point.p50_ms = over(rows, [](const LoadRow& row) { return row.latency.p50_ms; });
  point.p95_ms = over(rows, [](const LoadRow& row) { return row.latency.p95_ms; });
  point.p99_ms = over(rows, [](const LoadRow& row) { return row.latency.p99_ms; });
  point.power_w = over_those_that_have(rows, [](const LoadRow& row) { return row.mean_power_w; });
  point.idle_w = over_those_that_have(rows, [](const LoadRow& row) { return row.idle_power_w; });
  return point;
}

// The profiles name a mode by its clocks, the load rows by nvpmodel's number: the observed clocks have both.
Result<std::vector<std::pair<ModeKey, ClosedLoop>>> closed_loops(
    const std::vector<devices::ProfileRow>& profiles, const std::vector<traces::ObservedClocks>& clocks) {
  std::vector<std::pair<ModeKey, ClosedLoop>> all;
  for (const traces::ObservedClocks& mode : clocks) {
    const auto board = devices::find_device(mode.device);
    if (!board) return board.error();
    const auto power_mode = traces::observed_mode(*board, mode);
    if (!power_mode) return power_mode.error();
    for (const devices::ProfileRow& row : profiles) {
      if (row.device != mode.device || row.mode != *power_mode || row.batch != 1) continue;
      if (!row.time_ms || !row.power_w) continue;
      all.push_back({{row.device, row.workload, mode.dvfs_mode}, {*row.time_ms, *row.power_w}});
    }
  }
  return all;
}

MaybeError check_modes(const std::vector<LoadRow>& rows, const std::vector<traces::ObservedClocks>& clocks,
                       const std::string& clocks_name) {
  for (const LoadRow& row : rows) {
    if (traces::find_clocks(clocks, row.device, row.dvfs_mode) == nullptr)
      return line_error(row, fmt::format("dvfs_mode: mode {} of {} is not among the observed clocks ({})",
                                         row.dvfs_mode, row.device, clocks_name));
  }
  return std::nullopt;
}

// The text of a file, which is then one of the inputs. Each is read once: it may be a pipe.
Result<std::string> read_input(const std::string& path, LoadData& data) {
  auto text = read_text_file(path);
  if (!text) return text;
  data.inputs.push_back({printable(std::filesystem::path(path).filename().string()), sha256_of(*text)});
  if (const auto note = traces::cut_off_note(*text, path)) data.notes.push_back(*note);
  return text;
}

}  // namespace

double Repeated::standard_error(std::size_t runs) const {
  return runs == 0 ? 0 : deviation / std::sqrt(static_cast<double>(runs));
}

Repeated repeated(const std::vector<double>& values) {
  Repeated result;
  const auto n = static_cast<double>(values.size());
  double squares = 0;
  for (const double value : values) result.mean += value / n;
  for (const double value : values) squares += (value - result.mean) * (value - result.mean);
  if (values.size() > 1) result.deviation = std::sqrt(squares / (n - 1));
  return result;
}

Result<std::vector<ServedMode>> served_modes(const std::vector<LoadRow>& rows,
                                             const std::vector<std::pair<ModeKey, ClosedLoop>>& closed_loop,
                                             const std::vector<traces::ObservedClocks>& clocks) {
  std::map<ModeKey, std::map<double, std::vector<const LoadRow*>>> grouped;
  for (const LoadRow& row : rows)
    grouped[{row.device, row.workload, row.dvfs_mode}][row.load_fraction].push_back(&row);
  const std::map<ModeKey, ClosedLoop> closed(closed_loop.begin(), closed_loop.end());
  std::vector<ServedMode> modes;
  for (const auto& [key, loads] : grouped) {
    ServedMode mode;
    std::tie(mode.device, mode.workload, mode.dvfs_mode) = key;
    mode.mode_label = loads.begin()->second.front()->mode_label;
    for (const auto& [fraction, repeats] : loads) {
      if (auto error = check_repeats(repeats)) return *error;
      mode.loads.push_back(point_of(fraction, repeats));
    }
    if (const auto known = closed.find(key); known != closed.end()) mode.closed_loop = known->second;
    if (const auto* seen = traces::find_clocks(clocks, mode.device, mode.dvfs_mode))
      mode.cpu_ghz = seen->cpu_khz * 1e-6;
    modes.push_back(std::move(mode));
  }
  return modes;
}

Result<LoadData> read_load_data(const LoadFiles& files) {
  const std::string profiles_path =
      files.profiles.empty() ? beside(files.data, "single_stream.csv") : files.profiles;
  const std::string clocks_path =
      files.clocks.empty() ? beside(files.data, "observed_clocks.csv") : files.clocks;
  LoadData data;
  const auto sweep = read_input(files.data, data);
  if (!sweep) return sweep.error();
  const auto profiles_text = read_input(profiles_path, data);
  if (!profiles_text) return profiles_text.error();
  const auto clocks_text = read_input(clocks_path, data);
  if (!clocks_text) return clocks_text.error();

  const auto rows = traces::parse_load_sweep(*sweep, files.data);
  if (!rows) return rows.error();
  const auto clocks = traces::parse_observed_clocks(*clocks_text, clocks_path);
  if (!clocks) return clocks.error();
  const auto profiles = traces::parse_single_stream(*profiles_text, profiles_path, *clocks);
  if (!profiles) return profiles.error();
  const auto closed = closed_loops(*profiles, *clocks);
  if (!closed) return closed.error();
  auto error = check_modes(*rows, *clocks, printable(clocks_path));
  auto modes = error ? Result<std::vector<ServedMode>>(*error) : served_modes(*rows, *closed, *clocks);
  if (!modes) return bad_input(printable(files.data) + ": " + modes.error().message);
  data.modes = *std::move(modes);
  return data;
}

}  // namespace wattline::experiments
