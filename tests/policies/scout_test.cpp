// Scout: the law it reckons with, what it believes, and what it does on boards of its family and on others.
#include "policies/scout/scout.hpp"

#include <cmath>

#include "policies/scout/forecast.hpp"
#include "sim/random.hpp"
#include "tests/catch.hpp"
#include "tests/policies/imagined_board.hpp"

namespace wattline::policies {
namespace {

using devices::PowerMode;
using scout::Belief;
using scout::Grid;
using scout::Law;
using scout::Minibatch;
using scout::Parameters;
using scout::Stream;
using workloads::Role;

devices::ModeSpace small_space() {
  return *devices::ModeSpace::make(
      "grid", {{{2, 4, 8}, {400, 800, 1200, 1600, 2000}, {200, 400, 600, 800, 1000}, {500, 1000, 2000}}}, 8);
}

Parameters drawn(sim::RandomStream& random, double width) {
  const scout::Prior prior = scout::prior({35, 0});
  Parameters parameters = prior.mean;
  for (int i = 0; i < scout::parameter_count; ++i)
    parameters[i] += width * prior.deviation[i] * random.normal();
  return parameters;
}

using World = imagined::Truth;

// A board that the law knows exactly.
World lawful(const Parameters& parameters) {
  return [parameters](Role role, int batch, const PowerMode& mode) {
    const devices::ModeSpace space = small_space();
    const Grid grid(space);
    const bool trains = role == Role::train;
    const Law law(parameters);
    const Minibatch minibatch{trains ? Stream::background : Stream::inference, static_cast<double>(batch),
                              trains};
    const scout::Cost cost = law.cost(law.work_of(minibatch), grid.at(*space.find(mode)));
    return Measured{static_cast<sim::TimeNs>(cost.ms * 1e6) + 1, cost.w};
  };
}

// One that it does not: hard bounds, a power of its own shape, and scatter that no law knows.
World lawless(std::uint64_t seed) {
  return [seed](Role role, int batch, const PowerMode& mode) {
    sim::RandomStream law(seed, role == Role::train ? "train" : "infer");
    const double work = role == Role::train ? 60 : 2 + 1.5 * batch;
    const double compute = work * (0.5 + law.uniform()) * 1000 / mode.gpu_khz;
    const double traffic = work * law.uniform() * 2000 / mode.emc_khz;
    const double launch = 10 * law.uniform() * 2000 / mode.cpu_khz;
    const double scatter =
        0.98 + 0.04 * sim::RandomStream(seed, to_text(mode) + std::to_string(batch)).uniform();
    const double g = mode.gpu_khz / 1000.0, c = mode.cpu_khz / 2000.0;
    const double time_ms = std::max({compute, traffic, launch}) * scatter;
    const double power_w = 3 + 14 * std::pow(g, 2.4) + mode.cores * (0.1 + 0.4 * c * c) +
                           3.0 * mode.emc_khz / 2000 + 6 * compute / time_ms * g;
    return Measured{static_cast<sim::TimeNs>(time_ms * 1e6) + 1, power_w * scatter};
  };
}

Problem concurrent(double power_w, double latency_ms = 600, double rate_hz = 20) {
  Problem problem;
  problem.id = "p";
  problem.train_workload = "t";
  problem.infer_workload = "i";
  problem.infer_batches = {1, 4, 16};
  problem.arrival_rate_hz = rate_hz;
  problem.latency_budget_ns = static_cast<sim::TimeNs>(latency_ms * 1e6);
  problem.power_budget_w = power_w;
  return problem;
}

// The best objective of all points, by trying every one.
std::optional<Evaluation> exhaustive(const Problem& problem, const World& world) {
  std::optional<Evaluation> best;
  const devices::ModeSpace space = small_space();
  for (std::size_t i = 0; i < space.size(); ++i) {
    for (const int batch : problem.infer_batches) {
      const auto value = evaluate(problem, batch, world(Role::train, problem.train_batch, space.at(i)),
                                  world(Role::infer, batch, space.at(i)));
      if (value.feasible() && (!best || better(problem, value, *best))) best = value;
    }
  }
  return best;
}

Evaluation truth_of(const Problem& problem, const Plan& plan, const World& world) {
  return evaluate(problem, plan.infer_batch, world(Role::train, problem.train_batch, plan.mode),
                  world(Role::infer, plan.infer_batch, plan.mode), plan.train_per_cycle);
}

TEST_CASE("The law's slopes are its differences") {
  sim::RandomStream random(3, "slopes");
  const devices::ModeSpace space = small_space();
  const Grid grid(space);
  constexpr double step = 1e-5;
  for (int i = 0; i < 200; ++i) {
    const Parameters parameters = drawn(random, 1);
    const bool trains = random.below(2) == 0;
    const Minibatch minibatch{trains ? Stream::background : Stream::inference,
                              static_cast<double>(1 + random.below(64)), trains};
    const scout::Knobs knobs = grid.at(random.below(space.size()));
    scout::Slopes slopes, unused;
    Law(parameters).predict(minibatch, knobs, slopes);
    for (int j = 0; j < scout::parameter_count; ++j) {
      CAPTURE(i, j);
      Parameters above = parameters, below = parameters;
      above[j] += step;
      below[j] -= step;
      const auto high = Law(above).predict(minibatch, knobs, unused);
      const auto low = Law(below).predict(minibatch, knobs, unused);
      CHECK(slopes.log_ms[j] == Approx((high.log_ms - low.log_ms) / (2 * step)).margin(1e-5));
      CHECK(slopes.log_w[j] == Approx((high.log_w - low.log_w) / (2 * step)).margin(1e-5));
    }
  }
}

TEST_CASE("With its bounds far apart the law is the roofline of the largest") {
  Parameters parameters = scout::prior({35, 0}).mean;
  const auto set = [&](scout::StreamParameter parameter, double value) {
    parameters[index_of(Stream::background, parameter)] = value;
  };
  set(scout::amount, std::log(100));
  set(scout::memory, -20);
  set(scout::memory_fixed, -20);
  set(scout::launch, -20);
  set(scout::loading, -20);
  const devices::ModeSpace space = small_space();
  const Grid grid(space);
  const Law law(parameters);
  for (std::size_t mode = 0; mode < space.size(); ++mode) {
    const scout::Cost cost = law.cost(law.work_of({Stream::background, 16, true}), grid.at(mode));
    CHECK(cost.ms == Approx(100 * 1000.0 / space.at(mode).gpu_khz));  // compute alone
  }
}

TEST_CASE("Predictions of a whole grid are those of its points") {
  sim::RandomStream random(4, "grid");
  const devices::ModeSpace space = small_space();
  const Grid grid(space);
  for (int i = 0; i < 20; ++i) {
    const Law law(drawn(random, 1));
    const Minibatch minibatch{Stream::background, 16, i % 2 == 0};
    std::vector<double> time_ms, power_w;
    law.predict(minibatch, grid, time_ms, power_w);
    REQUIRE(time_ms.size() == space.size());
    for (std::size_t mode = 0; mode < space.size(); ++mode) {
      const scout::Cost cost = law.cost(law.work_of(minibatch), grid.at(mode));
      CHECK(time_ms[mode] == Approx(cost.ms));
      CHECK(power_w[mode] == Approx(cost.w));
    }
  }
}

// Every kind of problem and objective, for what scans a grid.
std::vector<Problem> problems_to_scan() {
  std::vector<Problem> problems;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) problems.push_back(imagined::random_problem(seed));
  for (const double power_w : {8, 14, 22, 40}) problems.push_back(concurrent(power_w));
  return problems;
}

TEST_CASE("The columns that are scanned say what single points say, and hold what was measured") {
  const Grid grid(small_space());
  const Belief belief({80, 0.01, 8}, 2, {35, 0});
  scout::Measurements measurements;
  measurements.background[7] = {5'000'000, 9};
  scout::Predictions predictions(concurrent(20), grid, belief, measurements, 0.05, false);
  predictions.take(Stream::inference, 11, 4, {3'000'000, 8});
  REQUIRE(predictions.tabulated() == 64);
  for (std::size_t h = 0; h < predictions.tabulated(); ++h) {
    CHECK(predictions.background(h).at(7).ms == Approx(5));
    CHECK(predictions.inference(h, 1).at(11).w == Approx(8));
    for (std::size_t mode = 0; mode < grid.size(); ++mode) {
      const scout::Pair pair = predictions.at(h, 2, mode);
      CHECK(predictions.background(h).at(mode).ms == Approx(pair.background_ms).epsilon(1e-6));
      CHECK(predictions.inference(h, 2).at(mode).w == Approx(pair.inference_w).epsilon(1e-6));
    }
  }
}

TEST_CASE("Hypotheses beyond the tabulated ones are blurred in the same way") {
  const Grid grid(small_space());
  const Belief belief({80, 0.01, 8}, 2, {35, 0});
  const scout::Predictions few(concurrent(20), grid, belief, {}, 0.05, false);
  const scout::Predictions all(concurrent(20), grid, belief, {}, 0.05, true);
  REQUIRE(few.tabulated() == 64);
  REQUIRE(all.tabulated() == 80);
  for (std::size_t mode = 0; mode < grid.size(); ++mode) {
    const scout::Pair computed = few.at(70, 1, mode), tabulated = all.at(70, 1, mode);
    CHECK(computed.background_ms == Approx(tabulated.background_ms).epsilon(1e-5));
    CHECK(computed.inference_w == Approx(tabulated.inference_w).epsilon(1e-5));
  }
}

TEST_CASE("Among the candidates is the best that each scanning hypothesis has anywhere") {
  const Grid grid(small_space());
  const Belief belief({64, 0.01, 8}, 3, {35, 0});
  for (const Problem& problem : problems_to_scan()) {
    const scout::Predictions predictions(problem, grid, belief, {}, 0.02, false);
    const auto list = scout::Forecaster(problem).of(predictions, 5);
    const std::size_t columns = problem.infers() ? problem.infer_batches.size() : 1;
    for (std::size_t h = 0; h < 64; ++h) {
      double best = -1, listed = -1;
      for (std::size_t column = 0; column < columns; ++column) {
        for (std::size_t mode = 0; mode < grid.size(); ++mode) {
          const scout::Pair pair = predictions.at(h, column, mode);
          const auto measured = [](double time_ms, double power_w) {
            return Measured{std::llround(time_ms * 1e6), power_w};
          };
          const int batch = problem.infers() ? problem.infer_batches[column] : 0;
          const Evaluation value = evaluate(problem, batch, measured(pair.background_ms, pair.background_w),
                                            measured(pair.inference_ms, pair.inference_w));
          best = std::max(best, scout::worth(problem, value));
        }
      }
      for (const auto& forecast : list) listed = std::max(listed, forecast.worth[h]);
      CAPTURE(problem.id, h);
      if (best > 0) CHECK(listed == Approx(best).epsilon(1e-4));
    }
  }
}

TEST_CASE("What is asked for besides is among the candidates, however little it seems to be worth") {
  const Grid grid(small_space());
  const Belief belief({64, 0.01, 8}, 3, {35, 0});
  const Problem problem = concurrent(25);
  const scout::Predictions predictions(problem, grid, belief, {}, 0.02, false);
  const scout::Forecaster forecaster(problem);
  const auto usual = forecaster.of(predictions, 5);
  const auto holds = [](const auto& list, const scout::Point& point) {
    return std::any_of(list.begin(), list.end(),
                       [&](const auto& forecast) { return forecast.point == point; });
  };
  scout::Point poor{0, 16};
  while (holds(usual, poor)) ++poor.mode;
  const auto asked = forecaster.of(predictions, 5, {poor});
  CHECK(holds(asked, poor));
  CHECK(asked.size() == usual.size() + 1);
}

TEST_CASE("What was profiled is what the hypotheses agree on, to the deviation that they are allowed") {
  sim::RandomStream random(5, "belief");
  const devices::ModeSpace space = small_space();
  const Grid grid(space);
  const Law truth(drawn(random, 1));
  Belief belief({64, 0.01, 50}, 1, {35, 0});
  const Minibatch minibatch{Stream::background, 16, true};
  std::vector<std::size_t> profiled;
  for (int i = 0; i < 5; ++i) {
    profiled.push_back(random.below(space.size()));
    const scout::Cost cost = truth.cost(truth.work_of(minibatch), grid.at(profiled.back()));
    belief.observe(minibatch, grid.at(profiled.back()), {std::log(cost.ms), std::log(cost.w)});
    belief.update();
  }
  for (const std::size_t mode : profiled) {
    const scout::Cost cost = truth.cost(truth.work_of(minibatch), grid.at(mode));
    double mean = 0, squares = 0;
    for (const Parameters& parameters : belief.hypotheses()) {
      const Law law(parameters);
      const double error = std::log(law.cost(law.work_of(minibatch), grid.at(mode)).ms / cost.ms);
      mean += error / 64;
      squares += error * error / 64;
    }
    CHECK(std::abs(mean) < 0.01);
    CHECK(std::sqrt(squares) < 0.05);
  }
}

TEST_CASE("On boards of its family scout finds the optimum of nearly every problem within 8 profiles") {
  sim::RandomStream random(6, "boards");
  int feasible = 0, within = 0, near = 0;
  for (int i = 0; i < 60; ++i) {
    const World world = lawful(drawn(random, 0.7));
    const Problem problem = concurrent(10 + 30 * random.uniform());
    const auto best = exhaustive(problem, world);
    if (!best || best->train_rate_hz == 0) continue;
    ++feasible;
    imagined::Board platform(small_space(), world);
    const Outcome outcome = Scout({}).solve(problem, platform);
    CHECK(platform.spent().profiles <= 8);
    if (!outcome.plan) continue;
    const Evaluation truth = truth_of(problem, *outcome.plan, world);
    within += truth.feasible();
    near += truth.feasible() && regret(problem, truth, *best) <= 0.05;
  }
  CHECK(feasible >= 20);
  CHECK(within >= feasible - 1);
  CHECK(near >= feasible * 8 / 10);
}

TEST_CASE("On boards that its law cannot represent scout keeps the budgets and comes near") {
  int feasible = 0, within = 0, near = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const World world = lawless(seed);
    const Problem problem = concurrent(8 + static_cast<double>(seed % 10) * 2);
    const auto best = exhaustive(problem, world);
    if (!best || best->train_rate_hz == 0) continue;
    ++feasible;
    imagined::Board platform(small_space(), world);
    const Outcome outcome = Scout({}).solve(problem, platform);
    if (!outcome.plan) continue;
    const Evaluation truth = truth_of(problem, *outcome.plan, world);
    within += truth.feasible();
    near += truth.feasible() && regret(problem, truth, *best) <= 0.1;
  }
  CHECK(feasible >= 15);
  CHECK(within >= feasible - 1);
  CHECK(near >= feasible * 7 / 10);
}

