// A session of an experiment's board.
#pragma once

#include <memory>

#include "experiments/compare/experiment.hpp"
#include "policies/platform.hpp"

namespace wattline::experiments {

// Nothing profiled yet: the simulated board, or the measured table. Borrows the experiment.
std::unique_ptr<policies::Platform> new_session(const Experiment& experiment);

}  // namespace wattline::experiments
