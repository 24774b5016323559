#include "policies/random_search.hpp"

#include <fmt/format.h>

#include <numeric>

#include "policies/predicted_table.hpp"
#include "sim/random.hpp"

namespace wattline::policies {

Outcome RandomSearch::solve(const Problem& problem, Platform& platform) const {
  Notebook notebook(problem, platform, options_.profiles);
  sim::RandomStream stream(options_.seed, fmt::format("random_search/{}", problem.id));
  const std::vector<int> no_inference = {0};
  const std::vector<int>& batches = problem.infers() ? problem.infer_batches : no_inference;

  // Points (mode, batch) in random order without repetition: a Fisher-Yates shuffle, as far as needed.
  std::vector<std::size_t> points(platform.modes().size() * batches.size());
  std::iota(points.begin(), points.end(), std::size_t{0});
  std::size_t drawn = 0;
  for (; drawn < points.size() && !notebook.failed() && !notebook.exhausted(); ++drawn) {
    std::swap(points[drawn], points[drawn + static_cast<std::size_t>(stream.below(points.size() - drawn))]);
    const devices::PowerMode mode = platform.modes().at(points[drawn] / batches.size());
    const int batch = batches[points[drawn] % batches.size()];
    if (problem.trains()) notebook.train(mode, "random point");
    if (problem.infers()) notebook.infer(mode, batch, "random point");
  }
  return notebook.conclude(drawn == points.size() || notebook.best().has_value());
}

std::unique_ptr<Solver> RandomSearch::start(Platform& platform) const {
  if (!options_.share) return Policy::start(platform);
  const auto learn = [profiles = options_.profiles, seed = options_.seed](
                         const Problem& like, const devices::ModeSpace& modes, Notebook& notebook) {
    sim::RandomStream stream(seed, fmt::format("random_search/{}", family_name(like)));
    // Nothing is predicted: only what was seen can be chosen.
    return Learnt{{}, random_sample(like, modes, static_cast<std::size_t>(profiles), stream, notebook)};
  };
  return std::make_unique<PredictingSolver>(platform, options_.profiles, 0, learn);
}

}  // namespace wattline::policies