TEST_CASE("With knowledge of the workloads another budget costs no or few profiles") {
  ScoutOptions options;
  options.share = true;
  const World world = lawless(7);
  imagined::Board platform(small_space(), world);
  const Scout scout(options);
  const auto solver = scout.start(platform);
  CHECK(scout.sharing() == Sharing::workloads);
  solver->solve(concurrent(20));
  int profiles = 0;
  for (int i = 0; i < 20; ++i) {
    const int before = platform.spent().profiles;
    const Outcome outcome = solver->solve(concurrent(14 + 0.5 * i));
    profiles += platform.spent().profiles - before;
    REQUIRE(outcome.plan);
    CHECK(truth_of(concurrent(14 + 0.5 * i), *outcome.plan, world).feasible());
  }
  CHECK(profiles <= 30);
  // The same problem again needs none.
  const int before = platform.spent().profiles;
  CHECK(solver->solve(concurrent(20)).termination == Termination::found);
  CHECK(platform.spent().profiles - before <= 1);
}

TEST_CASE("Whatever the board, scout is honest about what it did and ends as it should") {
  ScoutOptions options;
  options.belief.hypotheses = 32;
  imagined::expect_honest(Scout(options), options.profiles, false, 60);
  imagined::expect_no_plan_where_there_is_none(Scout(options));
}

