#include "traces/import/power_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "traces/import/log_modes.hpp"
#include "traces/import/minibatch_log.hpp"

namespace wattline::traces {

namespace {

using devices::PowerMode;
using devices::ProfileRow;

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

// Of a sample; nothing for one value.
std::optional<double> deviation(const std::vector<double>& values) {
  if (values.size() < 2) return std::nullopt;
  const double centre = mean(values);
  double squares = 0;
  for (const double value : values) squares += (value - centre) * (value - centre);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

struct Run {
  const Minibatch* first;
  const Minibatch* last;
  PowerMode mode;
};

Result<std::vector<Run>> runs_of(const std::vector<Minibatch>& minibatches, LogModes modes,
                                 double longest_gap_s) {
  std::vector<Run> runs;
  for (const Minibatch& minibatch : minibatches) {
    const auto mode = modes.at((minibatch.start_s + minibatch.end_s) / 2);
    if (!mode) return mode.error();
    const bool continues =
        !runs.empty() && runs.back().mode == *mode && runs.back().last->workload == minibatch.workload &&
        runs.back().last->role == minibatch.role && runs.back().last->batch == minibatch.batch &&
        minibatch.start_s - runs.back().last->end_s <= longest_gap_s;
    if (continues)
      runs.back().last = &minibatch;
    else
      runs.push_back({&minibatch, &minibatch, *mode});
  }
  return runs;
}

ProfileRow profile_of(const Run& run, const PowerLog& log, const ImportOptions& options) {
  ProfileRow row;
  row.device = options.device;
  row.workload = run.first->workload;
  row.role = run.first->role;
  row.batch = run.first->batch;
  row.mode = run.mode;
  std::vector<double> times_ms;
  for (const Minibatch* at = run.first; at <= run.last; ++at)
    times_ms.push_back((at->end_s - at->start_s) * 1000);
  row.time_ms = median(times_ms);
  row.time_std_ms = deviation(times_ms);
  row.samples = static_cast<std::int64_t>(times_ms.size());
  std::vector<double> powers_w;
  const auto begin =
      std::lower_bound(log.readings.begin(), log.readings.end(), run.first->start_s + options.settle_s,
                       [](const PowerReading& reading, double time_s) { return reading.time_s < time_s; });
  for (auto at = begin; at != log.readings.end() && at->time_s <= run.last->end_s; ++at) {
    if (at->power_w) powers_w.push_back(*at->power_w);
  }
  if (!powers_w.empty()) {
    row.power_w = mean(powers_w);
    row.power_std_w = deviation(powers_w);
    row.power_kind = devices::PowerKind::module_rails;
  }
  row.source = log.source;
  row.line = run.first->line;
  return row;
}

}  // namespace

Result<std::vector<ProfileRow>> join_minibatches(const PowerLog& log,
                                                 const std::vector<Minibatch>& minibatches,
                                                 const ImportOptions& options) {
  if (options.device.empty())
    return bad_input(fmt::format("{}: the log does not name its board; give it with --device", log.name));
  const double from_s = log.readings.front().time_s, to_s = log.readings.back().time_s;
  if (minibatches.back().end_s < from_s || minibatches.front().start_s > to_s) {
    return bad_input(
        fmt::format("{}: the log is of {:.3f} to {:.3f} s and the minibatches of {:.3f} to "
                    "{:.3f} s; both must count in the same clock",
                    log.name, from_s, to_s, minibatches.front().start_s, minibatches.back().end_s));
  }
  auto modes = LogModes::make(log, options);
  if (!modes) return modes.error();
  const auto runs = runs_of(minibatches, *std::move(modes), options.longest_gap_s);
  if (!runs) return runs.error();
  std::vector<ProfileRow> rows;
  rows.reserve(runs->size());
  for (const Run& run : *runs) rows.push_back(profile_of(run, log, options));
  return rows;
}

Result<std::vector<devices::ProfileRow>> join_minibatch_log(const PowerLog& log,
                                                            const ImportOptions& options) {
  if (options.minibatches.empty())
    return bad_input(log.name +
                     ": a power log says nothing of minibatches; give their log with --minibatches");
  const auto minibatches = read_minibatch_log(options.minibatches);
  if (!minibatches) return minibatches.error();
  return join_minibatches(log, *minibatches, options);
}

}  // namespace wattline::traces
