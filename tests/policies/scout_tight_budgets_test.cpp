// Scout on a simulated board where few plans keep the budgets, or none.
#include "devices/roofline.hpp"
#include "policies/scout/scout.hpp"
#include "tests/policies/imagined_board.hpp"

namespace wattline::policies {
namespace {

Problem beside(const char* train, const char* infer, double rate_hz, sim::TimeNs latency_ns, double power_w) {
  Problem problem;
  problem.id = "p";
  problem.train_workload = train;
  problem.infer_workload = infer;
  problem.infer_batches = {1, 4, 16, 32, 64};
  problem.arrival_rate_hz = rate_hz;
  problem.latency_budget_ns = latency_ns;
  problem.power_budget_w = power_w;
  return problem;
}

Problem lstm_beside_bert(double rate_hz, sim::TimeNs latency_ns, double power_w) {
  Problem problem = beside("lstm", "bert_large", rate_hz, latency_ns, power_w);
  problem.infer_batches = {1, 4, 8, 16, 32, 64};
  return problem;
}

// AGX Orin's 441 modes of the main experiment.
imagined::Truth truth_of(const devices::RooflineModel& board, const Problem& problem) {
  return [&](workloads::Role role, int batch, const devices::PowerMode& mode) {
    const std::string& workload =
        role == workloads::Role::train ? problem.train_workload : problem.infer_workload;
    const auto cost = board.minibatch(workload, role, batch, mode);
    return Measured{cost->time_ns, cost->total_power_w()};
  };
}

// A plan was returned of which one half had been seen to break a budget and the other was sure to keep them.
TEST_CASE("Where profiles run out and nothing keeps the budgets scout returns no plan") {
  const devices::RooflineModel board(*devices::find_device("orin-agx-64gb"));
  const devices::ModeSpace space = *devices::find_mode_space(board.spec(), "fulcrum");
  for (const auto& [rate_hz, latency_s, power_w] :
       {std::tuple{7, 2, 12}, {7, 2, 15}, {7, 2, 18}, {10, 2, 18}, {10, 5, 18}, {13, 2, 27}, {13, 5, 27}}) {
    const Problem problem = lstm_beside_bert(rate_hz, latency_s * 1'000'000'000LL, power_w);
    REQUIRE_FALSE(imagined::optimum(problem, space, truth_of(board, problem)));
    imagined::Board platform(space, truth_of(board, problem));
    const Outcome outcome = Scout({}).solve(problem, platform);
    CAPTURE(rate_hz, latency_s, power_w);
    CHECK_FALSE(outcome.plan);
    CHECK(outcome.termination != Termination::found);
  }
}

// Points were tried in the order of their numbers, because energy was left out of how near they are.
TEST_CASE("Where an energy budget is tight scout goes to what is nearest to it") {
  const devices::RooflineModel board(*devices::find_device("orin-agx-64gb"));
  const devices::ModeSpace space = *devices::find_mode_space(board.spec(), "fulcrum");
  Problem problem = beside("resnet18", "mobilenet_v3_large", 60, 300'000'000, 18);
  ScoutOptions options;
  options.profiles = 100;
  for (const double energy_j : {0.053, 0.056, 0.06}) {
    problem.energy_budget_j = energy_j;
    imagined::Board platform(space, truth_of(board, problem));
    CAPTURE(energy_j);
    CHECK(Scout(options).solve(problem, platform).plan);
    CHECK(platform.spent().profiles <= 30);
  }
}

TEST_CASE("An energy budget that nothing keeps is infeasible after few profiles") {
  const devices::RooflineModel board(*devices::find_device("orin-agx-64gb"));
  const devices::ModeSpace space = *devices::find_mode_space(board.spec(), "fulcrum");
  Problem problem = beside("resnet18", "mobilenet_v3_large", 60, 300'000'000, 18);
  for (const ProblemKind kind : {ProblemKind::train, ProblemKind::infer, ProblemKind::concurrent}) {
    problem.kind = kind;
    problem.energy_budget_j = 1e-9;
    imagined::Board platform(space, truth_of(board, problem));
    const Outcome outcome = Scout({}).solve(problem, platform);
    CAPTURE(name_of(kind), platform.spent().profiles);
    CHECK_FALSE(outcome.plan);
    CHECK(outcome.termination == Termination::infeasible);
  }
}

TEST_CASE("Scout that is to profile whatever may gain anything still comes to an end") {
  const devices::RooflineModel board(*devices::find_device("orin-agx-64gb"));
  const devices::ModeSpace space = *devices::find_mode_space(board.spec(), "fulcrum");
  const Problem problem = beside("resnet18", "mobilenet_v3_large", 60, 300'000'000, 30);
  ScoutOptions options;
  options.worthwhile = 0;
  options.profiles = 1000;
  imagined::Board platform(space, truth_of(board, problem));
  CHECK(Scout(options).solve(problem, platform).termination == Termination::found);
  CHECK(platform.spent().profiles < 1000);
}

}  // namespace
}  // namespace wattline::policies
