// The planning loop of a dynamic experiment: window by window, whether a plan is made anew, what it costs the
// board to find it, and which plan is then in force. Nothing is served here; the replay does that.
//
// At the start of a window the chooser (a policy's solver, or the clairvoyant optimum) is asked when the rate
// told differs by more than `replan_change` from the one it was asked about last, or when the plan in force
// is known not to keep up with it: in service its minibatch times show. Not while the board still profiles
// for the plan before, and not about a rate of 0.
//
// A chooser that finds no plan leaves the plan in force. Before there is one: the top mode, no background
// work, and of the batches that gather within the latency budget the largest (else the smallest of all).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "devices/switching_times.hpp"
#include "experiments/dynamic/dynamic_experiment.hpp"
#include "policies/policy.hpp"
#include "sim/accelerator.hpp"

namespace wattline::experiments {

enum class Why { first, rate, keep_up, nothing_arrives };
const char* name_of(Why why);

// One plan and how it came about.
struct Decision {
  std::size_t window = 0;  // at whose start it was made
  Why why = Why::first;
  double rate_hz = 0;  // that it was made for
  policies::Termination termination = policies::Termination::infeasible;
  std::string message;                // of an error
  std::vector<policies::Step> steps;  // the policy's log of what it profiled for this plan
  int profiles = 0;                   // of them, charged
  bool found = false;                 // whether the policy had a plan; else the one before stays
  policies::Plan plan;                // in force after profiling and switch
  // What the board goes through first.
  std::vector<sim::ProfilingStretch> profiling;
  sim::TimeNs switch_ns = 0;

  sim::TimeNs change_ns() const;
};

struct Schedule {
  std::vector<Decision> decisions;  // at least one, the first of window 0; ascending
  std::vector<double> told_hz;      // by window
};

// What changing modes costs the board. Of a measured table nothing is known.
devices::SwitchingTimes switching_times_of(const Experiment& experiment);

// Answers one problem. Its outcome's charged steps are what it profiled.
using Chooser = std::function<policies::Outcome(const policies::Problem&)>;

// `problem` is an index. The clairvoyant is told every window's true mean (with the peak factor) and is asked
// whenever it changed; it knows, and so its outcomes have no steps. Errors: the board cannot run a plan.
Result<Schedule> plan_ahead(const DynamicExperiment& experiment, std::size_t problem, const Chooser& chooser,
                            bool clairvoyant);

}  // namespace wattline::experiments
