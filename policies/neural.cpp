#include "policies/neural.hpp"

#include <fmt/format.h>

namespace wattline::policies {

std::unique_ptr<Solver> NeuralSearch::start(Platform& platform) const {
  const auto learn = [options = options_](const Problem& like, const devices::ModeSpace& modes,
                                          Notebook& notebook) {
    sim::RandomStream stream(options.networks.seed, fmt::format("neural/{}", family_name(like)));
    Learnt learnt;
    learnt.sample = random_sample(like, modes, static_cast<std::size_t>(options.profiles), stream, notebook);
    learnt.predictions = predict_from_sample(like, modes, learnt.sample, options.networks);
    return learnt;
  };
  return std::make_unique<PredictingSolver>(platform, options_.profiles, options_.margin, learn);
}

Outcome NeuralSearch::solve(const Problem& problem, Platform& platform) const {
  return start(platform)->solve(problem);
}

}  // namespace wattline::policies
