// Tables of predictions: the best point by trying all, what stands in for what, and families.
#include "policies/predicted_table.hpp"

#include <limits>

#include "tests/policies/imagined_board.hpp"

namespace wattline::policies {
namespace {

using namespace imagined;

Predictions predictions_of(const Problem& like, const ModeSpace& modes, const Truth& truth) {
  Predictions all;
  all.infer.resize(like.infers() ? like.infer_batches.size() : 0);
  for (std::size_t mode = 0; mode < modes.size(); ++mode) {
    if (like.trains()) all.train.push_back(truth(like.train_role(), like.train_batch, modes.at(mode)));
    for (std::size_t batch = 0; batch < all.infer.size(); ++batch)
      all.infer[batch].push_back(truth(Role::infer, like.infer_batches[batch], modes.at(mode)));
  }
  return all;
}

// Whether the table's plan comes to what the best of all points comes to.
void expect_best(const std::optional<Plan>& plan, const Problem& problem, const ModeSpace& modes,
                 const Truth& truth) {
  const auto best = optimum(problem, modes, truth);
  REQUIRE(plan.has_value() == best.has_value());
  if (!best) return;
  for (const Tried& tried : every_point(problem, modes, truth)) {
    if (tried.plan.mode != plan->mode || tried.plan.infer_batch != plan->infer_batch) continue;
    CHECK(tried.value.feasible());
    CHECK(tried.plan.train_per_cycle == plan->train_per_cycle);
    CHECK_FALSE(better(problem, best->value, tried.value));
  }
}

TEST_CASE("The best of a table is the best of all its points, whatever the problem") {
  for (std::uint64_t seed = 1; seed <= 600; ++seed) {
    CAPTURE(seed);
    const Problem problem = random_problem(seed);
    const Truth truth = seed % 2 == 0 ? lawful(seed) : lawless(seed);
    const PredictedTable table(problem, grid(), predictions_of(problem, grid(), truth), {}, 0);
    expect_best(table.best(problem), problem, grid(), truth);
  }
}

TEST_CASE("One table serves all problems of a family, in any order") {
  const Truth truth = lawful(5);
  const Problem like = problem_of(ProblemKind::concurrent, 20);
  const PredictedTable table(like, grid(), predictions_of(like, grid(), truth), {}, 0);
  for (const double power_w : {30.0, 6.0, 15.0, 22.0}) {
    for (const double rate_hz : {1.0, 40.0, 9.0}) {
      for (const TimeNs latency_ns : {50 * ms, 3'000 * ms}) {
        const Problem problem = problem_of(ProblemKind::concurrent, power_w, rate_hz, latency_ns);
        expect_best(table.best(problem), problem, grid(), truth);
      }
    }
  }
}

TEST_CASE("What was seen stands in for what was predicted, at its point alone") {
  const Problem problem = problem_of(ProblemKind::train, 10);
  Predictions flat;
  flat.train.assign(grid().size(), Measured{100 * ms, 8});
  Sample sample;
  sample.train = {{5, 0, {50 * ms, 9}}, {9, 0, {10 * ms, 11}}};  // faster; fastest, but above the budget
  const PredictedTable table(problem, grid(), flat, sample, 0);
  CHECK(table.best(problem) == Plan{grid().at(5), 0, 0});
  CHECK(table.train(9)->power_w == 11);
  CHECK(table.train(10)->power_w == 8);
  CHECK_FALSE(table.infer(0, 0).has_value());
}

TEST_CASE("A margin holds for what was predicted, not for what was seen") {
  const Problem problem = problem_of(ProblemKind::train, 10);
  Predictions predictions;
  predictions.train.assign(grid().size(), Measured{100 * ms, 9.1});
  predictions.train[3] = {200 * ms, 8.9};
  CHECK(PredictedTable(problem, grid(), predictions, {}, 0.1).best(problem) == Plan{grid().at(3), 0, 0});
  CHECK(PredictedTable(problem, grid(), predictions, {}, 0.2).best(problem) == std::nullopt);
  Sample sample;
  sample.train = {{7, 0, {150 * ms, 10}}};
  CHECK(PredictedTable(problem, grid(), predictions, sample, 0.2).best(problem) == Plan{grid().at(7), 0, 0});
}

TEST_CASE("Where nothing is predicted and nothing was seen there is no plan") {
  for (const ProblemKind kind : all_kinds) {
    Problem problem = problem_of(kind, 10);
    CHECK_FALSE(PredictedTable(problem, grid(), {}, {}, 0).best(problem).has_value());
    problem.power_budget_w = std::numeric_limits<double>::infinity();
    CHECK_FALSE(PredictedTable(problem, grid(), {}, {}, 0).best(problem).has_value());
  }
  const Problem problem = problem_of(ProblemKind::train, 10);
  for (const Measured nonsense :
       {Measured{0, 5}, Measured{-5, 5}, Measured{ms, -1}, Measured{ms, std::nan("")}}) {
    Predictions predictions;
    predictions.train.assign(grid().size(), nonsense);
    CHECK_FALSE(PredictedTable(problem, grid(), predictions, {}, 0).best(problem).has_value());
  }
  CHECK(predicted(-1, 5).time_ns == 0);
  CHECK(predicted(1, -5).time_ns == 0);
  CHECK(predicted(1, std::nan("")).time_ns == 0);
  CHECK(predicted(1e300, 5).time_ns == 0);
  CHECK(predicted(2.5, 5).time_ns == 2'500'000);
  CHECK(predicted(1e-9, 5).time_ns == 1);
}

TEST_CASE("Random modes are different, as many as asked for, and all equally likely") {
  std::vector<int> hits(10, 0);
  for (std::uint64_t seed = 0; seed < 2'000; ++seed) {
    sim::RandomStream stream(seed, "modes");
    const auto drawn = random_modes(stream, 10, 3);
    CHECK(std::set<std::size_t>(drawn.begin(), drawn.end()).size() == 3);
    for (const std::size_t mode : drawn) ++hits.at(mode);
  }
  // 600 expected of each, standard deviation 20.
  for (const int count : hits) CHECK(std::abs(count - 600) < 100);
  sim::RandomStream stream(1, "modes");
  CHECK(random_modes(stream, 4, 100).size() == 4);
}

TEST_CASE("A sample takes whole modes: training, and inference at every batch") {
  const struct {
    ProblemKind kind;
    std::size_t modes, profiles;
  } expected[] = {{ProblemKind::train, 20, 20},
                  {ProblemKind::infer, 6, 18},
                  {ProblemKind::concurrent, 5, 20},
                  {ProblemKind::infer_infer, 5, 20}};
  for (const auto& [kind, modes, profiles] : expected) {
    const Problem problem = problem_of(kind, 10);
    Board board(grid(), lawful(1));
    Notebook notebook(problem, board, 20);
    sim::RandomStream stream(1, "sample");
    const Sample sample = random_sample(problem, grid(), 20, stream, notebook);
    CHECK(sample.train.size() + sample.infer.size() == profiles);
    CHECK(board.spent().modes == static_cast<int>(modes));
  }
  // Too few for one mode: as far as they go.
  const Problem problem = problem_of(ProblemKind::concurrent, 10);
  Board board(grid(), lawful(1));
  Notebook notebook(problem, board, 2);
  sim::RandomStream stream(1, "sample");
  CHECK(random_sample(problem, grid(), 2, stream, notebook).infer.size() == 1);
  CHECK(board.spent().profiles == 2);
}

// Learns by looking at everything.
Learn exhaustive() {
  return [](const Problem& like, const ModeSpace& modes, Notebook& notebook) {
    Learnt learnt;
    for (std::size_t mode = 0; mode < modes.size(); ++mode) {
      if (!profile_mode(like, modes, mode, "all", notebook, learnt.sample)) break;
    }
    return learnt;
  };
}

TEST_CASE("A family is learnt once, and families do not mix") {
  const Truth truth = lawful(2);
  Board board(grid(), truth);
  PredictingSolver solver(board, 1'000, 0, exhaustive());
  int known = 0;
  for (const ProblemKind kind : all_kinds) {
    for (const double power_w : {12.0, 20.0, 1.0}) {
      const Problem problem = problem_of(kind, power_w, 8);
      const Outcome outcome = solver.solve(problem);
      expect_best(outcome.plan, problem, grid(), truth);
      CHECK(outcome.termination == (outcome.plan ? Termination::found : Termination::infeasible));
      if (power_w != 12.0) CHECK(outcome.steps.empty());
      if (power_w != 12.0) CHECK(board.spent().profiles == known);
      known = board.spent().profiles;
    }
  }
  Problem other = problem_of(ProblemKind::infer, 20, 8);
  other.infer_workload = "another";
  CHECK(solver.solve(other).steps.size() == 3 * grid().size());
  other.infer_batches = {2};
  CHECK(solver.solve(other).plan->infer_batch == 2);
}

TEST_CASE("A family that could not be learnt stays an error, and costs no further profile") {
  Board board(grid(), lawful(2), 4);
  PredictingSolver solver(board, 1'000, 0, exhaustive());
  const Outcome first = solver.solve(problem_of(ProblemKind::train, 20));
  CHECK(first.termination == Termination::error);
  CHECK(first.steps.size() == 3);
  const Outcome second = solver.solve(problem_of(ProblemKind::train, 30));
  CHECK(second.termination == Termination::error);
  CHECK(second.message == "the board is on fire");
  CHECK(second.steps.empty());
  CHECK(board.spent().profiles == 3);
}

TEST_CASE("The name of a family is that of its minibatches") {
  CHECK(family_name(problem_of(ProblemKind::train, 1)) == "t:train:16");
  CHECK(family_name(problem_of(ProblemKind::infer, 1)) == "+i");
  CHECK(family_name(problem_of(ProblemKind::concurrent, 1)) == "t:train:16+i");
  CHECK(family_name(problem_of(ProblemKind::infer_infer, 1)) == "t:infer:16+i");
}

}  // namespace
}  // namespace wattline::policies
