// Boards that exist only as functions, problems on them, and what is asked of every policy that searches or
// predicts. Shared by the tests of several policies.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "policies/policy.hpp"
#include "sim/random.hpp"
#include "tests/catch.hpp"

namespace wattline::policies::imagined {

using devices::ModeSpace;
using devices::PowerMode;
using sim::TimeNs;
using workloads::Role;

constexpr TimeNs ms = 1'000'000;

// Time and power of a minibatch of training, or of inference at `batch`.
using Truth = std::function<Measured(Role, int batch, const PowerMode&)>;

class Board final : public Platform {
 public:
  // From the profile numbered `failing` on (from 1; 0: never), profiles are errors.
  Board(ModeSpace modes, Truth truth, int failing = 0)
      : Platform(std::move(modes), {}), truth_(std::move(truth)), failing_(failing) {}

 private:
  Result<Observation> measure(const std::string&, Role role, int batch, const PowerMode& mode) override {
    if (++asked_ >= failing_ && failing_ > 0) return failure("the board is on fire");
    return Observation{truth_(role, batch, mode), 40, ms, 1, true};
  }
  Truth truth_;
  int failing_;
  int asked_ = 0;
};

// 3 x 3 x 4 x 2 modes.
inline ModeSpace grid() {
  return *ModeSpace::make("grid", {{{2, 4, 8}, {400, 800, 1600}, {200, 400, 600, 1000}, {1000, 2000}}}, 8);
}

// Times that a roofline's ceilings add up to, and power that its knobs add up to, scaled by `law`'s draws.
inline Truth lawful(std::uint64_t seed) {
  sim::RandomStream law(seed, "law");
  const double gpu = 5 + 40 * law.uniform(), emc = 20 * law.uniform(), cpu = 10 * law.uniform();
  const double per_gpu = 5 + 20 * law.uniform(), per_cpu = 10 * law.uniform(), idle = 3 + 5 * law.uniform();
  return [=](Role role, int batch, const PowerMode& mode) {
    const double g = mode.gpu_khz / 1000.0, e = mode.emc_khz / 2000.0, c = mode.cpu_khz / 1600.0;
    const double size = role == Role::train ? 20 : 1 + batch;
    const double time_ms = (size * (gpu / g + emc / e) + 10 * cpu / c) / 20;
    const double power_w =
        idle + per_gpu * g * g * (role == Role::train ? 1.1 : 1) + per_cpu * c * mode.cores / 8;
    return Measured{std::llround(time_ms * 1e6) + 1, power_w};
  };
}

// No rhyme or reason, but the same answer to the same question.
inline Truth lawless(std::uint64_t seed) {
  return [seed](Role role, int batch, const PowerMode& mode) {
    sim::RandomStream stream(seed,
                             std::string(workloads::name_of(role)) + std::to_string(batch) + to_text(mode));
    return Measured{1 + static_cast<TimeNs>(stream.below(300'000'000)), 2 + 40 * stream.uniform()};
  };
}

inline Problem problem_of(ProblemKind kind, double power_w, double rate_hz = 20,
                          TimeNs latency_ns = 1'000 * ms) {
  Problem problem;
  problem.id = "problem";
  problem.kind = kind;
  problem.train_workload = "t";
  problem.infer_workload = "i";
  problem.infer_batches = {1, 4, 16};
  problem.arrival_rate_hz = rate_hz;
  problem.latency_budget_ns = latency_ns;
  problem.power_budget_w = power_w;
  return problem;
}

inline constexpr ProblemKind all_kinds[] = {ProblemKind::train, ProblemKind::infer, ProblemKind::concurrent,
                                            ProblemKind::infer_infer};

inline Problem random_problem(std::uint64_t seed) {
  sim::RandomStream stream(seed, "problem");
  Problem problem = problem_of(all_kinds[stream.below(4)], 5 + 35 * stream.uniform(),
                               1 + 60 * stream.uniform(), static_cast<TimeNs>(20 + stream.below(1'500)) * ms);
  problem.id = std::to_string(seed);
  if (stream.below(2) == 0) problem.objective = Objective::energy;
  if (stream.below(3) == 0) problem.energy_budget_j = 0.05 + stream.uniform();
  return problem;
}

// What every point truly comes to, by evaluate().
struct Tried {
  Plan plan;
  Evaluation value;
};
inline std::vector<Tried> every_point(const Problem& problem, const ModeSpace& modes, const Truth& truth) {
  std::vector<Tried> all;
  const std::vector<int> none = {0};
  for (std::size_t i = 0; i < modes.size(); ++i) {
    const PowerMode mode = modes.at(i);
    for (const int batch : problem.infers() ? problem.infer_batches : none) {
      std::optional<Measured> train, infer;
      if (problem.trains()) train = truth(problem.train_role(), problem.train_batch, mode);
      if (problem.infers()) infer = truth(Role::infer, batch, mode);
      const Evaluation value = evaluate(problem, batch, train, infer);
      all.push_back({{mode, batch, value.train_per_cycle}, value});
    }
  }
  return all;
}

// The best of them; nothing when none is within the budgets.
inline std::optional<Tried> optimum(const Problem& problem, const ModeSpace& modes, const Truth& truth) {
  std::optional<Tried> best;
  for (const Tried& tried : every_point(problem, modes, truth)) {
    if (tried.value.feasible() && (!best || better(problem, tried.value, best->value))) best = tried;
  }
  return best;
}

inline bool same(const Outcome& a, const Outcome& b) {
  return a.plan == b.plan && a.termination == b.termination && a.message == b.message &&
         std::equal(a.steps.begin(), a.steps.end(), b.steps.begin(), b.steps.end(),
                    [](const Step& x, const Step& y) {
                      return x.workload == y.workload && x.role == y.role && x.batch == y.batch &&
                             x.mode == y.mode && x.seen.time_ns == y.seen.time_ns && x.reason == y.reason;
                    });
}

// What was seen of a minibatch in the steps.
inline std::optional<Measured> seen_in(const Outcome& outcome, const std::string& workload, int batch,
                                       const PowerMode& mode) {
  for (const Step& step : outcome.steps) {
    if (step.workload == workload && step.batch == batch && step.mode == mode) return step.seen;
  }
  return std::nullopt;
}

// Whether what was seen of the plan leaves it possible: with an unseen half that costs nothing it would keep
// the budgets.
inline bool possible_as_seen(const Problem& problem, const Outcome& outcome) {
  const auto& [mode, batch, tau] = *outcome.plan;
  const Measured costless{1, 0};
  std::optional<Measured> train, infer;
  if (problem.trains())
    train = seen_in(outcome, problem.train_workload, problem.train_batch, mode).value_or(costless);
  if (problem.infers()) infer = seen_in(outcome, problem.infer_workload, batch, mode).value_or(costless);
  return evaluate(problem, batch, train, infer).feasible();
}

// On random problems of every kind, in worlds with and without laws: no more than `most` profiles, each of a
// point not seen before and with a reason; a plan that what was seen does not contradict, and, where
// `observed`, of which all was seen; an end that fits the plan; and the same again when asked again.
inline void expect_honest(const Policy& policy, int most, bool observed, std::uint64_t problems = 150) {
  for (std::uint64_t seed = 1; seed <= problems; ++seed) {
    CAPTURE(seed);
    const Problem problem = random_problem(seed);
    const Truth truth = seed % 2 == 0 ? lawful(seed) : lawless(seed);
    Board board(grid(), truth), again(grid(), truth);
    const Outcome outcome = policy.solve(problem, board);
    CHECK(board.spent().profiles <= most);
    CHECK(outcome.steps.size() == static_cast<std::size_t>(board.spent().profiles));
    for (const Step& step : outcome.steps) CHECK_FALSE(step.reason.empty());
    CHECK(outcome.termination != Termination::error);
    if (outcome.termination == Termination::found) CHECK(outcome.plan.has_value());
    if (outcome.termination == Termination::infeasible) CHECK_FALSE(outcome.plan.has_value());
    CHECK(same(outcome, policy.solve(problem, again)));
    if (!outcome.plan) continue;
    const auto& [mode, batch, tau] = *outcome.plan;
    CHECK(board.modes().find(mode).has_value());
    const auto train = problem.trains() ? seen_in(outcome, "t", problem.train_batch, mode) : std::nullopt;
    const auto infer = problem.infers() ? seen_in(outcome, "i", batch, mode) : std::nullopt;
    const bool complete = (!problem.trains() || train) && (!problem.infers() || infer);
    if (observed) CHECK(complete);
    CHECK(possible_as_seen(problem, outcome));
    if (!complete) continue;
    const Evaluation value = evaluate(problem, batch, train, infer);
    CHECK(value.feasible());
    CHECK(value.train_per_cycle == tau);
  }
}

// No budget of power that any mode keeps, no rate that any batch sustains, no latency in which a batch is
// even gathered: no plan, and an end that says so or that profiles ran out.
inline void expect_no_plan_where_there_is_none(const Policy& policy) {
  for (const ProblemKind kind : all_kinds) {
    std::vector<Problem> hopeless = {problem_of(kind, 1)};
    if (kind != ProblemKind::train) {
      hopeless.push_back(problem_of(kind, 99, 1e6));
      hopeless.push_back(problem_of(kind, 99, 20, 1));
    }
    for (const Problem& problem : hopeless) {
      CAPTURE(name_of(kind), problem.power_budget_w, problem.arrival_rate_hz, problem.latency_budget_ns);
      Board board(grid(), lawful(7));
      const Outcome outcome = policy.solve(problem, board);
      CHECK_FALSE(outcome.plan.has_value());
      CHECK((outcome.termination == Termination::infeasible ||
             outcome.termination == Termination::budget_exhausted));
    }
  }
}

// Whichever profile fails, or shows what cannot be, the end is an error that says why, without a plan.
inline void expect_errors_told(const Policy& policy) {
  for (const ProblemKind kind : all_kinds) {
    for (const int failing : {1, 2, 5}) {
      CAPTURE(name_of(kind), failing);
      Board board(grid(), lawful(7), failing);
      const Outcome outcome = policy.solve(problem_of(kind, 30), board);
      CHECK(outcome.termination == Termination::error);
      CHECK(outcome.message == "the board is on fire");
      CHECK_FALSE(outcome.plan.has_value());
      CHECK(outcome.steps.size() == static_cast<std::size_t>(failing - 1));
    }
    for (const Measured nonsense : {Measured{0, 10}, Measured{ms, -1}, Measured{ms, std::nan("")}}) {
      Board board(grid(), [&](Role, int, const PowerMode&) { return nonsense; });
      const Outcome outcome = policy.solve(problem_of(kind, 30), board);
      CHECK(outcome.termination == Termination::error);
      CHECK(outcome.message.find("cannot be") != std::string::npos);
    }
  }
}

}  // namespace wattline::policies::imagined
