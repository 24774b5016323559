#include "policies/powertrain.hpp"

#include <fmt/format.h>

#include <climits>

namespace wattline::policies {

std::unique_ptr<Solver> PowerTrain::start(Platform& platform) const {
  const auto learn = [options = options_, reference = reference_](
                         const Problem& like, const devices::ModeSpace& modes, Notebook& notebook) {
    sim::RandomStream stream(options.seed, fmt::format("powertrain/{}", family_name(like)));
    Learnt learnt;
    const auto count = static_cast<std::size_t>(options.modes);
    learnt.sample = random_sample(like, modes, count * profiles_a_mode(like), stream, notebook);
    learnt.predictions = predict_by_transfer(like, modes, learnt.sample, *reference, options.epochs,
                                             options.logarithms, options.seed);
    return learnt;
  };
  return std::make_unique<PredictingSolver>(platform, INT_MAX, options_.margin, learn);
}

Outcome PowerTrain::solve(const Problem& problem, Platform& platform) const {
  return start(platform)->solve(problem);
}

}  // namespace wattline::policies
