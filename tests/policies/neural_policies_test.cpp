// NN-n, ALS and PowerTrain: what is asked of every policy that predicts, and what they profile.
#include <map>
#include <set>

#include "policies/als.hpp"
#include "policies/neural.hpp"
#include "policies/powertrain.hpp"
#include "tests/policies/imagined_board.hpp"

namespace wattline::policies {
namespace {

using namespace imagined;

// Few epochs: what is tested here is what surrounds the networks.
NeuralOptions networks() {
  NeuralOptions options;
  options.train_epochs = options.infer_epochs = 3;
  return options;
}

NeuralSearch neural(int profiles) {
  NeuralSearchOptions options;
  options.profiles = profiles;
  options.networks = networks();
  return NeuralSearch(options);
}

Als als(AlsOptions::Plans plans) {
  AlsOptions options;
  options.train_modes = options.infer_modes = 12;
  options.concurrent_points = 36;
  options.initial_modes = 4;
  options.plans = plans;
  options.networks = networks();
  return Als(options);
}

PowerTrain powertrain(int modes) {
  Reference profiles;
  const Truth truth = lawful(99);
  for (std::size_t i = 0; i < grid().size(); ++i)
    profiles.push_back({grid().at(i), truth(Role::train, 16, grid().at(i))});
  const auto reference = learn_reference(profiles, 20, false, 1);
  REQUIRE(reference.ok());
  PowerTrainOptions options;
  options.modes = modes;
  options.epochs = 3;
  return PowerTrain(options, std::make_shared<TimeAndPower>(*reference));
}

TEST_CASE("Policies that predict with networks are honest about what they did") {
  expect_honest(neural(20), 20, false, 40);
  // Of 36 points the 12 of 4 modes are profiled in full, the others with at most one of training each.
  expect_honest(als(AlsOptions::Plans::predicted), 4 * 4 + 24 * 2, false, 40);
  expect_honest(als(AlsOptions::Plans::profiled), 4 * 4 + 24 * 2, true, 40);
  expect_honest(powertrain(8), 8 * 4, false, 40);
}

TEST_CASE("A profile that fails ends them with its error") {
  expect_errors_told(neural(20));
  expect_errors_told(als(AlsOptions::Plans::profiled));
  expect_errors_told(powertrain(8));
}

TEST_CASE("ALS takes its plan of what it profiled, which breaks no budget as observed") {
  expect_no_plan_where_there_is_none(als(AlsOptions::Plans::profiled));
}

TEST_CASE("ALS profiles its first modes at random and the rest on the fronts, each mode once") {
  Board board(grid(), lawful(3));
  const Outcome outcome = als(AlsOptions::Plans::profiled).solve(problem_of(ProblemKind::train, 20), board);
  REQUIRE(outcome.steps.size() == 12);
  std::set<PowerMode> modes;
  int on_the_front = 0;
  for (std::size_t i = 0; i < outcome.steps.size(); ++i) {
    modes.insert(outcome.steps[i].mode);
    if (i < 4) CHECK(outcome.steps[i].reason == "random mode");
    on_the_front += outcome.steps[i].reason.starts_with("on the front");
  }
  CHECK(modes.size() == 12);
  CHECK(on_the_front > 0);
}

TEST_CASE("ALS profiles a concurrent problem by points: inference at one batch, and training once a mode") {
  Board board(grid(), lawful(3));
  const Outcome outcome =
      als(AlsOptions::Plans::profiled).solve(problem_of(ProblemKind::concurrent, 20), board);
  std::set<PowerMode> trained;
  std::set<std::pair<PowerMode, int>> points;
  std::map<PowerMode, int> batches;
  for (const Step& step : outcome.steps) {
    if (step.role == Role::train) {
      CHECK(trained.insert(step.mode).second);
    } else {
      CHECK(points.insert({step.mode, step.batch}).second);
      CHECK(trained.contains(step.mode));
      ++batches[step.mode];
    }
  }
  CHECK(points.size() == 36);
  // The four random modes in full; on the fronts some modes at fewer than the three batches.
  int in_full = 0;
  for (const auto& [mode, count] : batches) in_full += count == 3;
  CHECK(in_full >= 4);
  CHECK(in_full < static_cast<int>(batches.size()));
}

TEST_CASE("More rounds than points profile the same number of points, one a round") {
  AlsOptions options;
  options.train_modes = 12;
  options.initial_modes = 4;
  options.rounds = 1000;
  options.networks = networks();
  Board board(grid(), lawful(3));
  const Outcome outcome = Als(options).solve(problem_of(ProblemKind::train, 20), board);
  CHECK(outcome.steps.size() == 12);
  std::set<std::string> reasons;
  for (std::size_t i = 4; i < outcome.steps.size(); ++i) reasons.insert(outcome.steps[i].reason);
  // Of 1,000 rounds those count in which 8 points x round / 1,000 comes to one more: 125, 250, ...
  for (const std::string& reason : reasons) {
    if (!reason.starts_with("on the front of round ")) continue;
    CHECK(std::stoi(reason.substr(22)) % 125 == 0);
  }
}

TEST_CASE("More modes than there are is all of them") {
  AlsOptions options;
  options.train_modes = 10'000;
  options.networks = networks();
  Board board(grid(), lawful(3));
  const Outcome outcome = Als(options).solve(problem_of(ProblemKind::train, 20), board);
  CHECK(outcome.steps.size() == grid().size());
  // All having been seen, the plan is the optimum.
  const auto best = optimum(problem_of(ProblemKind::train, 20), grid(), lawful(3));
  REQUIRE(best);
  CHECK(outcome.plan == best->plan);
}

TEST_CASE("What is learnt of workloads serves their other problems for nothing") {
  Board board(grid(), lawful(5));
  const NeuralSearch policy = neural(20);
  const auto solver = policy.start(board);
  solver->solve(problem_of(ProblemKind::concurrent, 20));
  const int paid = board.spent().profiles;
  CHECK(paid == 20);
  solver->solve(problem_of(ProblemKind::concurrent, 30, 10));
  CHECK(board.spent().profiles == paid);
}

}  // namespace
}  // namespace wattline::policies
