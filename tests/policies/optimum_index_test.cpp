// The indexed optimum against brute force.
#include "policies/optimum_index.hpp"

#include "sim/random.hpp"
#include "tests/catch.hpp"

namespace wattline::policies {
namespace {

using devices::PowerMode;
using sim::TimeNs;
using workloads::Role;

constexpr TimeNs ms = 1'000'000;

// Times of 1 to 8 ms and powers of 1 to 6 W, so that ties of every kind are common; a point in ten is
// missing.
class CoarseModel final : public devices::CostModel {
 public:
  explicit CoarseModel(std::uint64_t seed) : seed_(seed) {}
  const std::vector<std::string>& rails() const override { return rails_; }
  Result<devices::Cost> minibatch(const std::string& workload, Role role, std::int64_t batch,
                                  const PowerMode& mode) const override {
    sim::RandomStream random(
        seed_, workload + std::to_string(batch) + "/" + devices::to_text(mode) + workloads::name_of(role));
    if (random.below(10) == 0) return bad_input("not measured");
    devices::Cost cost{static_cast<TimeNs>(1 + random.below(8)) * ms, {}};
    cost.power_w[0] = static_cast<double>(1 + random.below(6));
    return cost;
  }
  Result<devices::RailPowerW> idle_power_w(const PowerMode&) const override { return devices::RailPowerW{}; }

 private:
  std::vector<std::string> rails_ = {"all"};
  std::uint64_t seed_;
};

Problem random_problem(ProblemKind kind, bool energy, const std::vector<int>& batches,
                       sim::RandomStream& random) {
  Problem problem;
  problem.kind = kind;
  problem.train_workload = "t";
  problem.infer_workload = "i";
  problem.infer_batches = batches;
  problem.arrival_rate_hz = 20.0 * static_cast<double>(1 + random.below(40));
  problem.latency_budget_ns = static_cast<TimeNs>(1 + random.below(60)) * ms;
  problem.power_budget_w = static_cast<double>(1 + random.below(7)) - (random.below(2) ? 0.5 : 0.0);
  if (energy) problem.objective = random.below(2) ? Objective::energy : Objective::speed;
  if (energy && (problem.objective == Objective::speed || random.below(2)))
    problem.energy_budget_j = 0.001 * static_cast<double>(1 + random.below(30));
  return problem;
}

bool same(const std::optional<Optimum>& a, const std::optional<Optimum>& b) {
  if (!a || !b) return a.has_value() == b.has_value();
  return a->plan == b->plan && a->value.power_w == b->value.power_w &&
         a->value.latency_ns == b->value.latency_ns && a->value.train_rate_hz == b->value.train_rate_hz &&
         a->value.train_time_ns == b->value.train_time_ns && a->value.energy_j == b->value.energy_j;
}

TEST_CASE("On 100,000 random problems the index finds the plan of brute force, ties included") {
  const auto modes =
      *devices::ModeSpace::make("small", {{{1, 2}, {1000, 2000}, {100, 200, 300}, {500, 900}}}, 8);
  const std::vector<int> batches = {1, 2, 4};
  const ProblemKind kinds[] = {ProblemKind::train, ProblemKind::infer, ProblemKind::concurrent,
                               ProblemKind::infer_infer};
  sim::RandomStream random(1, "problems");
  int different = 0;
  int feasible = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const CoarseModel truth(seed);
    const CostTable train(truth, modes, "t", Role::train, {16});
    const CostTable background(truth, modes, "t", Role::infer, {16});
    const CostTable infer(truth, modes, "i", Role::infer, batches);
    for (int round = 0; round < 8; ++round) {
      const ProblemKind kind = kinds[round / 2];
      const bool energy = round % 2 == 1;
      const CostTable* trained = kind == ProblemKind::infer_infer ? &background : &train;
      const OptimumIndex index(random_problem(kind, energy, batches, random), modes, trained, &infer);
      for (int i = 0; i < (energy ? 50 : 125); ++i) {
        const Problem problem = random_problem(kind, energy, batches, random);
        OptimumCount count;
        const auto found = index.find(problem, &count);
        feasible += found.has_value();
        if (!same(found, brute_force_optimum(problem, modes, trained, &infer))) ++different;
        if (count.points != count.dominated + count.over_power + count.outbid + count.examined) ++different;
      }
    }
  }
  CHECK(different == 0);
  CHECK(feasible > 30'000);
}

TEST_CASE("A point that no budget makes best is never looked at again") {
  // Two modes; the second draws more and is slower.
  class Two final : public devices::CostModel {
   public:
    const std::vector<std::string>& rails() const override { return rails_; }
    Result<devices::Cost> minibatch(const std::string&, Role, std::int64_t,
                                    const PowerMode& mode) const override {
      devices::Cost cost{mode.gpu_khz == 100 ? 10 * ms : 20 * ms, {}};
      cost.power_w[0] = mode.gpu_khz == 100 ? 5 : 6;
      return cost;
    }
    Result<devices::RailPowerW> idle_power_w(const PowerMode&) const override {
      return devices::RailPowerW{};
    }

   private:
    std::vector<std::string> rails_ = {"all"};
  };
  const Two truth;
  const auto modes = *devices::ModeSpace::make("two", {{{1}, {1000}, {100, 200}, {500}}}, 8);
  const CostTable train(truth, modes, "t", Role::train, {16});
  Problem problem;
  problem.kind = ProblemKind::train;
  problem.train_workload = "t";
  problem.power_budget_w = 10;
  OptimumCount count;
  const auto found = OptimumIndex(problem, modes, &train, nullptr).find(problem, &count);
  REQUIRE(found);
  CHECK(found->plan.mode == modes.at(0));
  CHECK(count.points == 2);
  CHECK(count.dominated == 1);
  CHECK(count.examined == 1);
  problem.power_budget_w = 4;
  CHECK_FALSE(OptimumIndex(problem, modes, &train, nullptr).find(problem, &count));
  CHECK(count.over_power == 1);
}

}  // namespace
}  // namespace wattline::policies
