// What was measured of a board that serves requests, brought together for validation: latency and wall
// power at several loads (repeats summed up by their means), the closed-loop profile of the same board,
// model and mode where there is one, and the mode's CPU clock.
//
// Reads the files of traces/import/jetson_load.hpp; a closed-loop profile belongs to a point of the same
// device and workload whose mode the observed clocks name.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "experiments/run_directory.hpp"
#include "sim/base/result.hpp"
#include "traces/import/jetson_load.hpp"

namespace wattline::experiments {

// One figure over repeated runs: their mean and sample standard deviation (0 of a single run).
struct Repeated {
  double mean = 0;
  double deviation = 0;

  double standard_error(std::size_t runs) const;  // of the mean
};
Repeated repeated(const std::vector<double>& values);  // not empty

// A board, model and mode at one load.
struct LoadPoint {
  double load_fraction = 0;
  double rate_hz = 0;  // wanted: the rate of the Poisson arrivals
  double duration_s = 0;
  std::size_t runs = 0;
  Repeated mean_ms, p50_ms, p95_ms, p99_ms;
  std::optional<Repeated> power_w;  // wall, mean while serving
  std::optional<Repeated> idle_w;   // wall, warm, before serving
};

struct ClosedLoop {
  double time_ms = 0;  // mean of one inference
  double power_w = 0;  // wall, during inference without pause
};

// A board, model and mode at all loads.
struct ServedMode {
  std::string device;
  std::string workload;
  std::int64_t dvfs_mode = 0;
  std::string mode_label;
  std::vector<LoadPoint> loads;  // ascending; at least one
  std::optional<ClosedLoop> closed_loop;
  std::optional<double> cpu_ghz;

  const LoadPoint& lowest() const { return loads.front(); }
};

struct LoadData {
  std::vector<ServedMode> modes;  // by device, workload and dvfs_mode
  std::vector<InputFile> inputs;
  std::vector<std::string> notes;  // what may be wrong with a file though it can be read
};

// From the rows of the files. `closed_loop` is keyed by (device, workload, dvfs_mode). Errors: a row without
// latencies, repeats of one load that differ in rate or duration.
using ModeKey = std::tuple<std::string, std::string, std::int64_t>;
Result<std::vector<ServedMode>> served_modes(const std::vector<traces::LoadRow>& rows,
                                             const std::vector<std::pair<ModeKey, ClosedLoop>>& closed_loop,
                                             const std::vector<traces::ObservedClocks>& clocks);

// Paths that are empty: `profiles` is single_stream.csv and `clocks` observed_clocks.csv beside `data`.
struct LoadFiles {
  std::string data;
  std::string profiles;
  std::string clocks;
};
// A row in a mode that is not among the observed clocks is an error.
Result<LoadData> read_load_data(const LoadFiles& files);

}  // namespace wattline::experiments