TEST_CASE("Scout returns no plan half unseen while it has a profile left to look") {
  int plans = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    imagined::Board platform(small_space(), lawless(seed));
    const Problem problem = concurrent(8 + static_cast<double>(seed % 17));
    const Outcome outcome = Scout({}).solve(problem, platform);
    if (!outcome.plan || platform.spent().profiles == ScoutOptions().profiles) continue;
    ++plans;
    CAPTURE(seed);
    CHECK(imagined::seen_in(outcome, "t", problem.train_batch, outcome.plan->mode));
    CHECK(imagined::seen_in(outcome, "i", outcome.plan->infer_batch, outcome.plan->mode));
  }
  CHECK(plans > 10);
}

TEST_CASE("A budget below every mode's power is infeasible after few profiles") {
  imagined::Board platform(small_space(), lawless(1));
  const Outcome outcome = Scout({}).solve(concurrent(0.5), platform);
  CHECK_FALSE(outcome.plan);
  CHECK(outcome.termination == Termination::infeasible);
  CHECK(platform.spent().profiles <= 8);
}

TEST_CASE("A rate that no mode sustains is infeasible") {
  imagined::Board platform(small_space(), lawless(2));
  const Outcome outcome = Scout({}).solve(concurrent(60, 600, 1e5), platform);
  CHECK_FALSE(outcome.plan);
  CHECK((outcome.termination == Termination::infeasible ||
         outcome.termination == Termination::budget_exhausted));
}

