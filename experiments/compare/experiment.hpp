// An experiment: problems, the policies to compare on them, and how plans are replayed; read from
// JSON (schema wattline-experiment/1, docs/formats.md).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "experiments/arrival_source.hpp"
#include "experiments/board.hpp"
#include "experiments/platforms/simulated.hpp"
#include "policies/policy.hpp"
#include "policies/problem.hpp"

namespace wattline::experiments {

// Of arrivals: a batch of a million requests gathers within the clock's 292 years.
inline constexpr double slowest_rate_hz = 1e-3;

struct ComparedPolicy {
  std::string label;
  bool sample_only = false;  // solves the experiment's sample, not every problem
  std::shared_ptr<const policies::Policy> policy;
};

// Replays every plan that the policies choose under these arrivals, at each problem's rate.
struct ReplayOptions {
  ArrivalSource arrivals;
};

struct Experiment {
  std::string name;
  std::uint64_t seed = 1;
  Board board;
  std::optional<devices::ModeSpace> modes;  // always set after reading
  std::vector<devices::Preset> presets;     // of the mode space's clock table
  ProfilingOptions profiling;
  std::vector<policies::Problem> problems;
  std::vector<std::size_t> sample;  // of the problems: kept in full and replayed; ascending
  std::vector<ComparedPolicy> policies;
  std::optional<ReplayOptions> replay;
  OrderedJson configuration;  // resolved: as given, and the defaults taken
  std::vector<InputFile> inputs() const;
  std::vector<std::string> notes() const;  // what the user should know of the costs and arrivals
};

Result<Experiment> read_experiment(const std::string& path);
// `base` is the directory that paths in the text are relative to.
Result<Experiment> parse_experiment(const std::string& text, const std::string& name,
                                    const std::string& base);

}  // namespace wattline::experiments
