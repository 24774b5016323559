// The dispatcher's rule on states made by hand.
#include "sim/dispatchers/managed_interleaving.hpp"

#include <rapidcheck.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/catch.hpp"
#include "tests/sim/listed_run.hpp"

namespace wattline::sim {
namespace {

enum class Decision { wait, infer, train };

// What the dispatcher is asked about, where there is one stream and one training job.
struct DispatchState {
  TimeNs now_ns = 0;
  std::int64_t waiting = 0;
  TimeNs oldest_arrival_ns = 0;
  std::int64_t trained_this_cycle = 0;
};

BoardState board_of(const OneStreamRule& rule, const DispatchState& state) {
  BoardState board;
  board.now_ns = state.now_ns;
  board.serving.resize(1);
  board.serving[0].rule = {
      .batch = rule.infer_batch, .max_wait_ns = rule.max_wait_ns, .expected_rate_hz = rule.expected_rate_hz};
  for (std::int64_t i = 0; i < state.waiting; ++i) board.serving[0].waiting.push(state.oldest_arrival_ns);
  board.training.resize(1);
  board.training[0].rule = {
      .trains = rule.trains, .time_ns = rule.train_time_ns, .max_per_cycle = rule.max_train_per_cycle};
  board.training[0].this_cycle = state.trained_this_cycle;
  return board;
}

Decision decide(const OneStreamRule& rule, const DispatchState& state) {
  const auto chosen = ManagedInterleaving{}.choose(board_of(rule, state));
  if (chosen == Tenant::nobody()) return Decision::wait;
  return chosen.work() == Work::infer ? Decision::infer : Decision::train;
}

// Batches of 16 at 60 requests/s, training minibatches of 35 ms.
OneStreamRule reference_rule() {
  OneStreamRule rule;
  rule.infer_batch = 16;
  rule.trains = true;
  rule.train_time_ns = 35 * ns_per_ms;
  rule.expected_rate_hz = 60;
  return rule;
}

DispatchState waiting(std::int64_t requests) {
  return {1000 * ns_per_ms, requests, 900 * ns_per_ms, 0};
}

OneStreamRule with_max_wait(OneStreamRule rule, TimeNs max_wait_ns) {
  rule.max_wait_ns = max_wait_ns;
  return rule;
}

OneStreamRule with_cap(OneStreamRule rule, std::int64_t cap) {
  rule.max_train_per_cycle = cap;
  return rule;
}

OneStreamRule without_training(OneStreamRule rule) {
  rule.trains = false;
  return rule;
}

OneStreamRule without_inference(OneStreamRule rule) {
  rule.infer_batch = 0;
  return rule;
}

OneStreamRule without_expectation(OneStreamRule rule) {
  rule.expected_rate_hz = 0;
  return rule;
}

struct Row {
  std::string what;
  OneStreamRule rule;
  DispatchState state;
  Decision expected;
};

void check_rows(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    CAPTURE(row.what);
    CHECK((decide(row.rule, row.state) == row.expected));
  }
}

}  // namespace

TEST_CASE("A full batch is served and a gap that is long enough is trained in") {
  const OneStreamRule rule = reference_rule();
  check_rows({{"nothing waits: 266.7 ms left", rule, waiting(0), Decision::train},
              {"13 wait: 3 / 60 s = 50 ms left", rule, waiting(13), Decision::train},
              {"14 wait: 2 / 60 s = 33.3 ms left", rule, waiting(14), Decision::wait},
              {"15 wait", rule, waiting(15), Decision::wait},
              {"16 wait", rule, waiting(16), Decision::infer},
              {"more than a batch waits", rule, waiting(1000), Decision::infer},
              {"14 wait, no rate expected", without_expectation(rule), waiting(14), Decision::train},
              {"16 wait, no rate expected", without_expectation(rule), waiting(16), Decision::infer}});
}

TEST_CASE("Without training the device serves or waits, without inference it trains always") {
  const OneStreamRule serves = without_training(reference_rule());
  const OneStreamRule trains = without_inference(reference_rule());
  check_rows({{"serves, nothing waits", serves, waiting(0), Decision::wait},
              {"serves, 15 wait", serves, waiting(15), Decision::wait},
              {"serves, 16 wait", serves, waiting(16), Decision::infer},
              {"trains, nothing waits", trains, waiting(0), Decision::train},
              {"trains, requests wait in vain", trains, waiting(100), Decision::train},
              {"trains, at most 0 between inferences that never come", with_cap(trains, 0), waiting(0),
               Decision::train},
              {"does neither", without_inference(serves), waiting(100), Decision::wait}});
}

