#include "experiments/compare/families.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "sim/random.hpp"

namespace wattline::experiments {

using policies::Problem;

namespace {

auto family_key(const Problem& problem) {
  return std::tuple(problem.kind, problem.minds_energy(), problem.train_workload, problem.train_batch,
                    problem.infer_workload, problem.infer_batches);
}

}  // namespace

std::string workloads_of(const Problem& problem) {
  if (!problem.infers()) return problem.train_workload;
  if (!problem.trains()) return problem.infer_workload;
  const char* joint = problem.train_role() == workloads::Role::train ? "+" : "~";
  return problem.train_workload + joint + problem.infer_workload;
}

std::vector<std::vector<std::size_t>> families_of(const std::vector<Problem>& problems) {
  std::map<decltype(family_key(problems.front())), std::size_t> numbers;
  std::vector<std::vector<std::size_t>> families;
  for (std::size_t i = 0; i < problems.size(); ++i) {
    const auto [known, is_new] = numbers.emplace(family_key(problems[i]), families.size());
    if (is_new) families.emplace_back();
    families[known->second].push_back(i);
  }
  return families;
}

std::vector<std::size_t> stratified_sample(const std::vector<Problem>& problems, std::size_t count,
                                           std::uint64_t seed) {
  std::vector<std::size_t> sample;
  sim::RandomStream random(seed, "sample of problems");
  for (const auto& family : families_of(problems)) {
    const std::size_t share = (family.size() * count + problems.size() - 1) / problems.size();
    const std::size_t picks = std::clamp<std::size_t>(share, 1, family.size());
    for (std::size_t pick = 0; pick < picks; ++pick) {
      const std::size_t begin = pick * family.size() / picks, end = (pick + 1) * family.size() / picks;
      sample.push_back(family[begin + static_cast<std::size_t>(random.below(end - begin))]);
    }
  }
  std::sort(sample.begin(), sample.end());
  return sample;
}

}  // namespace wattline::experiments
