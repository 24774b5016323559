// The formulas of a problem: what a (mode, batch) comes to, which of two is better, and by how much.
#include "policies/problem.hpp"

#include <rapidcheck.h>

#include <cmath>
#include <vector>

#include "tests/catch.hpp"

namespace wattline::policies {
namespace {

using sim::TimeNs;

constexpr TimeNs ms = 1'000'000;

Problem training(double power_w) {
  Problem problem;
  problem.kind = ProblemKind::train;
  problem.train_workload = "t";
  problem.power_budget_w = power_w;
  return problem;
}

Problem serving(ProblemKind kind, double rate_hz, TimeNs latency_ns, double power_w) {
  Problem problem = training(power_w);
  problem.kind = kind;
  problem.infer_workload = "i";
  problem.arrival_rate_hz = rate_hz;
  problem.latency_budget_ns = latency_ns;
  return problem;
}

Evaluation trained(TimeNs time_ns, double power_w) {
  Evaluation value;
  value.train_time_ns = time_ns;
  value.power_w = power_w;
  return value;
}

Evaluation interleaved(double rate_hz, double power_w, TimeNs latency_ns) {
  Evaluation value;
  value.train_rate_hz = rate_hz;
  value.power_w = power_w;
  value.latency_ns = latency_ns;
  return value;
}

TEST_CASE("A training mode is within power up to the budget itself") {
  const Evaluation value = evaluate(training(20), 0, Measured{80 * ms, 20}, std::nullopt);
  CHECK(value.train_time_ns == 80 * ms);
  CHECK(value.power_w == 20);
  CHECK(value.feasible());
  CHECK_FALSE(evaluate(training(std::nextafter(20, 0)), 0, Measured{80 * ms, 20}, std::nullopt).feasible());
}

TEST_CASE("The first request of a batch waits for the last, and then for the minibatch") {
  // 16 requests at 60/s: 15/60 s = 250 ms from the first to the last.
  const Problem problem = serving(ProblemKind::infer, 60, 290 * ms, 30);
  CHECK(gathering_ns(problem, 16) == 250 * ms);
  CHECK(gathering_ns(problem, 1) == 0);
  CHECK(cycle_ns(problem, 16) == 266'666'667);
  // A rate that is next to nothing: a hundred years, not a number that overflowed.
  Problem slow = problem;
  slow.arrival_rate_hz = 1e-12;
  CHECK(gathering_ns(slow, 16) == sim::longest_time_ns);
  CHECK(cycle_ns(slow, 1) == sim::longest_time_ns);
  const Evaluation value = evaluate(problem, 16, std::nullopt, Measured{40 * ms, 25});
  CHECK(value.latency_ns == 290 * ms);
  CHECK(value.power_w == 25);
  CHECK(value.train_per_cycle == 0);
  CHECK(value.train_time_ns == 0);
  CHECK(value.feasible());  // at the latency budget itself
  CHECK_FALSE(evaluate(problem, 16, std::nullopt, Measured{40 * ms + 1, 25}).within_latency);
}

TEST_CASE("Inference keeps up as long as a minibatch takes no longer than its requests to come") {
  const Problem problem = serving(ProblemKind::infer, 60, 1000 * ms, 30);
  CHECK(evaluate(problem, 16, std::nullopt, Measured{266'666'667, 25}).feasible());
  const Evaluation late = evaluate(problem, 16, std::nullopt, Measured{266'666'668, 25});
  CHECK_FALSE(late.keeps_up);
  CHECK_FALSE(late.feasible());
  CHECK(late.within_latency);
  CHECK(late.within_power);
}

TEST_CASE("As many training minibatches as fit run between inference minibatches, exactly") {
  // 4 requests at 10/s: a cycle of 400 ms, of which inference takes 40: four times 90 ms fit to the ns.
  const Problem problem = serving(ProblemKind::concurrent, 10, 1000 * ms, 30);
  const Measured infer{40 * ms, 25};
  const Evaluation value = evaluate(problem, 4, Measured{90 * ms, 28}, infer);
  CHECK(value.train_per_cycle == 4);
  CHECK(value.train_rate_hz == 10);  // 4 x 10 / 4
  CHECK(value.latency_ns == 340 * ms);
  CHECK(value.train_time_ns == 90 * ms);
  CHECK(evaluate(problem, 4, Measured{90 * ms + 1, 28}, infer).train_per_cycle == 3);
  CHECK(evaluate(problem, 4, Measured{90 * ms - 1, 28}, infer).train_per_cycle == 4);
  CHECK(evaluate(problem, 4, Measured{360 * ms, 28}, infer).train_per_cycle == 1);
  CHECK(evaluate(problem, 4, Measured{360 * ms + 1, 28}, infer).train_per_cycle == 0);
}

TEST_CASE("A plan's tau caps the training minibatches, and what does not fit is not run") {
  const Problem problem = serving(ProblemKind::concurrent, 10, 1000 * ms, 30);
  const auto with_tau = [&](std::int64_t tau) {
    return evaluate(problem, 4, Measured{90 * ms, 28}, Measured{40 * ms, 25}, tau);
  };
  CHECK(with_tau(3).train_per_cycle == 3);
  CHECK(with_tau(3).train_rate_hz == 7.5);
  CHECK(with_tau(0).train_per_cycle == 0);
  CHECK(with_tau(0).feasible());
  CHECK(with_tau(9).train_per_cycle == 4);
  CHECK(with_tau(-1).train_per_cycle == 4);
}

TEST_CASE("A concurrent mode draws what the hungrier of its two workloads draws") {
  const Problem problem = serving(ProblemKind::concurrent, 10, 1000 * ms, 30);
  CHECK(evaluate(problem, 4, Measured{ms, 28}, Measured{ms, 25}).power_w == 28);
  CHECK(evaluate(problem, 4, Measured{ms, 28}, Measured{ms, 29}).power_w == 29);
  CHECK_FALSE(evaluate(problem, 4, Measured{ms, 28}, Measured{ms, 30.5}).within_power);
  CHECK_FALSE(evaluate(problem, 4, Measured{ms, 30.5}, Measured{ms, 28}).within_power);
}

TEST_CASE("Who does not keep up trains nothing") {
  const Problem problem = serving(ProblemKind::concurrent, 10, 1000 * ms, 30);
  const Evaluation value = evaluate(problem, 4, Measured{ms, 28}, Measured{400 * ms + 1, 25});
  CHECK_FALSE(value.keeps_up);
  CHECK(value.train_per_cycle == 0);
  CHECK(value.train_rate_hz == 0);
}

TEST_CASE("Better is the objective, then lower power, then lower latency") {
  const Problem train = training(30);
  CHECK(better(train, trained(9, 29), trained(10, 1)));
  CHECK(better(train, trained(10, 1), trained(10, 2)));
  CHECK_FALSE(better(train, trained(10, 2), trained(10, 2)));
  const Problem infer = serving(ProblemKind::infer, 10, 1000 * ms, 30);
  CHECK(better(infer, interleaved(0, 29, 9), interleaved(5, 1, 10)));
  CHECK(better(infer, interleaved(0, 1, 9), interleaved(0, 2, 9)));
  const Problem both = serving(ProblemKind::concurrent, 10, 1000 * ms, 30);
  CHECK(better(both, interleaved(2, 29, 900), interleaved(1, 1, 1)));
  CHECK(better(both, interleaved(2, 1, 900), interleaved(2, 2, 1)));
  CHECK(better(both, interleaved(2, 1, 1), interleaved(2, 1, 2)));
  CHECK_FALSE(better(both, interleaved(2, 1, 2), interleaved(2, 1, 2)));
}

TEST_CASE("Regret is the share by which the objective is missed") {
  CHECK(regret(training(30), trained(110, 1), trained(100, 9)) == Approx(0.1));
  CHECK(regret(training(30), trained(100, 1), trained(100, 9)) == 0);
  const Problem infer = serving(ProblemKind::infer, 10, 1000 * ms, 30);
  CHECK(regret(infer, interleaved(0, 1, 300), interleaved(0, 1, 200)) == Approx(0.5));
  const Problem both = serving(ProblemKind::concurrent, 10, 1000 * ms, 30);
  CHECK(regret(both, interleaved(3, 1, 1), interleaved(4, 1, 1)) == Approx(0.25));
  CHECK(regret(both, interleaved(0, 1, 1), interleaved(4, 1, 1)) == 1);
  CHECK(regret(both, interleaved(0, 1, 1), interleaved(0, 1, 1)) == 0);
}

TEST_CASE("Equal training rates are equal whatever batch and tau they come from") {
  // tau / batch is 1 in all of these: none may look better than another by a rounding error.
  const Measured train{1, 20}, infer{1, 20};
  CHECK(rc::check("one training minibatch a request", [&] {
    const Problem problem =
        serving(ProblemKind::concurrent, *rc::gen::inRange(1, 100'000) / 997.0, 1000 * ms, 30);
    const int batch = *rc::gen::inRange(1, 1000);
    const Evaluation one = evaluate(problem, 1, train, infer, 1),
                     many = evaluate(problem, batch, train, infer, batch);
    RC_ASSERT(many.train_per_cycle == batch);
    RC_ASSERT(many.train_rate_hz == one.train_rate_hz);
  }));
}

TEST_CASE("Evaluations are those of whole-number arithmetic") {
  CHECK(rc::check("with a rate that divides a second, nothing is rounded at all", [] {
    const std::int64_t gap = *rc::gen::element<std::int64_t>(1'000'000, 8'000'000, 15'625'000, 100'000'000);
    const double rate_hz = 1e9 / static_cast<double>(gap);
    const int batch = *rc::gen::inRange(1, 65);
    const TimeNs infer_ns = *rc::gen::inRange<TimeNs>(1, 70 * gap),
                 train_ns = *rc::gen::inRange<TimeNs>(1, 9 * gap);
    const TimeNs budget_ns = *rc::gen::inRange<TimeNs>(1, 130 * gap);
    const Problem problem = serving(ProblemKind::concurrent, rate_hz, budget_ns, 30);
    const Evaluation value = evaluate(problem, batch, Measured{train_ns, 1}, Measured{infer_ns, 2});
    RC_ASSERT(value.latency_ns == (batch - 1) * gap + infer_ns);
    RC_ASSERT(value.within_latency == ((batch - 1) * gap + infer_ns <= budget_ns));
    RC_ASSERT(value.keeps_up == (infer_ns <= batch * gap));
    // The largest tau with tau x train + infer <= cycle, by counting up.
    std::int64_t tau = 0;
    while ((tau + 1) * train_ns + infer_ns <= batch * gap && tau < 1'000) ++tau;
    if (tau < 1'000) RC_ASSERT(value.train_per_cycle == tau);
    RC_ASSERT(std::abs(value.train_rate_hz * static_cast<double>(gap * batch) -
                       1e9 * static_cast<double>(value.train_per_cycle)) <=
              1e-3 * static_cast<double>(value.train_per_cycle));
  }));
}

TEST_CASE("Of two evaluations at most one is better, and better is transitive") {
  CHECK(rc::check("for every kind of problem", [] {
    const auto kind = *rc::gen::element(ProblemKind::train, ProblemKind::infer, ProblemKind::concurrent);
    const Problem problem = serving(kind, 10, 1000 * ms, 30);
    const auto draw = [] {
      Evaluation value;
      value.power_w = *rc::gen::inRange(1, 3);
      value.latency_ns = *rc::gen::inRange(1, 3);
      value.train_rate_hz = *rc::gen::inRange(1, 3);
      value.train_time_ns = *rc::gen::inRange(1, 3);
      return value;
    };
    const Evaluation a = draw(), b = draw(), c = draw();
    RC_ASSERT_FALSE(better(problem, a, a));
    RC_ASSERT_FALSE((better(problem, a, b) && better(problem, b, a)));
    if (better(problem, a, b) && better(problem, b, c)) RC_ASSERT(better(problem, a, c));
    if (better(problem, a, b)) RC_ASSERT(regret(problem, b, a) >= 0);
  }));
}

TEST_CASE("Kinds are named as configurations write them") {
  CHECK(std::string(name_of(ProblemKind::train)) == "train");
  CHECK(std::string(name_of(ProblemKind::infer)) == "infer");
  CHECK(std::string(name_of(ProblemKind::concurrent)) == "concurrent");
}

// Cycles of 400 ms.
Problem four_at_ten_hz() {
  Problem problem;
  problem.kind = ProblemKind::concurrent;
  problem.infer_batches = {4};
  problem.arrival_rate_hz = 10;
  problem.latency_budget_ns = 1'000'000'000;
  problem.power_budget_w = 100;
  return problem;
}

TEST_CASE("The energy of a sample is that of a cycle's minibatches over its samples") {
  Problem problem = four_at_ten_hz();
  // A cycle of 400 ms: an inference minibatch of 100 ms at 20 W and 3 of training of 100 ms at 30 W, of 16
  // samples.
  const Measured train{100'000'000, 30}, infer{100'000'000, 20};
  const Evaluation both = evaluate(problem, 4, train, infer);
  CHECK(both.train_per_cycle == 3);
  CHECK(both.energy_j == Approx((2 + 3 * 3) / (4.0 + 3 * 16)));
  problem.energy_budget_j = 0.2;
  CHECK_FALSE(evaluate(problem, 4, train, infer).feasible());
  problem.energy_budget_j = 0.22;
  CHECK(evaluate(problem, 4, train, infer).feasible());
  problem.kind = ProblemKind::train;
  CHECK(evaluate(problem, 0, train, std::nullopt).energy_j == Approx(3.0 / 16));
  problem.kind = ProblemKind::infer;
  CHECK(evaluate(problem, 4, std::nullopt, infer).energy_j == Approx(0.5));
}

TEST_CASE("Where energy matters, no other number of training minibatches does better than the one chosen") {
  // Every number that fits is tried.
  CHECK(rc::check([] {
    Problem problem;
    problem.kind = *rc::gen::element(ProblemKind::concurrent, ProblemKind::infer_infer);
    problem.objective = *rc::gen::element(Objective::speed, Objective::energy);
    if (problem.objective == Objective::speed || *rc::gen::arbitrary<bool>())
      problem.energy_budget_j = 0.01 * *rc::gen::inRange(1, 200);
    problem.arrival_rate_hz = 5;
    problem.train_batch = *rc::gen::inRange(1, 17);
    problem.latency_budget_ns = 10'000'000'000;
    problem.power_budget_w = 100;
    const int batch = *rc::gen::inRange(1, 17);
    const auto measured = [](int time_ms, int tenth_w) {
      return Measured{time_ms * 1'000'000LL, 0.1 * tenth_w};
    };
    const Measured train = measured(*rc::gen::inRange(1, 400), *rc::gen::inRange(10, 400));
    const Measured infer = measured(*rc::gen::inRange(1, 200), *rc::gen::inRange(10, 400));
    const Evaluation chosen = evaluate(problem, batch, train, infer);
    const std::int64_t most = (cycle_ns(problem, batch) - infer.time_ns) / train.time_ns;
    for (std::int64_t count = 0; count <= most; ++count) {
      const Evaluation tried = evaluate(problem, batch, train, infer, count);
      if (!tried.feasible()) continue;
      RC_ASSERT(chosen.feasible());
      if (problem.objective == Objective::energy)
        RC_ASSERT(chosen.energy_j <= tried.energy_j * (1 + 1e-12));
      else
        RC_ASSERT(chosen.train_per_cycle >= count);
    }
  }));
}

TEST_CASE("An energy budget that all the training that fits would break leaves room for less") {
  Problem problem = four_at_ten_hz();
  problem.train_batch = 1;
  // A cycle of 400 ms: inference 100 ms at 20 W, 0.5 J a sample; training 100 ms at 30 W, 3 J a sample.
  const Measured train{100'000'000, 30}, infer{100'000'000, 20};
  problem.energy_budget_j = 1.34;  // with two it is 8 J over 6 samples, with three 11 over 7
  CHECK(evaluate(problem, 4, train, infer).train_per_cycle == 2);
  problem.objective = Objective::energy;
  CHECK(evaluate(problem, 4, train, infer).train_per_cycle == 0);
}

TEST_CASE("For the least energy a slower plan may be the better one, and regret is in energy") {
  Problem problem;
  problem.kind = ProblemKind::train;
  problem.objective = Objective::energy;
  problem.power_budget_w = 100;
  const Evaluation fast = evaluate(problem, 0, Measured{100'000'000, 40}, std::nullopt);
  const Evaluation slow = evaluate(problem, 0, Measured{200'000'000, 16}, std::nullopt);
  CHECK(better(problem, slow, fast));
  CHECK(regret(problem, fast, slow) == Approx(4 / 3.2 - 1));
  problem.objective = Objective::speed;
  CHECK(better(problem, fast, slow));
}

TEST_CASE("Non-urgent inference is profiled as inference, training as training") {
  Problem problem;
  for (const ProblemKind kind : {ProblemKind::train, ProblemKind::concurrent}) {
    problem.kind = kind;
    CHECK(problem.train_role() == workloads::Role::train);
  }
  problem.kind = ProblemKind::infer_infer;
  CHECK(problem.train_role() == workloads::Role::infer);
  CHECK(problem.interleaves());
}

}  // namespace
}  // namespace wattline::policies
