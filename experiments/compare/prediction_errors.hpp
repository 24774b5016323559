// How far what a policy predicts is from the ground truth.
#pragma once

#include <vector>

#include "experiments/compare/comparison.hpp"
#include "policies/optimum.hpp"

namespace wattline::experiments {

// Of training (or what takes its place) and of inference at every batch, over all modes: mean and 95th
// percentile of |predicted / true - 1|. `train` and `infer` are the truth, as for an optimum. Fields `policy`
// and `problem` are left for the caller.
std::vector<PredictionErrors> prediction_errors(const policies::Problem& like,
                                                const policies::Predictions& predictions, std::size_t modes,
                                                const policies::CostTable* train,
                                                const policies::CostTable* infer);

}  // namespace wattline::experiments
