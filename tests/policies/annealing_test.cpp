// Simulated annealing on imagined boards.
#include "policies/annealing.hpp"

#include "tests/policies/imagined_board.hpp"

namespace wattline::policies {
namespace {

using namespace imagined;

AnnealingOptions options(int profiles, std::uint64_t seed = 1) {
  AnnealingOptions options;
  options.profiles = profiles;
  options.seed = seed;
  return options;
}

TEST_CASE("Annealing keeps to its profiles, plans only what it saw within the budgets, and repeats itself") {
  expect_honest(Annealing(options(20)), 20, true);
}

TEST_CASE("Annealing has no plan where there is none, and tells of failed profiles") {
  expect_no_plan_where_there_is_none(Annealing(options(20)));
  expect_errors_told(Annealing(options(20)));
}

TEST_CASE("With as many profiles as points annealing sees all and finds the optimum") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    const Problem problem = random_problem(seed);
    const Truth truth = seed % 2 == 0 ? lawful(seed) : lawless(seed);
    Board board(grid(), truth);
    const Outcome outcome = Annealing(options(100'000)).solve(problem, board);
    const auto best = optimum(problem, grid(), truth);
    CHECK(outcome.termination == (best ? Termination::found : Termination::infeasible));
    REQUIRE(outcome.plan.has_value() == best.has_value());
    if (!best) continue;
    // Equals may differ in their plan, not in what it comes to.
    const Plan& plan = *outcome.plan;
    std::optional<Measured> train, infer;
    if (problem.trains()) train = truth(problem.train_role(), 16, plan.mode);
    if (problem.infers()) infer = truth(Role::infer, plan.infer_batch, plan.mode);
    const Evaluation value = evaluate(problem, plan.infer_batch, train, infer);
    CHECK_FALSE(better(problem, best->value, value));
  }
}

TEST_CASE("Annealing starts in the middle and moves along one axis, by up to a quarter of it") {
  Board board(grid(), lawful(3));
  const Outcome outcome = Annealing(options(30)).solve(problem_of(ProblemKind::train, 99), board);
  CHECK(outcome.steps.front().mode == PowerMode{4, 800, 600, 2000, 8});
  CHECK(outcome.steps.front().reason == "middle of every axis");
  // Every further one is a neighbour of one seen before.
  for (std::size_t i = 1; i < outcome.steps.size(); ++i) {
    const auto at = board.modes().coordinates_of(*board.modes().find(outcome.steps[i].mode));
    bool neighbour = outcome.steps[i].reason == "nearest unseen to the best";
    for (std::size_t j = 0; j < i; ++j) {
      const auto from = board.modes().coordinates_of(*board.modes().find(outcome.steps[j].mode));
      std::size_t moved = 0;
      for (std::size_t axis = 0; axis < 4; ++axis)
        moved += std::max(at[axis], from[axis]) - std::min(at[axis], from[axis]);
      neighbour = neighbour || moved == 1;
    }
    CHECK(neighbour);
  }
}

TEST_CASE("When cold, annealing only goes to better points, when hot, anywhere") {
  // One axis of a hundred clocks; the time is least at the top: uphill moves are those down the axis.
  std::vector<std::int32_t> clocks;
  for (int i = 1; i <= 100; ++i) clocks.push_back(10 * i);
  const auto modes = *ModeSpace::make("line", {{{4}, {1000}, clocks, {2000}}}, 8);
  const Truth slope = [](Role, int, const PowerMode& mode) {
    return Measured{1'000'000'000'000 / mode.gpu_khz, 10};
  };
  const auto lowest_seen = [&](double temperature, double cooling) {
    AnnealingOptions chosen = options(60);
    chosen.initial_temperature = temperature;
    chosen.cooling = cooling;
    Board board(modes, slope);
    std::int32_t lowest = 1000;
    for (const Step& step : Annealing(chosen).solve(problem_of(ProblemKind::train, 99), board).steps) {
      if (step.reason != "nearest unseen to the best") lowest = std::min(lowest, step.mode.gpu_khz);
    }
    return lowest;
  };
  // From 510 kHz a step is at most 25 positions; a cold walk rises, so it looks at most 250 kHz down.
  CHECK(lowest_seen(1e-6, 1) >= 260);
  CHECK(lowest_seen(100, 1) < 260);
}

TEST_CASE("With 50 profiles annealing comes closer to the optimum than its start, on most boards") {
  int improved = 0, tried = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const Problem problem = problem_of(ProblemKind::train, 25);
    const Truth truth = lawful(seed);
    const auto best = optimum(problem, grid(), truth);
    if (!best) continue;
    Board board(grid(), truth);
    const Outcome outcome = Annealing(options(50, seed)).solve(problem, board);
    ++tried;
    if (!outcome.plan) continue;
    const Measured got = truth(Role::train, 16, outcome.plan->mode);
    improved +=
        static_cast<double>(got.time_ns) <= 1.05 * static_cast<double>(best->value.train_time_ns) ? 1 : 0;
  }
  CHECK(tried > 40);
  CHECK(improved * 10 >= tried * 9);
}

}  // namespace
}  // namespace wattline::policies