TEST_CASE("No more training minibatches than the cap run between two inference minibatches") {
  const auto trained = [](std::int64_t minibatches) { return DispatchState{0, 0, 0, minibatches}; };
  const OneStreamRule rule = reference_rule();
  check_rows({{"cap 2, none yet", with_cap(rule, 2), trained(0), Decision::train},
              {"cap 2, one", with_cap(rule, 2), trained(1), Decision::train},
              {"cap 2, two", with_cap(rule, 2), trained(2), Decision::wait},
              {"cap 0", with_cap(rule, 0), trained(0), Decision::wait},
              {"no cap", with_cap(rule, -1), trained(1'000'000'000), Decision::train},
              {"cap 0, full batch", with_cap(rule, 0), waiting(16), Decision::infer}});
}

TEST_CASE("A request waits at most max_wait, and no training minibatch is started that would end later") {
  // The oldest has come at 900 ms; a training minibatch takes 35 ms.
  const auto at_ms = [](TimeNs now_ms, std::int64_t requests) {
    return DispatchState{now_ms * ns_per_ms, requests, 900 * ns_per_ms, 0};
  };
  const OneStreamRule rule = with_max_wait(reference_rule(), 100 * ns_per_ms);
  const OneStreamRule serves = without_training(rule);
  DispatchState one_ns_early = at_ms(1000, 1), one_ns_late = at_ms(965, 1);
  one_ns_early.now_ns -= 1;
  one_ns_late.now_ns += 1;
  check_rows({{"at its end", serves, at_ms(1000, 1), Decision::infer},
              {"1 ns before its end", serves, one_ns_early, Decision::wait},
              {"after its end", serves, at_ms(2000, 1), Decision::infer},
              {"nothing waits, the instant means nothing", serves, at_ms(2000, 0), Decision::wait},
              {"35 ms before its end", rule, at_ms(965, 1), Decision::train},
              {"34.999999 ms before its end", rule, one_ns_late, Decision::wait},
              {"35 ms before its end, but full in 33.3 ms", rule, at_ms(965, 14), Decision::wait},
              {"nothing waits: no end to keep", rule, at_ms(2000, 0), Decision::train},
              {"full", rule, at_ms(901, 16), Decision::infer}});
}

TEST_CASE("A training minibatch that takes exactly the gap fits, and one of a nanosecond more does not") {
  // All batches up to 64 and whole rates up to 1000/s whose gap is a whole number of nanoseconds.
  int boundaries = 0;
  for (std::int64_t rate_hz = 1; rate_hz <= 1000; ++rate_hz) {
    for (std::int64_t missing = 1; missing <= 64; ++missing) {
      if (missing * ns_per_s % rate_hz != 0) continue;
      OneStreamRule rule = reference_rule();
      rule.infer_batch = 64;
      rule.expected_rate_hz = static_cast<double>(rate_hz);
      rule.train_time_ns = missing * ns_per_s / rate_hz;
      CAPTURE(rate_hz, missing, rule.train_time_ns);
      CHECK((decide(rule, waiting(64 - missing)) == Decision::train));
      ++rule.train_time_ns;
      CHECK((decide(rule, waiting(64 - missing)) == Decision::wait));
      ++boundaries;
    }
  }
  CHECK(boundaries > 2000);
}

TEST_CASE("More requests never turn a decision from inference away, and fewer never forbid training") {
  CHECK(rc::check("decisions go train, wait, infer as requests come in", [] {
    OneStreamRule rule = reference_rule();
    rule.infer_batch = *rc::gen::inRange<std::int64_t>(1, 100);
    rule.expected_rate_hz = *rc::gen::inRange(1, 5000) / 7.0;
    rule.train_time_ns = *rc::gen::inRange<TimeNs>(1, ns_per_s);
    int before = 0;
    for (std::int64_t requests = 0; requests <= 2 * rule.infer_batch; ++requests) {
      const Decision decision = decide(rule, {0, requests, 0, 0});
      const int stage = decision == Decision::train ? 0 : decision == Decision::wait ? 1 : 2;
      RC_ASSERT(stage >= before);
      RC_ASSERT((stage == 2) == (requests >= rule.infer_batch));
      before = stage;
    }
  }));
}

TEST_CASE("What waits goes on waiting until enough requests have come or the oldest has waited long enough") {
  CHECK(rc::check("wait stays wait below wakes_at", [] {
    OneStreamRule rule = reference_rule();
    rule.infer_batch = *rc::gen::inRange<std::int64_t>(0, 40);
    rule.trains = *rc::gen::arbitrary<bool>();
    rule.expected_rate_hz = *rc::gen::inRange(0, 5000) / 7.0;
    rule.max_train_per_cycle = *rc::gen::inRange<std::int64_t>(-1, 3);
    rule.max_wait_ns = *rc::gen::inRange<TimeNs>(0, 3) * 10 * ns_per_ms;
    const DispatchState state{50 * ns_per_ms, *rc::gen::inRange<std::int64_t>(0, 40), 45 * ns_per_ms,
                              *rc::gen::inRange<std::int64_t>(0, 3)};
    RC_PRE((decide(rule, state) == Decision::wait));
    const std::int64_t enough = wakes_at(board_of(rule, state).serving[0]);
    const TimeNs due_ns = rule.max_wait_ns > 0 ? state.oldest_arrival_ns + rule.max_wait_ns : ns_per_s;
    for (std::int64_t requests = state.waiting; requests < std::min<std::int64_t>(enough, 100); ++requests) {
      for (TimeNs now_ns = state.now_ns; now_ns < due_ns; now_ns += ns_per_ms) {
        DispatchState later = state;
        later.waiting = requests;
        later.now_ns = now_ns;
        RC_ASSERT((decide(rule, later) == Decision::wait));
      }
    }
  }));
}

}  // namespace wattline::sim
