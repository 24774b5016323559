// A dynamic experiment: problems whose arrival rate changes, and policies that plan anew as it does; read
// from JSON (schema wattline-dynamic/1, docs/formats.md).
//
// Time is cut into planning windows, the first at 0. At the start of each the planner is told a rate.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "experiments/arrival_source.hpp"
#include "experiments/compare/experiment.hpp"

namespace wattline::experiments {

// What the planner is told of the rate at the start of a window.
enum class RateKnowledge {
  known,    // the window's true mean
  previous  // what was counted in the window before
};

// Divided, not multiplied by 1e-9: 60,000,000,000 ns are 60 s and not a bit more.
constexpr double seconds_of(sim::TimeNs ns) {
  return static_cast<double>(ns) / 1e9;
}

struct PlanningWindow {
  sim::TimeNs start_ns = 0;
  sim::TimeNs end_ns = 0;     // not included; the last window may be shorter than the others
  std::uint64_t arrived = 0;  // requests
  // The true mean: of the configured rates, or as counted where a log is replayed.
  double rate_hz = 0;

  double length_s() const { return seconds_of(end_ns - start_ns); }
  double counted_hz() const { return static_cast<double>(arrived) / length_s(); }
};

struct DynamicExperiment {
  // Board, profiling, policies and problems. A problem's own arrival rate means nothing here, and its id
  // does not name one.
  Experiment common;
  RateKnowledge knowledge = RateKnowledge::previous;
  double peak_factor = 1;       // plans are for this many times the rate that is told
  double replan_change = 0.1;   // of the rate, relative to that of the plan in force, beyond which it is left
  double first_rate_hz = 0;     // told at the start of the first window when the rate is `previous`
  sim::TimeNs max_wait_ns = 0;  // for a batch to fill; 0: until it is full
  ArrivalSource arrivals;
  std::vector<sim::TimeNs> instants_ns;  // of all requests, ascending, before the end
  sim::TimeNs window_ns = 0;
  std::vector<PlanningWindow> windows;  // at least one, without gaps
  OrderedJson configuration;            // resolved: as given, and the defaults taken

  sim::TimeNs end_ns() const { return windows.back().end_ns; }
  // Precondition: 0 <= instant_ns.
  std::size_t window_of(sim::TimeNs instant_ns) const;
  // What the planner is told at the start of a window, the peak factor included; 0: of no arrivals.
  double told_hz(std::size_t window) const;

  std::vector<InputFile> inputs() const;
  std::vector<std::string> notes() const;  // what the user should know of the costs and arrivals
};

Result<DynamicExperiment> read_dynamic_experiment(const std::string& path);
// `base` is the directory that paths in the text are relative to.
Result<DynamicExperiment> parse_dynamic_experiment(const std::string& text, const std::string& name,
                                                   const std::string& base);

}  // namespace wattline::experiments
