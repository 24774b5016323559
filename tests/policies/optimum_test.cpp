// The exhaustive optimum and the scoring of plans on the ground truth.
#include "policies/optimum.hpp"

#include <algorithm>
#include <map>
#include <random>

#include "policies/score.hpp"
#include "tests/catch.hpp"

namespace wattline::policies {
namespace {

using devices::PowerMode;
using sim::TimeNs;
using workloads::Role;

constexpr TimeNs ms = 1'000'000;

// What is written into it, for one workload a role; any other point is an error.
class WrittenModel final : public devices::CostModel {
 public:
  void write(Role role, int batch, const PowerMode& mode, TimeNs time_ns, double power_w) {
    costs_[{role, batch, mode}] = {time_ns, power_w};
  }
  const std::vector<std::string>& rails() const override { return rails_; }
  Result<devices::Cost> minibatch(const std::string&, Role role, std::int64_t batch,
                                  const PowerMode& mode) const override {
    const auto known = costs_.find({role, static_cast<int>(batch), mode});
    if (known == costs_.end()) return bad_input("not written");
    devices::Cost cost{known->second.time_ns, {}};
    cost.power_w[0] = known->second.power_w / 4;  // two rails, exactly the whole
    cost.power_w[1] = known->second.power_w - known->second.power_w / 4;
    return cost;
  }
  Result<devices::RailPowerW> idle_power_w(const PowerMode&) const override { return devices::RailPowerW{}; }
  std::optional<Measured> at(Role role, int batch, const PowerMode& mode) const {
    const auto known = costs_.find({role, batch, mode});
    return known == costs_.end() ? std::nullopt : std::optional(known->second);
  }

