// What a session remembers and charges, and what a policy's notebook makes of it.
#include "policies/platform.hpp"

#include <functional>

#include "policies/policy.hpp"
#include "tests/catch.hpp"

namespace wattline::policies {
namespace {

using devices::PowerMode;
using sim::TimeNs;
using workloads::Role;

constexpr TimeNs ms = 1'000'000;

// Modes 100 .. 500 kHz of the GPU; a minibatch of batch b takes b x 1 ms x 1000 / gpu_khz and draws gpu_khz /
// 10 W.
class LinePlatform final : public Platform {
 public:
  LinePlatform()
      : Platform(*devices::ModeSpace::make("line", {{{4}, {1000}, {100, 200, 300, 400, 500}, {2000}}}, 8),
                 {}) {}
  int measured = 0;
  std::string broken_workload;
  int samples = 40;

 private:
  Result<Observation> measure(const std::string& workload, Role, int batch, const PowerMode& mode) override {
    if (workload == broken_workload) return bad_input("broken");
    ++measured;
    Observation seen;
    seen.minibatch = {batch * ms * 1000 / mode.gpu_khz, mode.gpu_khz / 10.0};
    seen.samples = samples;
    seen.cost_time_ns = 2'000 * ms;
    seen.cost_energy_j = 30;
    return seen;
  }
};

Problem problem_of(ProblemKind kind, double power_w) {
  Problem problem;
  problem.kind = kind;
  problem.train_workload = "t";
  problem.infer_workload = "i";
  problem.infer_batches = {1, 2, 4};
  problem.arrival_rate_hz = 10;
  problem.latency_budget_ns = 1000 * ms;
  problem.power_budget_w = power_w;
  return problem;
}

TEST_CASE("A first profile is charged, the same again is remembered and free") {
  LinePlatform platform;
  const PowerMode mode = platform.modes().at(1);
  const auto first = platform.profile("i", Role::infer, 4, mode);
  REQUIRE(first.ok());
  CHECK(first->charged);
  CHECK(first->cost_time_ns == 2'000 * ms);
  CHECK(first->cost_energy_j == 30);
  const auto second = platform.profile("i", Role::infer, 4, mode);
  REQUIRE(second.ok());
  CHECK_FALSE(second->charged);
  CHECK(second->cost_time_ns == 0);
  CHECK(second->cost_energy_j == 0);
  CHECK(second->minibatch.time_ns == first->minibatch.time_ns);
  CHECK(second->minibatch.power_w == first->minibatch.power_w);
  CHECK(platform.measured == 1);
  CHECK(platform.spent().profiles == 1);
  CHECK(platform.spent().time_ns == 2'000 * ms);
  CHECK(platform.spent().energy_j == 30);
}

TEST_CASE("Workload, role, batch and mode make a point, modes are counted once") {
  LinePlatform platform;
  const PowerMode mode = platform.modes().at(1);
  CHECK(platform.profile("i", Role::infer, 4, mode).ok());
  CHECK(platform.profile("i", Role::infer, 2, mode).ok());
  CHECK(platform.profile("i", Role::train, 4, mode).ok());
  CHECK(platform.profile("j", Role::infer, 4, mode).ok());
  CHECK(platform.spent().profiles == 4);
  CHECK(platform.spent().modes == 1);
  CHECK(platform.profile("i", Role::infer, 4, platform.modes().at(2)).ok());
  CHECK(platform.spent().profiles == 5);
  CHECK(platform.spent().modes == 2);
  CHECK(platform.spent().time_ns == 10'000 * ms);
  CHECK(platform.spent().energy_j == 150);
}

TEST_CASE("A profile that fails is neither charged nor remembered") {
  LinePlatform platform;
  platform.broken_workload = "i";
  CHECK_FALSE(platform.profile("i", Role::infer, 4, platform.modes().at(1)).ok());
  CHECK(platform.spent().profiles == 0);
  platform.broken_workload = "";
  const auto seen = platform.profile("i", Role::infer, 4, platform.modes().at(1));
  REQUIRE(seen.ok());
  CHECK(seen->charged);
}

TEST_CASE("A profile of more than a million seconds is refused, and neither charged nor remembered") {
  LinePlatform platform;
  platform.samples = 100'000;
  // 10.1 s a minibatch in the slowest mode, and less than 10 s in the next.
  CHECK_FALSE(platform.profile("i", Role::infer, 1010, platform.modes().at(0)).ok());
  CHECK(platform.spent().profiles == 0);
  CHECK(platform.profile("i", Role::infer, 1010, platform.modes().at(1)).ok());
}

TEST_CASE("A notebook profiles each point once and stops at its budget") {
  LinePlatform platform;
  const Problem problem = problem_of(ProblemKind::concurrent, 30);
  Notebook notebook(problem, platform, 3);
  const auto modes = platform.modes();
  CHECK(notebook.remaining() == 3);
  CHECK(notebook.train(modes.at(0), "a")->time_ns == 160 * ms);
  CHECK(notebook.train(modes.at(0), "again")->time_ns == 160 * ms);
  CHECK(notebook.infer(modes.at(0), 2, "b")->time_ns == 20 * ms);
  CHECK(notebook.remaining() == 1);
  CHECK_FALSE(notebook.exhausted());
  CHECK(notebook.infer(modes.at(0), 4, "c").has_value());
  CHECK(notebook.exhausted());
  CHECK_FALSE(notebook.infer(modes.at(1), 4, "d").has_value());
  CHECK_FALSE(notebook.failed());
  CHECK(notebook.train(modes.at(0), "known").has_value());  // without a profile
  CHECK(platform.measured == 3);
  const Outcome outcome = notebook.conclude(false);
  CHECK(outcome.termination == Termination::budget_exhausted);
  REQUIRE(outcome.steps.size() == 3);
  CHECK(outcome.steps[1].role == Role::infer);
  CHECK(outcome.steps[1].batch == 2);
  CHECK(outcome.steps[1].mode == modes.at(0));
  CHECK(outcome.steps[1].seen.power_w == 10);
  CHECK(outcome.steps[1].reason == "b");
  CHECK(outcome.steps[1].charged);
}

TEST_CASE("What the session already knows costs a notebook nothing") {
  LinePlatform platform;
  const Problem problem = problem_of(ProblemKind::train, 30);
  CHECK(platform.profile("t", Role::train, 16, platform.modes().at(0)).ok());
  Notebook notebook(problem, platform, 1);
  CHECK(notebook.remaining() == 1);
  CHECK(notebook.train(platform.modes().at(0), "known to the session").has_value());
  CHECK(notebook.remaining() == 1);
  CHECK_FALSE(notebook.conclude(true).steps.front().charged);
}

TEST_CASE("A notebook knows an evaluation only where it saw all that the problem needs") {
  LinePlatform platform;
  const Problem problem = problem_of(ProblemKind::concurrent, 30);
  Notebook notebook(problem, platform, -1);
  const PowerMode mode = platform.modes().at(1);
  CHECK_FALSE(notebook.seen(mode, 2).has_value());
  notebook.train(mode, "");
  CHECK_FALSE(notebook.seen(mode, 2).has_value());
  notebook.infer(mode, 2, "");
  CHECK_FALSE(notebook.seen(mode, 4).has_value());
  // Batch 2 at 10/s: 200 ms a cycle, less 10 ms of inference, over 80 ms of training.
  REQUIRE(notebook.seen(mode, 2).has_value());
  CHECK(notebook.seen(mode, 2)->train_per_cycle == 2);
  CHECK(notebook.seen(mode, 2)->latency_ns == 110 * ms);
  CHECK(notebook.remaining() > 1'000'000);
}

TEST_CASE("The best plan is the best feasible one of those that were fully seen") {
  LinePlatform platform;
  const Problem problem = problem_of(ProblemKind::train, 30);
  Notebook notebook(problem, platform, -1);
  CHECK_FALSE(notebook.best().has_value());
  CHECK(notebook.conclude(true).termination == Termination::infeasible);
  notebook.train(platform.modes().at(4), "");  // 50 W
  CHECK_FALSE(notebook.best().has_value());
  notebook.train(platform.modes().at(0), "");
  notebook.train(platform.modes().at(2), "");  // 30 W: the budget itself
  notebook.train(platform.modes().at(1), "");
  CHECK(notebook.best() == Plan{platform.modes().at(2), 0, 0});
  CHECK(notebook.best_value()->power_w == 30);
  const Outcome outcome = notebook.conclude(true);
  CHECK(outcome.termination == Termination::found);
  CHECK(outcome.plan == Plan{platform.modes().at(2), 0, 0});
}

TEST_CASE("A failed profile ends in an error without a plan") {
  LinePlatform platform;
  const Problem problem = problem_of(ProblemKind::concurrent, 30);
  Notebook notebook(problem, platform, -1);
  notebook.train(platform.modes().at(0), "");
  notebook.infer(platform.modes().at(0), 1, "");
  CHECK(notebook.best().has_value());
  platform.broken_workload = "i";
  CHECK_FALSE(notebook.infer(platform.modes().at(1), 1, "").has_value());
  CHECK(notebook.failed());
  CHECK_FALSE(notebook.train(platform.modes().at(1), "").has_value());
  const Outcome outcome = notebook.conclude(true);
  CHECK(outcome.termination == Termination::error);
  CHECK_FALSE(outcome.plan.has_value());
  CHECK(outcome.message == "broken");
  CHECK(notebook.conclude_with(Plan{}).termination == Termination::error);
}

TEST_CASE("Terminations are named for tables") {
  CHECK(std::string(name_of(Termination::found)) == "found");
  CHECK(std::string(name_of(Termination::budget_exhausted)) == "budget exhausted");
  CHECK(std::string(name_of(Termination::infeasible)) == "infeasible");
  CHECK(std::string(name_of(Termination::error)) == "error");
}

}  // namespace
}  // namespace wattline::policies
