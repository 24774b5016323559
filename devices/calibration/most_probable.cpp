#include "devices/calibration/most_probable.hpp"

#include <ceres/ceres.h>
#include <ceres/normal_prior.h>
#include <fmt/format.h>

#include <Eigen/Dense>

#include "sim/base/text.hpp"

namespace wattline::devices::calibration {

namespace {

void add_priors(ceres::Problem& problem, Blocks& blocks) {
  // A prior is a residual on the whole block of which it reads one entry; one-entry views would need
  // one parameter block each.
  for (std::size_t b = 0; b < blocks.parameters.size(); ++b) {
    const auto& block = *blocks.parameters[b];
    const int size = static_cast<int>(block.size());
    ceres::Matrix weights = ceres::Matrix::Zero(size, size);
    ceres::Vector centre(size);
    for (int i = 0; i < size; ++i) {
      weights(i, i) = 1 / block[static_cast<std::size_t>(i)].spread;
      centre[i] = std::log(block[static_cast<std::size_t>(i)].prior);
    }
    problem.AddParameterBlock(blocks.block(b), size);
    for (int i = 0; i < size; ++i) {
      problem.SetParameterLowerBound(blocks.block(b), i, std::log(block[static_cast<std::size_t>(i)].low));
      problem.SetParameterUpperBound(blocks.block(b), i, std::log(block[static_cast<std::size_t>(i)].high));
    }
    problem.AddResidualBlock(new ceres::NormalPrior(weights, centre), nullptr, blocks.block(b));
  }
}

ceres::Solver::Options solver_options(const FitOptions& options, std::size_t parameters, bool in_between) {
  ceres::Solver::Options solver;
  solver.max_num_iterations = options.iterations;
  solver.num_threads = 1;
  solver.logging_type = ceres::SILENT;
  // Costs are logarithms of a density: of a thousand points, a millionth is nothing. Between the first round,
  // which chooses among starts, and the last one only the noise is taken from the solution.
  solver.function_tolerance = in_between ? 1e-4 : 1e-6;
  // Board parameters couple all groups: an arrow, which a sparse factorisation keeps sparse.
  solver.linear_solver_type = parameters > 200 ? ceres::SPARSE_NORMAL_CHOLESKY : ceres::DENSE_QR;
  return solver;
}

struct Solved {
  std::vector<double> values;
  std::vector<double> deviation;
  Eigen::MatrixXd covariance;
  Noise noise;         // that weighed the data
  Noise stated_noise;  // of the covariance
  Termination termination = Termination::failed;
  std::vector<FitStep> steps;
};

// Residuals of the data alone at the present values, in units of log.
std::vector<double> data_residuals(Blocks& blocks, const AddData& add_data, std::size_t groups) {
  ceres::Problem problem;
  for (std::size_t b = 0; b < blocks.parameters.size(); ++b)
    problem.AddParameterBlock(blocks.block(b), static_cast<int>(blocks.parameters[b]->size()));
  add_data(problem, blocks, Noise(groups, 1.0), 0);
  std::vector<double> residuals;
  ceres::Problem::EvaluateOptions evaluate;
  evaluate.apply_loss_function = false;
  problem.Evaluate(evaluate, nullptr, &residuals, nullptr, nullptr);
  return residuals;
}

constexpr int rounds = 3;

// One round: every start, best kept in `blocks`. `from`: see fit_time().
void solve_round(int round, const Noise& noise, const FitOptions& options, const FitResult* from,
                 const AddData& add_data, Blocks& blocks, Solved& solved) {
  sim::RandomStream random(options.seed, "calibration starts");
  std::vector<double> best = blocks.values;
  double best_cost = 0;
  std::size_t best_step = 0;
  // Later rounds only refine: the winner of the first is where they start.
  const bool first = round == 0 && !from;
  const int starts = first ? options.starts : 1;
  if (round == 0 && from) blocks.start_at(*from);
  for (int start = 0; start < starts; ++start) {
    if (first && start == 0) blocks.start_at_prior();
    if (first && start > 0) blocks.start_near_prior(random);
    ceres::Problem problem;
    add_priors(problem, blocks);
    add_data(problem, blocks, noise, options.huber);
    ceres::Solver::Summary summary;
    ceres::Solve(solver_options(options, blocks.values.size(), round > 0 && round + 1 < rounds), &problem,
                 &summary);
    solved.steps.push_back(
        {round, start, static_cast<int>(summary.iterations.size()) - 1, summary.final_cost, false});
    if (!summary.IsSolutionUsable()) continue;
    if (solved.termination == Termination::failed || start == 0 || summary.final_cost < best_cost) {
      best_cost = summary.final_cost;
      best = blocks.values;
      best_step = solved.steps.size() - 1;
      solved.termination = summary.termination_type == ceres::CONVERGENCE ? Termination::converged
                                                                          : Termination::iterations_exhausted;
    }
  }
  blocks.values = best;
  if (!solved.steps.empty()) solved.steps[best_step].chosen = true;
}

// Inverse of the Gauss-Newton Hessian at the solution, priors included, losses not.
Eigen::MatrixXd covariance_at(Blocks& blocks, const AddData& add_data, const Noise& noise) {
  ceres::Problem problem;
  std::vector<double*> order;
  for (std::size_t b = 0; b < blocks.parameters.size(); ++b) {
    const auto& block = *blocks.parameters[b];
    problem.AddParameterBlock(blocks.block(b), static_cast<int>(block.size()));
    order.push_back(blocks.block(b));
  }
  add_data(problem, blocks, noise, 0);
  ceres::CRSMatrix sparse;
  ceres::Problem::EvaluateOptions evaluate;
  evaluate.parameter_blocks = order;
  evaluate.apply_loss_function = false;
  problem.Evaluate(evaluate, nullptr, nullptr, nullptr, &sparse);
  const auto size = static_cast<Eigen::Index>(blocks.values.size());
  Eigen::MatrixXd hessian = Eigen::MatrixXd::Zero(size, size);
  for (int row = 0; row < sparse.num_rows; ++row) {
    const auto begin = static_cast<std::size_t>(sparse.rows[static_cast<std::size_t>(row)]);
    const auto end = static_cast<std::size_t>(sparse.rows[static_cast<std::size_t>(row) + 1]);
    for (std::size_t i = begin; i < end; ++i)
      for (std::size_t j = begin; j < end; ++j)
        hessian(sparse.cols[i], sparse.cols[j]) += sparse.values[i] * sparse.values[j];
  }
  Eigen::Index at = 0;
  for (const auto* block : blocks.parameters)
    for (const Parameter& parameter : *block) {
      hessian(at, at) += 1 / (parameter.spread * parameter.spread);
      ++at;
    }
  return hessian.ldlt().solve(Eigen::MatrixXd::Identity(size, size));
}

// How many of a group's degrees of freedom its parameters have used up: of each what the data narrowed its
// prior by (MacKay 1992, eq. 4.9), and its share of the board's.
std::vector<double> used_freedom(const Blocks& blocks, const Eigen::MatrixXd& covariance,
                                 const std::vector<std::size_t>& group_of_residual, std::size_t groups) {
  const auto of_block = [&](std::size_t block) {
    double used = 0;
    for (std::size_t i = 0; i < blocks.parameters[block]->size(); ++i) {
      const auto at = static_cast<Eigen::Index>(blocks.offset[block] + i);
      const double spread = (*blocks.parameters[block])[i].spread;
      used += std::max(0.0, 1 - covariance(at, at) / (spread * spread));
    }
    return used;
  };
  std::vector<double> points(groups);
  for (const std::size_t group : group_of_residual) ++points[group];
  std::vector<double> used;
  const double of_board = of_block(0);
  for (std::size_t g = 0; g < groups; ++g)
    used.push_back(of_block(1 + g) + of_board * points[g] / static_cast<double>(group_of_residual.size()));
  return used;
}

// `group_of_residual`: of the residuals that `add_data` adds, in its order. `misfit`: of each group.
Solved solve(Blocks& blocks, const AddData& add_data, const std::vector<std::size_t>& group_of_residual,
             const std::vector<double>& misfit, const FitOptions& options, const FitResult* from) {
  Solved solved;
  const std::size_t groups = misfit.size();
  solved.noise.assign(groups, options.first_noise);
  solved.stated_noise = misfit;
  if (group_of_residual.empty()) {
    solved.termination = Termination::no_data;
  } else {
    const AssumedNoise weighing{solved.noise, 5, std::vector<double>(groups, 0.0), options.least_noise,
                                options.most_noise};
    for (int round = 0; round < rounds; ++round) {
      solve_round(round, solved.noise, options, from, add_data, blocks, solved);
      solved.noise = noise_of(data_residuals(blocks, add_data, groups), group_of_residual, weighing);
    }
    // Weights want the likely noise; a stated error must not trust that a few points, which the parameters
    // can follow, have shown all of it.
    const auto used =
        used_freedom(blocks, covariance_at(blocks, add_data, solved.noise), group_of_residual, groups);
    const AssumedNoise stating{misfit, 2, used, options.least_noise, 1.0};
    solved.stated_noise = noise_of(data_residuals(blocks, add_data, groups), group_of_residual, stating);
  }
  solved.values = blocks.values;
  solved.covariance = covariance_at(blocks, add_data, solved.stated_noise);
  for (Eigen::Index i = 0; i < solved.covariance.rows(); ++i)
    solved.deviation.push_back(std::sqrt(std::max(0.0, solved.covariance(i, i))));
  return solved;
}

std::vector<Estimate> estimates_of(const Blocks& blocks, const Solved& solved, std::size_t block) {
  std::vector<Estimate> list;
  for (std::size_t i = 0; i < blocks.parameters[block]->size(); ++i) {
    const std::size_t at = blocks.offset[block] + i;
    list.push_back({std::exp(solved.values[at]), solved.deviation[at]});
  }
  return list;
}

std::vector<double> joint_covariance(const Blocks& blocks, const Solved& solved, std::size_t group_block) {
  std::vector<Eigen::Index> index;
  for (const std::size_t block : {std::size_t{0}, group_block})
    for (std::size_t i = 0; i < blocks.parameters[block]->size(); ++i)
      index.push_back(static_cast<Eigen::Index>(blocks.offset[block] + i));
  // Five digits are more than a covariance is good for, and keep model files small.
  const auto rounded = [](double value) { return *parse_double(fmt::format("{:.4e}", value)); };
  std::vector<double> dense;
  for (const Eigen::Index row : index)
    for (const Eigen::Index column : index)
      dense.push_back(rounded(solved.covariance(std::max(row, column), std::min(row, column))));
  return dense;
}

FitResult result_of(const Blocks& blocks, const Solved& solved, std::size_t groups) {
  FitResult result;
  result.board = estimates_of(blocks, solved, 0);
  for (std::size_t g = 0; g < groups; ++g) {
    result.groups.push_back(estimates_of(blocks, solved, 1 + g));
    result.covariance.push_back(joint_covariance(blocks, solved, 1 + g));
  }
  for (std::size_t b = 1 + groups; b < blocks.parameters.size(); ++b)
    result.meters.push_back(estimates_of(blocks, solved, b));
  result.noise = solved.noise;
  result.stated_noise = solved.stated_noise;
  result.termination = solved.termination;
  result.steps = solved.steps;
  return result;
}

}  // namespace

FitResult most_probable(Blocks& blocks, const AddData& add_data,
                        const std::vector<std::size_t>& group_of_residual, const std::vector<double>& misfit,
                        const FitOptions& options, const FitResult* from) {
  return result_of(blocks, solve(blocks, add_data, group_of_residual, misfit, options, from), misfit.size());
}

}  // namespace wattline::devices::calibration
