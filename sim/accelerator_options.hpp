// Whether options of the accelerator keep its contract.
#pragma once

#include "sim/accelerator.hpp"

namespace wattline::sim {

// Whether the run ends whatever is left to serve.
inline bool has_end(const AcceleratorOptions& options) {
  return options.end_ns || options.energy_budget_fj;
}

// What is wrong with them, if anything is: no configuration, one without rules for each stream and job,
// numbers out of range, a stream that is served and has no arrivals, a run that would never end or has
// nothing to do.
MaybeError check_options(const AcceleratorOptions& options);

}  // namespace wattline::sim
