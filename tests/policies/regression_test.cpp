// Regression on boards that follow its laws, and on boards that follow none.
#include "policies/regression.hpp"

#include "tests/policies/imagined_board.hpp"

namespace wattline::policies {
namespace {

using namespace imagined;
using Model = RegressionOptions::Model;

RegressionOptions options(Model model, int profiles, double margin = 0) {
  return {model, profiles, margin, 1};
}

// A board exactly as the linear model has it.
Measured linear_board(Role role, int batch, const PowerMode& mode) {
  const double n = mode.cores / 8.0, c = mode.cpu_khz / 1600.0, g = mode.gpu_khz / 1000.0,
               e = mode.emc_khz / 2000.0;
  const double size = role == Role::train ? 8 : batch;
  return {std::llround((3 + 2 / n + 1 / c + size * 5 / g + size / e) * 1e6),
          2 + 3 * n + 4 * c + (role == Role::train ? 9 : 6) * g + e + 0.1 * size};
}

// A board exactly as the roofline has it.
Measured roofline_board(Role role, int batch, const PowerMode& mode) {
  const double n = mode.cores / 8.0, c = mode.cpu_khz / 1600.0, g = mode.gpu_khz / 1000.0,
               e = mode.emc_khz / 2000.0;
  const double size = role == Role::train ? 8 : batch;
  return {std::llround((2 / c + 1 / (c * n) + size * 5 / g + 2 / e + size / e) * 1e6),
          3 + 2 * g + 8 * g * g * g + 2 * e + (1 + 2 * c * c) * n * c + 0.1 * size};
}

TEST_CASE("On a board that follows the model, a sample is as good as all of it") {
  for (const auto& [model, truth] : {std::pair<Model, Truth>{Model::linear, linear_board},
                                     std::pair<Model, Truth>{Model::roofline, roofline_board}}) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
      CAPTURE(seed);
      Problem problem = random_problem(seed);
      // Off what a point comes to, so that no error in the last bits decides what is within a budget.
      problem.power_budget_w = std::floor(problem.power_budget_w) + 0.317;
      Board board(grid(), truth);
      const Outcome outcome = Regression(options(model, 60)).solve(problem, board);
      const auto best = optimum(problem, grid(), truth);
      REQUIRE(outcome.plan.has_value() == best.has_value());
      if (!best) continue;
      const Plan& plan = *outcome.plan;
      std::optional<Measured> train, infer;
      if (problem.trains()) train = truth(problem.train_role(), 16, plan.mode);
      if (problem.infers()) infer = truth(Role::infer, plan.infer_batch, plan.mode);
      const Evaluation value = evaluate(problem, plan.infer_batch, train, infer);
      CHECK(value.within_power);
      CHECK(value.within_latency);
      CHECK(regret(problem, value, best->value) < 1e-6);
    }
  }
}

TEST_CASE("Regression keeps to its profiles, is not contradicted by what it saw, and repeats itself") {
  expect_honest(Regression(options(Model::linear, 20)), 20, false);
  expect_honest(Regression(options(Model::roofline, 20)), 20, false);
}

TEST_CASE("Regression has no plan where there is none, and tells of failed profiles") {
  for (const Model model : {Model::linear, Model::roofline}) {
    expect_no_plan_where_there_is_none(Regression(options(model, 60)));
    expect_errors_told(Regression(options(model, 60)));
  }
}

TEST_CASE("With more profiles than points regression has seen all, and knows the optimum of any board") {
  for (const Model model : {Model::linear, Model::roofline}) {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
      CAPTURE(seed);
      const Problem problem = random_problem(seed);
      Board board(grid(), lawless(seed));
      const Outcome outcome = Regression(options(model, 1'000'000)).solve(problem, board);
      const auto best = optimum(problem, grid(), lawless(seed));
      REQUIRE(outcome.plan.has_value() == best.has_value());
      if (best) CHECK(outcome.plan == best->plan);
    }
  }
}

TEST_CASE("Problems on the same workloads share one sample, which does not depend on their order") {
  const Regression regression(options(Model::roofline, 30));
  CHECK(regression.sharing() == Sharing::workloads);
  const Problem loose = problem_of(ProblemKind::concurrent, 25),
                tight = problem_of(ProblemKind::concurrent, 12);
  Board board(grid(), lawful(3)), reversed(grid(), lawful(3));
  const auto solver = regression.start(board), other = regression.start(reversed);
  const Outcome first = solver->solve(loose), second = solver->solve(tight);
  CHECK(first.steps.size() == 28);  // 7 modes of 1 + 3
  CHECK(second.steps.empty());
  CHECK(board.spent().profiles == 28);
  CHECK(other->solve(tight).plan == second.plan);
  CHECK(other->solve(loose).plan == first.plan);
}

TEST_CASE("A margin keeps predicted points below the budget by its share") {
  for (const double margin : {0.0, 0.1, 0.3}) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      Problem problem = problem_of(ProblemKind::train, 8 + static_cast<double>(seed) * 0.71);
      Board board(grid(), linear_board);
      const Outcome outcome = Regression(options(Model::linear, 15, margin)).solve(problem, board);
      if (!outcome.plan || seen_in(outcome, "t", 16, outcome.plan->mode)) continue;
      CHECK(linear_board(Role::train, 16, outcome.plan->mode).power_w <=
            problem.power_budget_w * (1 - margin) + 1e-6);
    }
  }
}

TEST_CASE("One or two profiles make a poor model, but no nonsense") {
  for (const Model model : {Model::linear, Model::roofline}) {
    for (const ProblemKind kind : all_kinds) {
      for (const int profiles : {1, 2, 3}) {
        Board board(grid(), lawful(6));
        const Outcome outcome = Regression(options(model, profiles)).solve(problem_of(kind, 30), board);
        CHECK(board.spent().profiles <= profiles);
        CHECK(outcome.termination == (outcome.plan ? Termination::found : Termination::infeasible));
      }
    }
  }
}

}  // namespace
}  // namespace wattline::policies
