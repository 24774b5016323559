// Scout on a simulated board where no plan keeps the budgets.
#include "devices/roofline.hpp"
#include "policies/scout/scout.hpp"
#include "tests/policies/imagined_board.hpp"

namespace wattline::policies {
namespace {

Problem lstm_beside_bert(double rate_hz, sim::TimeNs latency_ns, double power_w) {
  Problem problem;
  problem.id = "p";
  problem.train_workload = "lstm";
  problem.infer_workload = "bert_large";
  problem.infer_batches = {1, 4, 8, 16, 32, 64};
  problem.arrival_rate_hz = rate_hz;
  problem.latency_budget_ns = latency_ns;
  problem.power_budget_w = power_w;
  return problem;
}

// AGX Orin's 441 modes of the main experiment.
imagined::Truth truth_of(const devices::RooflineModel& board) {
  return [&](workloads::Role role, int batch, const devices::PowerMode& mode) {
    const auto cost =
        board.minibatch(role == workloads::Role::train ? "lstm" : "bert_large", role, batch, mode);
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
    REQUIRE_FALSE(imagined::optimum(problem, space, truth_of(board)));
    imagined::Board platform(space, truth_of(board));
    const Outcome outcome = Scout({}).solve(problem, platform);
    CAPTURE(rate_hz, latency_s, power_w);
    CHECK_FALSE(outcome.plan);
    CHECK(outcome.termination != Termination::found);
  }
}

}  // namespace
}  // namespace wattline::policies