TEST_CASE("A latency that gathering any batch exceeds needs no endless search") {
  imagined::Board platform(small_space(), lawless(2));
  Problem problem = concurrent(60, 0.001, 5);
  problem.infer_batches = {4, 16};
  const Outcome outcome = Scout({}).solve(problem, platform);
  CHECK_FALSE(outcome.plan);
  CHECK(platform.spent().profiles <= 8);
}

TEST_CASE("Instruments that fail end scout with an error that says so") {
  int calls = 0;
  imagined::Board platform(small_space(), [&](Role role, int batch, const PowerMode& mode) {
    const Measured seen = lawless(3)(role, batch, mode);
    return ++calls == 3 ? Measured{seen.time_ns, std::nan("")} : seen;
  });
  const Outcome outcome = Scout({}).solve(concurrent(15), platform);
  CHECK(outcome.termination == Termination::error);
  CHECK_FALSE(outcome.plan);
  CHECK(outcome.message.find("cannot be") != std::string::npos);
}

TEST_CASE("More profiles than there are points are not needed and not an error") {
  ScoutOptions options;
  options.profiles = 100'000;
  const World world = lawless(5);
  imagined::Board platform(small_space(), world);
  const Outcome outcome = Scout(options).solve(concurrent(15), platform);
  REQUIRE(outcome.plan);
  CHECK(outcome.termination == Termination::found);
  CHECK(platform.spent().profiles <= 225 * 4);
}

TEST_CASE("Scout solves training alone, inference alone, two inferences, and for energy") {
  const World world = lawless(9);
  for (const ProblemKind kind : {ProblemKind::train, ProblemKind::infer, ProblemKind::infer_infer}) {
    for (const Objective objective : {Objective::speed, Objective::energy}) {
      CAPTURE(name_of(kind), name_of(objective));
      Problem problem = concurrent(16);
      problem.kind = kind;
      problem.objective = objective;
      imagined::Board platform(small_space(), world);
      const Outcome outcome = Scout({}).solve(problem, platform);
      REQUIRE(outcome.plan);
      const std::size_t steps = outcome.steps.size();
      CHECK(steps >= 1);
      CHECK(steps <= 8);
      for (const Step& step : outcome.steps) CHECK_FALSE(step.reason.empty());
    }
  }
}

}  // namespace
}  // namespace wattline::policies