 private:
  std::vector<std::string> rails_ = {"a", "b"};
  std::map<std::tuple<Role, int, PowerMode>, Measured> costs_;
};

devices::ModeSpace modes_along_gpu(std::int32_t count) {
  std::vector<std::int32_t> clocks;
  for (std::int32_t i = 1; i <= count; ++i) clocks.push_back(100 * i);
  return *devices::ModeSpace::make("line", {{{4}, {1000}, clocks, {2000}}}, 8);
}

Problem problem_of(ProblemKind kind, std::vector<int> batches, double rate_hz, TimeNs latency_ns,
                   double power_w) {
  Problem problem;
  problem.kind = kind;
  problem.train_workload = "t";
  problem.infer_workload = "i";
  problem.infer_batches = std::move(batches);
  problem.arrival_rate_hz = rate_hz;
  problem.latency_budget_ns = latency_ns;
  problem.power_budget_w = power_w;
  return problem;
}

std::optional<Optimum> optimum_of(const Problem& problem, const devices::ModeSpace& modes,
                                  const WrittenModel& truth) {
  const CostTable train(truth, modes, "t", Role::train, {problem.train_batch});
  const CostTable infer(truth, modes, "i", Role::infer, problem.infer_batches);
  return brute_force_optimum(problem, modes, problem.trains() ? &train : nullptr,
                             problem.infers() ? &infer : nullptr);
}

// Three modes; training 100, 60, 40 ms at 10, 20, 30 W; inference of 1 request 30, 20, 10 ms at 8, 16,
// 35 W, of 4 requests 80, 50, 30 ms at 9, 18, 36 W.
WrittenModel three_modes(const devices::ModeSpace& modes) {
  WrittenModel truth;
  const TimeNs train_ms[] = {100, 60, 40}, one_ms[] = {30, 20, 10}, four_ms[] = {80, 50, 30};
  const double train_w[] = {10, 20, 30}, one_w[] = {8, 16, 35}, four_w[] = {9, 18, 36};
  for (std::size_t i = 0; i < 3; ++i) {
    truth.write(Role::train, 16, modes.at(i), train_ms[i] * ms, train_w[i]);
    truth.write(Role::infer, 1, modes.at(i), one_ms[i] * ms, one_w[i]);
    truth.write(Role::infer, 4, modes.at(i), four_ms[i] * ms, four_w[i]);
  }
  return truth;
}

TEST_CASE("The optimum of a three-mode device is the one found by hand") {
  const auto modes = modes_along_gpu(3);
  const WrittenModel truth = three_modes(modes);
  const auto train = optimum_of(problem_of(ProblemKind::train, {}, 0, 0, 25), modes, truth);
  REQUIRE(train.has_value());
  CHECK(train->plan == Plan{modes.at(1), 0, 0});
  CHECK(train->value.train_time_ns == 60 * ms);

  // Latency: one request 20 ms in the second mode; the third would break 25 W.
  const auto infer = optimum_of(problem_of(ProblemKind::infer, {1, 4}, 20, 500 * ms, 25), modes, truth);
  REQUIRE(infer.has_value());
  CHECK(infer->plan == Plan{modes.at(1), 1, 0});

  // 20 requests/s; 1 request: cycle 50 ms, so 30 ms are left for 60 ms of training: none fits. 4 requests:
  // cycle 200 ms; first mode (200 - 80) / 100 = 1, second (200 - 50) / 60 = 2: 2 x 20 / 4 = 10 a second.
  const auto both = optimum_of(problem_of(ProblemKind::concurrent, {1, 4}, 20, 500 * ms, 25), modes, truth);
  REQUIRE(both.has_value());
  CHECK(both->plan == Plan{modes.at(1), 4, 2});
  CHECK(both->value.train_rate_hz == 10);
  CHECK(both->value.latency_ns == 200 * ms);

  // The same within 190 ms of latency: 4 requests need 150 ms of gathering, so the third mode's 30 ms
  // would do but 36 W do not: one request, in the cheapest of the modes that cannot train either.
  const auto tight = optimum_of(problem_of(ProblemKind::concurrent, {1, 4}, 20, 190 * ms, 25), modes, truth);
  REQUIRE(tight.has_value());
  CHECK(tight->plan == Plan{modes.at(0), 1, 0});
  CHECK(tight->value.train_rate_hz == 0);
}

TEST_CASE("Where nothing keeps the budgets there is no optimum") {
  const auto modes = modes_along_gpu(3);
  const WrittenModel truth = three_modes(modes);
  CHECK_FALSE(optimum_of(problem_of(ProblemKind::train, {}, 0, 0, 9.99), modes, truth).has_value());
  CHECK_FALSE(optimum_of(problem_of(ProblemKind::infer, {1, 4}, 20, 19 * ms, 25), modes, truth).has_value());
  CHECK_FALSE(optimum_of(problem_of(ProblemKind::infer, {1}, 51, 500 * ms, 25), modes, truth).has_value());
}

TEST_CASE("A point that the truth does not hold is no candidate") {
  const auto modes = modes_along_gpu(3);
  WrittenModel truth;
  truth.write(Role::train, 16, modes.at(0), 100 * ms, 10);
  const auto optimum = optimum_of(problem_of(ProblemKind::train, {}, 0, 0, 25), modes, truth);
  REQUIRE(optimum.has_value());
  CHECK(optimum->plan.mode == modes.at(0));
  const CostTable table(truth, modes, "t", Role::train, {8, 16});
  CHECK_FALSE(table.at(0, 8).has_value());
  CHECK(table.at(0, 16)->time_ns == 100 * ms);
  CHECK_FALSE(table.at(1, 16).has_value());
}

TEST_CASE("Ties go to the lower mode and then to the smaller batch") {
  const auto modes = modes_along_gpu(4);
  WrittenModel truth;
  for (std::size_t i = 0; i < 4; ++i) {
    truth.write(Role::train, 16, modes.at(i), 50 * ms, i == 0 ? 21 : 20);
    truth.write(Role::infer, 2, modes.at(i), 10 * ms, 5);
    truth.write(Role::infer, 3, modes.at(i), 10 * ms, 5);
  }
  CHECK(optimum_of(problem_of(ProblemKind::train, {}, 0, 0, 25), modes, truth)->plan.mode == modes.at(1));
}

// The same by brute force of another kind: every candidate in whole numbers, sorted. Rates of training
// are compared as fractions tau / batch.
std::optional<std::pair<std::size_t, int>> sorted_out(const Problem& problem, const devices::ModeSpace& modes,
                                                      const WrittenModel& truth, TimeNs gap_ns) {
  struct Candidate {
    std::int64_t tau = 0, batch = 1;
    TimeNs train_ns = 0, latency_ns = 0;
    double power_w = 0;
    std::size_t mode = 0;
  };
  std::vector<Candidate> candidates;
  const std::vector<int> none = {0};
  for (std::size_t mode = 0; mode < modes.size(); ++mode) {
    for (const int batch : problem.infers() ? problem.infer_batches : none) {
      Candidate candidate;
      candidate.mode = mode;
      const auto train = truth.at(Role::train, problem.train_batch, modes.at(mode));
      const auto infer = truth.at(Role::infer, batch, modes.at(mode));
      if ((problem.trains() && !train) || (problem.infers() && !infer)) continue;
      if (problem.trains()) candidate.train_ns = train->time_ns;
      if (problem.trains()) candidate.power_w = train->power_w;
      if (problem.infers()) {
        candidate.batch = batch;
        candidate.power_w = std::max(candidate.power_w, infer->power_w);
        candidate.latency_ns = (batch - 1) * gap_ns + infer->time_ns;
        const TimeNs spare_ns = batch * gap_ns - infer->time_ns;
        if (spare_ns < 0 || candidate.latency_ns > problem.latency_budget_ns) continue;
        if (problem.trains()) candidate.tau = spare_ns / train->time_ns;
      }
      if (candidate.power_w <= problem.power_budget_w) candidates.push_back(candidate);
    }
  }
  if (candidates.empty()) return std::nullopt;
  const auto first =
      std::min_element(candidates.begin(), candidates.end(), [&](const Candidate& a, const Candidate& b) {
        const std::int64_t rate_a = a.tau * b.batch, rate_b = b.tau * a.batch;
        if (problem.kind == ProblemKind::concurrent && rate_a != rate_b) return rate_a > rate_b;
        if (problem.kind == ProblemKind::train && a.train_ns != b.train_ns) return a.train_ns < b.train_ns;
        if (problem.kind == ProblemKind::infer && a.latency_ns != b.latency_ns)
          return a.latency_ns < b.latency_ns;
        return std::tie(a.power_w, a.latency_ns, a.mode, a.batch) <
               std::tie(b.power_w, b.latency_ns, b.mode, b.batch);
      });
  return std::pair{first->mode, problem.infers() ? static_cast<int>(first->batch) : 0};
}

// Few distinct values, so that ties abound.
class RandomCase {
 public:
  explicit RandomCase(std::mt19937_64& random) : random_(random), modes(modes_along_gpu(1 + draw(6))) {
    const ProblemKind kinds[] = {ProblemKind::train, ProblemKind::infer, ProblemKind::concurrent};
    std::vector<int> batches;
    for (int batch = 1; batch <= 6; ++batch) {
      if (draw(2) == 0) batches.push_back(batch);
    }
    if (batches.empty()) batches.push_back(2);
    const TimeNs gaps[] = {10 * ms, 20 * ms, 30 * ms, 70 * ms};
    gap_ns = gaps[draw(4)];
    problem = problem_of(kinds[draw(3)], batches, 1e9 / static_cast<double>(gap_ns), (1 + draw(20)) * 20 * ms,
                         1 + draw(6));
    for (std::size_t i = 0; i < modes.size(); ++i) {
      if (draw(10) > 0) truth.write(Role::train, 16, modes.at(i), (1 + draw(4)) * 10 * ms, 1 + draw(6));
      for (const int batch : batches) {
        if (draw(10) > 0) truth.write(Role::infer, batch, modes.at(i), (1 + draw(8)) * 10 * ms, 1 + draw(6));
      }
    }
  }

