#include "experiments/compare/session.hpp"

#include "experiments/platforms/simulated.hpp"
#include "experiments/platforms/table.hpp"

namespace wattline::experiments {

std::unique_ptr<policies::Platform> new_session(const Experiment& experiment) {
  if (experiment.board.table) {
    return std::make_unique<TablePlatform>(*experiment.board.table, *experiment.modes,
                                           experiment.profiling.minibatches);
  }
  return std::make_unique<SimulatedPlatform>(*experiment.board.truth, *experiment.modes, experiment.presets,
                                             experiment.profiling);
}

}  // namespace wattline::experiments
