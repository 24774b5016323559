// Bayesian search on imagined boards.
#include "policies/bayesian.hpp"

#include "tests/policies/imagined_board.hpp"

namespace wattline::policies {
namespace {

using namespace imagined;

BayesianOptions options(int profiles, int initial = 5) {
  BayesianOptions options;
  options.profiles = profiles;
  options.initial = initial;
  return options;
}

TEST_CASE(
    "Bayesian search keeps to its profiles, plans only what it saw within the budgets, repeats itself") {
  expect_honest(Bayesian(options(20)), 20, true, 60);
}

TEST_CASE("Bayesian search has no plan where there is none, and tells of failed profiles") {
  expect_no_plan_where_there_is_none(Bayesian(options(20)));
  expect_errors_told(Bayesian(options(20)));
}

TEST_CASE("With a start of as many random points as there are Bayesian search is exhaustive") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    const Problem problem = random_problem(seed);
    const Truth truth = seed % 2 == 0 ? lawful(seed) : lawless(seed);
    Board board(grid(), truth);
    const Outcome outcome = Bayesian(options(1'000, 1'000)).solve(problem, board);
    const auto best = optimum(problem, grid(), truth);
    CHECK(outcome.termination == (best ? Termination::found : Termination::infeasible));
    REQUIRE(outcome.plan.has_value() == best.has_value());
    if (!best) continue;
    std::optional<Measured> train, infer;
    if (problem.trains()) train = truth(problem.train_role(), 16, outcome.plan->mode);
    if (problem.infers()) infer = truth(Role::infer, outcome.plan->infer_batch, outcome.plan->mode);
    CHECK_FALSE(better(problem, best->value, evaluate(problem, outcome.plan->infer_batch, train, infer)));
  }
}

TEST_CASE("The optimum of a lawful board is found within 2 % by 30 profiles, nearly always, of every kind") {
  for (const Objective objective : {Objective::speed, Objective::energy}) {
    for (const ProblemKind kind : all_kinds) {
      CAPTURE(name_of(kind), name_of(objective));
      int tried = 0, near = 0;
      for (std::uint64_t seed = 1; seed <= 25; ++seed) {
        Problem problem = problem_of(kind, 18, 8);
        problem.objective = objective;
        problem.id = std::to_string(seed);
        const Truth truth = lawful(seed);
        const auto best = optimum(problem, grid(), truth);
        if (!best) continue;
        ++tried;
        Board board(grid(), truth);
        const Outcome outcome = Bayesian(options(30)).solve(problem, board);
        if (!outcome.plan) continue;
        std::optional<Measured> train, infer;
        if (problem.trains()) train = truth(problem.train_role(), 16, outcome.plan->mode);
        if (problem.infers()) infer = truth(Role::infer, outcome.plan->infer_batch, outcome.plan->mode);
        const Evaluation value = evaluate(problem, outcome.plan->infer_batch, train, infer);
        near += regret(problem, value, best->value) <= 0.02 ? 1 : 0;
      }
      CHECK(tried >= 15);
      CHECK(near * 10 >= tried * 8);
    }
  }
}

TEST_CASE("Random points come first, then points with what was expected of them") {
  Board board(grid(), lawful(3));
  const Outcome outcome = Bayesian(options(12, 4)).solve(problem_of(ProblemKind::train, 25), board);
  REQUIRE(outcome.steps.size() >= 6);
  for (std::size_t i = 0; i < outcome.steps.size(); ++i) {
    CAPTURE(i, outcome.steps[i].reason);
    CHECK((outcome.steps[i].reason == "random point of the start") == (i < 4));
  }
}

TEST_CASE("A space larger than the candidates is searched at random points of it") {
  BayesianOptions few = options(20);
  few.candidates = 10;
  Board board(grid(), lawful(3));
  const Outcome outcome = Bayesian(few).solve(problem_of(ProblemKind::train, 99), board);
  CHECK(outcome.steps.size() <= 10);
  CHECK(outcome.plan.has_value());
}

TEST_CASE("A half that breaks the power budget spares the profile of the other, after the start") {
  // Training breaks 10 W everywhere but at the lowest GPU clock; inference nowhere.
  const Truth truth = [](Role role, int batch, const PowerMode& mode) {
    if (role == Role::infer) return Measured{batch * ms, 5};
    return Measured{20'000 * ms / mode.gpu_khz, mode.gpu_khz > 200 ? 12.0 + mode.gpu_khz / 100.0 : 9.0};
  };
  Board board(grid(), truth);
  const Outcome outcome = Bayesian(options(30, 3)).solve(problem_of(ProblemKind::concurrent, 10), board);
  CHECK(outcome.plan.has_value());
  std::set<PowerMode> infers;
  for (std::size_t i = 6; i < outcome.steps.size(); ++i) {
    if (outcome.steps[i].workload == "i") infers.insert(outcome.steps[i].mode);
  }
  for (const PowerMode& mode : infers) {
    CAPTURE(to_text(mode));
    const auto train = seen_in(outcome, "t", 16, mode);
    REQUIRE(train.has_value());
    CHECK(train->power_w <= 10);
  }
}

TEST_CASE("Bayesian search stops when no gain is expected that is worth a profile") {
  BayesianOptions content = options(60);
  content.worthwhile = 1;
  Board board(grid(), lawful(4));
  const Outcome outcome = Bayesian(content).solve(problem_of(ProblemKind::train, 99), board);
  CHECK(outcome.termination == Termination::found);
  CHECK(outcome.steps.size() < 20);
}

}  // namespace
}  // namespace wattline::policies