 private:
  int draw(int bound) { return static_cast<int>(random_() % static_cast<unsigned>(bound)); }
  std::mt19937_64& random_;

 public:
  devices::ModeSpace modes;
  TimeNs gap_ns = 0;
  Problem problem;
  WrittenModel truth;
};

TEST_CASE("The optimum is the one that sorting all candidates in whole numbers finds") {
  std::mt19937_64 random(1);
  int feasible = 0, infeasible = 0;
  for (int i = 0; i < 3000; ++i) {
    RandomCase drawn(random);
    const auto expected = sorted_out(drawn.problem, drawn.modes, drawn.truth, drawn.gap_ns);
    const auto found = optimum_of(drawn.problem, drawn.modes, drawn.truth);
    CAPTURE(i, name_of(drawn.problem.kind), drawn.gap_ns);
    REQUIRE(found.has_value() == expected.has_value());
    ++(found ? feasible : infeasible);
    if (!found) continue;
    CHECK(found->plan.mode == drawn.modes.at(expected->first));
    CHECK(found->plan.infer_batch == expected->second);
  }
  CHECK(feasible > 500);
  CHECK(infeasible > 100);
}

TEST_CASE("A score says what a plan really comes to") {
  const auto modes = modes_along_gpu(3);
  const WrittenModel truth = three_modes(modes);
  const Problem problem = problem_of(ProblemKind::concurrent, {1, 4}, 20, 500 * ms, 25);
  const auto optimum = optimum_of(problem, modes, truth);
  const auto scored = [&](const Plan& plan) {
    const auto result = score(problem, plan, truth, optimum);
    REQUIRE(result.ok());
    return *result;
  };
  const Score best = scored({modes.at(1), 4, 2});
  CHECK(best.solved);
  CHECK(best.regret == 0.0);
  CHECK(best.power_excess_w == 0);
  CHECK(best.latency_excess_ns == 0);

  CHECK(scored({modes.at(1), 4, 1}).regret == 0.5);               // less than would fit
  CHECK(scored({modes.at(1), 4, 7}).truth.train_per_cycle == 2);  // more than fits
  CHECK(scored({modes.at(1), 4, 7}).regret == 0.0);
  CHECK(scored({modes.at(0), 4, 1}).regret == 0.5);

  const Score hungry = scored({modes.at(2), 4, 4});
  CHECK_FALSE(hungry.solved);
  CHECK(hungry.power_excess_w == 11);  // 36 W of 25
  CHECK_FALSE(hungry.regret.has_value());
}

TEST_CASE("A score tells by how much the latency is missed, and that a plan does not keep up") {
  const auto modes = modes_along_gpu(3);
  const WrittenModel truth = three_modes(modes);
  const Problem problem = problem_of(ProblemKind::infer, {1, 4}, 40, 100 * ms, 25);
  // 4 requests at 40/s: 75 ms + 80 ms.
  const auto late = score(problem, {modes.at(0), 4, 0}, truth, std::nullopt);
  REQUIRE(late.ok());
  CHECK_FALSE(late->solved);
  CHECK(late->latency_excess_ns == 55 * ms);
  CHECK(late->truth.keeps_up);
  CHECK_FALSE(late->regret.has_value());
  const auto overloaded = score(problem, {modes.at(0), 1, 0}, truth, std::nullopt);
  REQUIRE(overloaded.ok());
  CHECK_FALSE(overloaded->truth.keeps_up);  // 30 ms for a request every 25
  CHECK_FALSE(overloaded->solved);
  CHECK(overloaded->latency_excess_ns == 0);
}

TEST_CASE("A plan at a point that the truth does not hold cannot be scored") {
  const auto modes = modes_along_gpu(3);
  const Problem problem = problem_of(ProblemKind::train, {}, 0, 0, 25);
  CHECK_FALSE(score(problem, {modes.at(0), 0, 0}, WrittenModel(), std::nullopt).ok());
}

TEST_CASE("No plan inside the mode space beats the optimum") {
  std::mt19937_64 random(2);
  int compared = 0;
  for (int i = 0; i < 1000; ++i) {
    RandomCase drawn(random);
    const auto optimum = optimum_of(drawn.problem, drawn.modes, drawn.truth);
    const std::vector<int> none = {0};
    for (std::size_t mode = 0; mode < drawn.modes.size(); ++mode) {
      for (const int batch : drawn.problem.infers() ? drawn.problem.infer_batches : none) {
        const Plan plan{drawn.modes.at(mode), batch, static_cast<std::int64_t>(random() % 20)};
        const auto scored = score(drawn.problem, plan, drawn.truth, optimum);
        if (!scored) continue;
        if (scored->solved) REQUIRE(optimum.has_value());
        if (!scored->regret) continue;
        CHECK(*scored->regret >= 0);
        ++compared;
      }
    }
  }
  CHECK(compared > 2000);
}

}  // namespace
}  // namespace wattline::policies
