// Families: problems that differ in their budgets and arrival rate alone. They share the ground truth's
// tables, the index of their optima, and what a policy learns about their workloads.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "policies/problem.hpp"

namespace wattline::experiments {

// "resnet18+mobilenet_v3_large": the workloads of a family as breakdowns show them.
std::string workloads_of(const policies::Problem& problem);

// The problems' indices by family, families in the order of their first problem, indices ascending.
std::vector<std::vector<std::size_t>> families_of(const std::vector<policies::Problem>& problems);

// `count` of the problems, or all if there are fewer: from every family its share (at least one), drawn at
// random from equal stretches of its order, so that rates and budgets are spread as in the whole.
// Ascending.
std::vector<std::size_t> stratified_sample(const std::vector<policies::Problem>& problems, std::size_t count,
                                           std::uint64_t seed);

}  // namespace wattline::experiments
