// GMD on devices that exist only as functions: budgets it keeps, pruning it promises, optima it finds.
#include "policies/gmd.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <random>
#include <set>

#include "tests/catch.hpp"

namespace wattline::policies {
namespace {

using devices::PowerMode;
using sim::TimeNs;
using workloads::Role;

constexpr TimeNs ms = 1'000'000;

using Truth = std::function<Measured(Role, int batch, const PowerMode&)>;

class FunctionPlatform final : public Platform {
 public:
  FunctionPlatform(devices::ModeSpace modes, Truth truth)
      : Platform(std::move(modes), {}), truth_(std::move(truth)) {}

 private:
  Result<Observation> measure(const std::string&, Role role, int batch, const PowerMode& mode) override {
    return Observation{truth_(role, batch, mode), 40, ms, 1, true};
  }
  Truth truth_;
};

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : random_(seed) {}
  int below(int bound) { return static_cast<int>(random_() % static_cast<unsigned>(bound)); }
  double between(double low, double high) {
    return low + (high - low) * static_cast<double>(random_() >> 11) * 0x1p-53;
  }

 private:
  std::mt19937_64 random_;
};

devices::ModeSpace random_modes(Draw& draw) {
  std::array<std::vector<std::int32_t>, 4> axes;
  for (auto& axis : axes) {
    for (int i = draw.below(13); i >= 0; --i) axis.push_back(100 * (13 - i));
  }
  return *devices::ModeSpace::make("random", std::move(axes), 8);
}

// Every knob makes a minibatch faster and hungrier, by a part of its own; `top` is the highest value.
Truth monotone_truth(Draw& draw) {
  std::array<double, 4> slow_ms{}, hungry_w{};
  for (double& part : slow_ms) part = draw.below(3) == 0 ? 0 : draw.between(0.5, 20);
  for (double& part : hungry_w) part = draw.between(0.1, 15);
  const double start_ms = draw.between(1, 20), idle_w = draw.between(2, 12);
  const double train_factor = draw.between(0.5, 8), train_w = draw.between(0.7, 1.4),
               shape = draw.between(0.5, 2);
  return [=](Role role, int batch, const PowerMode& mode) {
    const std::array<double, 4> knobs = {mode.cores / 1300.0, mode.cpu_khz / 1300.0, mode.gpu_khz / 1300.0,
                                         mode.emc_khz / 1300.0};
    double time_ms = start_ms, power_w = idle_w;
    for (std::size_t i = 0; i < 4; ++i) {
      time_ms += slow_ms[i] / knobs[i];
      power_w += hungry_w[i] * std::pow(knobs[i], shape);
    }
    time_ms *= role == Role::train ? train_factor : 0.2 + 0.05 * batch;
    return Measured{std::llround(time_ms * 1e6), power_w * (role == Role::train ? train_w : 1)};
  };
}

// No rhyme or reason, but the same answer to the same question.
Truth lawless_truth(Draw& draw) {
  const auto seed = static_cast<unsigned>(draw.below(1 << 30));
  return [seed](Role role, int batch, const PowerMode& mode) {
    std::seed_seq key{seed,
                      role == Role::train ? 1u : 0u,
                      static_cast<unsigned>(batch),
                      static_cast<unsigned>(mode.cores),
                      static_cast<unsigned>(mode.cpu_khz),
                      static_cast<unsigned>(mode.gpu_khz),
                      static_cast<unsigned>(mode.emc_khz)};
    std::array<unsigned, 2> drawn{};
    key.generate(drawn.begin(), drawn.end());
    return Measured{1 + static_cast<TimeNs>(drawn[0] % 400'000'000), 1 + (drawn[1] % 60'000) / 1000.0};
  };
}

// Gaps of whole nanoseconds, so that the expectations below are exact.
Problem random_problem(Draw& draw, TimeNs& gap_ns) {
  const ProblemKind kinds[] = {ProblemKind::train, ProblemKind::infer, ProblemKind::concurrent};
  const TimeNs gaps[] = {10 * ms, 20 * ms, 40 * ms, 125 * ms, 500 * ms};
  Problem problem;
  problem.kind = kinds[draw.below(3)];
  problem.train_workload = "t";
  problem.infer_workload = "i";
  for (const int batch : {1, 4, 16, 32, 64}) {
    if (draw.below(3) > 0) problem.infer_batches.push_back(batch);
  }
  gap_ns = gaps[draw.below(5)];
  problem.arrival_rate_hz = 1e9 / static_cast<double>(gap_ns);
  problem.latency_budget_ns = (10 + draw.below(3000)) * ms;
  problem.power_budget_w = draw.between(3, 60);
  return problem;
}

// What is feasible among the steps, by whole numbers, with the objective as one number to minimise.
struct Found {
  Plan plan;
  double objective = 0;
};

std::vector<Found> feasible_among(const std::vector<Step>& steps, const Problem& problem, TimeNs gap_ns) {
  std::vector<Found> found;
  const auto power_ok = [&](const Step& step) { return step.seen.power_w <= problem.power_budget_w; };
  for (const Step& step : steps) {
    if (!power_ok(step)) continue;
    if (!problem.infers()) found.push_back({{step.mode, 0, 0}, static_cast<double>(step.seen.time_ns)});
    if (!problem.infers() || step.role == Role::train) continue;
    const TimeNs latency_ns = (step.batch - 1) * gap_ns + step.seen.time_ns;
    const TimeNs spare_ns = step.batch * gap_ns - step.seen.time_ns;
    if (latency_ns > problem.latency_budget_ns || spare_ns < 0) continue;
    if (!problem.trains()) found.push_back({{step.mode, step.batch, 0}, static_cast<double>(latency_ns)});
    for (const Step& other : steps) {
      if (!problem.trains() || other.role != Role::train || other.mode != step.mode || !power_ok(other))
        continue;
      const std::int64_t tau = spare_ns / other.seen.time_ns;
      found.push_back({{step.mode, step.batch, tau}, -static_cast<double>(tau) / step.batch});
    }
  }
  return found;
}

int budget_of(const Problem& problem) {
  if (problem.kind == ProblemKind::train) return 10;
  return problem.kind == ProblemKind::infer ? 11 : 15;
}

void check_outcome(const Problem& problem, TimeNs gap_ns, const FunctionPlatform& platform,
                   const Outcome& outcome) {
  CHECK(platform.spent().profiles <= budget_of(problem));
  CHECK(static_cast<int>(outcome.steps.size()) == platform.spent().profiles);
  CHECK(outcome.termination != Termination::error);
  std::set<std::tuple<Role, int, PowerMode>> points;
  for (const Step& step : outcome.steps) CHECK(points.emplace(step.role, step.batch, step.mode).second);

  const auto feasible = feasible_among(outcome.steps, problem, gap_ns);
  REQUIRE(outcome.plan.has_value() == !feasible.empty());
  if (outcome.termination == Termination::found) CHECK(outcome.plan.has_value());
  if (outcome.termination == Termination::infeasible) CHECK_FALSE(outcome.plan.has_value());
  if (!outcome.plan) return;
  const auto chosen = std::find_if(feasible.begin(), feasible.end(),
                                   [&](const Found& found) { return found.plan == *outcome.plan; });
  REQUIRE(chosen != feasible.end());
  for (const Found& other : feasible) CHECK(chosen->objective <= other.objective);
}

TEST_CASE("GMD keeps its profiles and every budget it observed, on devices where knobs do what they should") {
  Draw draw(1);
  int planned = 0;
  for (int i = 0; i < 3000; ++i) {
    TimeNs gap_ns = 0;
    const Problem problem = random_problem(draw, gap_ns);
    FunctionPlatform platform(random_modes(draw), monotone_truth(draw));
    CAPTURE(i, name_of(problem.kind));
    const Outcome outcome = Gmd({}).solve(problem, platform);
    check_outcome(problem, gap_ns, platform, outcome);
    planned += outcome.plan ? 1 : 0;
  }
  CHECK(planned > 500);
  CHECK(planned < 3000);
}

TEST_CASE("GMD keeps its profiles and every budget it observed, on devices without any law") {
  Draw draw(2);
  int planned = 0;
  for (int i = 0; i < 3000; ++i) {
    TimeNs gap_ns = 0;
    const Problem problem = random_problem(draw, gap_ns);
    FunctionPlatform platform(random_modes(draw), lawless_truth(draw));
    CAPTURE(i, name_of(problem.kind));
    const Outcome outcome = Gmd({}).solve(problem, platform);
    check_outcome(problem, gap_ns, platform, outcome);
    planned += outcome.plan ? 1 : 0;
  }
  CHECK(planned > 500);
  CHECK(planned < 3000);
}

TEST_CASE("GMD ends within any number of profiles, down to one") {
  Draw draw(3);
  for (int i = 0; i < 1000; ++i) {
    TimeNs gap_ns = 0;
    const Problem problem = random_problem(draw, gap_ns);
    const int profiles = 1 + draw.below(6);
    FunctionPlatform platform(random_modes(draw),
                              draw.below(2) == 0 ? monotone_truth(draw) : lawless_truth(draw));
    const Outcome outcome = Gmd({profiles, profiles, profiles}).solve(problem, platform);
    CAPTURE(i, name_of(problem.kind), profiles);
    CHECK(platform.spent().profiles <= profiles);
    CHECK(outcome.plan.has_value() == !feasible_among(outcome.steps, problem, gap_ns).empty());
  }
}

TEST_CASE("GMD never profiles a mode at least as high on every axis as one that broke the power budget") {
  Draw draw(4);
  int broken = 0;
  for (int i = 0; i < 2000; ++i) {
    TimeNs gap_ns = 0;
    const Problem problem = random_problem(draw, gap_ns);
    FunctionPlatform platform(random_modes(draw), monotone_truth(draw));
    const auto steps = Gmd({}).solve(problem, platform).steps;
    CAPTURE(i, name_of(problem.kind));
    for (std::size_t later = 0; later < steps.size(); ++later) {
      for (std::size_t earlier = 0; earlier < later; ++earlier) {
        const PowerMode &low = steps[earlier].mode, &high = steps[later].mode;
        if (steps[earlier].seen.power_w <= problem.power_budget_w || low == high) continue;
        ++broken;
        CHECK_FALSE((high.cores >= low.cores && high.cpu_khz >= low.cpu_khz && high.gpu_khz >= low.gpu_khz &&
                     high.emc_khz >= low.emc_khz));
      }
    }
  }
  CHECK(broken > 1000);
}

TEST_CASE("With profiles to spare GMD finds the optimum of a device with a single knob") {
  Draw draw(5);
  int feasible = 0, infeasible = 0;
  for (int i = 0; i < 2000; ++i) {
    std::array<std::vector<std::int32_t>, 4> axes = {{{1}, {1}, {1}, {1}}};
    auto& knob = axes[static_cast<std::size_t>(draw.below(4))];
    for (int length = draw.below(12); length > 0; --length) knob.push_back(knob.back() + 1);
    const double exponent = draw.between(0.3, 1), infer_ms = draw.between(5, 400),
                 train_ms = draw.between(5, 400);
    const double idle_w = draw.between(1, 20), slope_w = draw.between(0.5, 4);
    const Truth truth = [=](Role role, int, const PowerMode& mode) {
      const double value = static_cast<double>(mode.cores) * mode.cpu_khz * mode.gpu_khz * mode.emc_khz;
      const double time_ms = (role == Role::train ? train_ms : infer_ms) / std::pow(value, exponent);
      return Measured{std::llround(time_ms * 1e6),
                      idle_w + slope_w * value - (role == Role::train ? 0 : 0.1)};
    };
    TimeNs gap_ns = 0;
    Problem problem = random_problem(draw, gap_ns);
    problem.infer_batches = {4};
    FunctionPlatform platform(*devices::ModeSpace::make("line", std::move(axes), 8), truth);
    const Outcome outcome = Gmd({100'000, 100'000, 100'000}).solve(problem, platform);

    // All modes there are, as if each had been a step.
    std::vector<Step> every;
    for (std::size_t mode = 0; mode < platform.modes().size(); ++mode) {
      const PowerMode point = platform.modes().at(mode);
      if (problem.trains())
        every.push_back({"t", Role::train, 16, point, truth(Role::train, 16, point), true, {}});
      if (problem.infers())
        every.push_back({"i", Role::infer, 4, point, truth(Role::infer, 4, point), true, {}});
    }
    const auto possible = feasible_among(every, problem, gap_ns);
    CAPTURE(i, name_of(problem.kind), platform.modes().size(), problem.power_budget_w,
            problem.latency_budget_ns);
    REQUIRE(outcome.plan.has_value() == !possible.empty());
    ++(possible.empty() ? infeasible : feasible);
    if (possible.empty()) continue;
    double best = possible.front().objective, chosen = INFINITY;
    for (const Found& found : possible) {
      best = std::min(best, found.objective);
      if (found.plan == *outcome.plan) chosen = found.objective;
    }
    CHECK(chosen == best);
  }
  CHECK(feasible > 300);
  CHECK(infeasible > 300);
}

TEST_CASE("GMD reports a platform that fails, whenever it does") {
  Draw draw(6);
  for (int good = 0; good < 15; ++good) {
    class FailingPlatform final : public Platform {
     public:
      FailingPlatform(devices::ModeSpace modes, Truth truth, int good)
          : Platform(std::move(modes), {}), truth_(std::move(truth)), good_(good) {}

     private:
      Result<Observation> measure(const std::string&, Role role, int batch, const PowerMode& mode) override {
        if (good_-- == 0) return failure("the board is gone");
        return Observation{truth_(role, batch, mode), 40, ms, 1, true};
      }
      Truth truth_;
      int good_;
    };
    for (int i = 0; i < 100; ++i) {
      TimeNs gap_ns = 0;
      const Problem problem = random_problem(draw, gap_ns);
      FailingPlatform platform(random_modes(draw), monotone_truth(draw), good);
      const Outcome outcome = Gmd({}).solve(problem, platform);
      const bool met = platform.spent().profiles == good && outcome.termination == Termination::error;
      if (met) CHECK(outcome.message == "the board is gone");
      if (met) CHECK_FALSE(outcome.plan.has_value());
      if (!met) CHECK(outcome.termination != Termination::error);
      if (good == 0 && !(problem.infers() && problem.infer_batches.empty())) {
        // Unless no batch can be gathered in time, the first profile is made, and fails.
        const bool hopeless =
            problem.infers() && (problem.infer_batches.front() - 1) * gap_ns >= problem.latency_budget_ns;
        CHECK(met == !hopeless);
      }
    }
  }
}

}  // namespace
}  // namespace wattline::policies
