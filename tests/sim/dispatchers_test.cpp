// Hand-traced runs under each dispatcher, and how minibatches are formed.
#include <string>
#include <utility>
#include <vector>

#include "tests/catch.hpp"
#include "tests/sim/listed_run.hpp"

namespace wattline::sim {
namespace {

using Instants = std::vector<TimeNs>;

// Costs by tenant: those of the streams, then those of the jobs.
class TenantPoint final : public OperatingPoint {
 public:
  TenantPoint(std::vector<MinibatchCost> streams, std::vector<MinibatchCost> jobs,
              std::vector<Phase> streams_want = {{}}, std::vector<Phase> jobs_want = {{}})
      : streams_(std::move(streams)),
        jobs_(std::move(jobs)),
        streams_want_(std::move(streams_want)),
        jobs_want_(std::move(jobs_want)) {}
  MinibatchCost minibatch(Tenant tenant) override {
    return (tenant.work() == Work::infer ? streams_ : jobs_)[tenant.index()];
  }
  Phases phases(Tenant tenant) override { return tenant.work() == Work::infer ? streams_want_ : jobs_want_; }
  RailPowerUw idle_power_uw() const override { return {10}; }

 private:
  std::vector<MinibatchCost> streams_, jobs_;
  std::vector<Phase> streams_want_, jobs_want_;
};

// "stream 0 of 1: 14": whose minibatch ended when.
class Ends final : public RunObserver {
 public:
  void spent(Activity, const RailPowerUw&, TimeNs, TimeNs) override {}
  void served(std::size_t stream, TimeNs arrival_ns, TimeNs end_ns) override {
    all.push_back("s" + std::to_string(stream) + " " + std::to_string(arrival_ns) + "-" +
                  std::to_string(end_ns));
  }
  void trained(std::size_t job, TimeNs end_ns) override {
    all.push_back("t" + std::to_string(job) + " " + std::to_string(end_ns));
  }
  std::vector<std::string> all;
};

struct Traced {
  RunResult result;
  std::vector<std::string> ends;
};

// All streams in batches of `rules`, all jobs without limits, until `end_ns`.
Traced run(const Dispatcher& dispatcher, TenantPoint point, const std::vector<ServingRule>& rules,
           const std::vector<Instants>& arrivals, std::size_t jobs, TimeNs end_ns,
           const std::vector<StreamOptions>& streams = {}) {
  AcceleratorOptions options;
  options.dispatcher = dispatcher;
  options.configurations.push_back(
      {0, &point, rules, std::vector<TrainingRule>(jobs, TrainingRule{true, 1, -1})});
  options.streams = streams.empty() ? std::vector<StreamOptions>(rules.size()) : streams;
  options.training.resize(jobs, {.priority = 9});
  options.end_ns = end_ns;
  Ends ends;
  options.observer = &ends;
  std::vector<ListedArrivals> processes(arrivals.begin(), arrivals.end());
  for (std::size_t i = 0; i < processes.size(); ++i) options.streams[i].arrivals = &processes[i];
  auto result = run_accelerator(options);
  if (!result.ok()) FAIL(result.error().message);
  return {*std::move(result), ends.all};
}

MinibatchCost takes(TimeNs time_ns, std::int64_t power_uw = 50) {
  return {time_ns, {power_uw}};
}

const ServingRule one_by_one{.batch = 1};

TEST_CASE(
    "First in, first out: minibatches execute in the order in which they were ready, training in turn") {
  // Training is ready at 0 and executes; 1 and 2 were ready before training is again, at 4.
  const auto traced = run(FirstInFirstOut{}, {{takes(10)}, {takes(4)}}, {one_by_one}, {{1, 2, 30}}, 1, 60);
  CHECK(traced.ends == std::vector<std::string>{"t0 4", "s0 1-14", "s0 2-24", "t0 28", "t0 32", "s0 30-42",
                                                "t0 46", "t0 50", "t0 54", "t0 58"});
}

TEST_CASE("First in, first out: a batch is ready when its last request has come, not its first") {
  // Stream 0 wants two requests: ready at 9. Stream 1's request of 5 was ready at 5.
  const auto traced = run(FirstInFirstOut{}, {{takes(10), takes(10)}, {takes(20)}},
                          {{.batch = 2}, one_by_one}, {{1, 9}, {5}}, 1, 41);
  CHECK(traced.ends == std::vector<std::string>{"t0 20", "s1 5-30", "s0 1-40", "s0 9-40"});
}

TEST_CASE("Earliest deadline first: the budget counts, then come streams without one, then training") {
  const auto traced = run(EarliestDeadline{}, {{takes(10), takes(10), takes(10)}, {takes(5)}},
                          {one_by_one, one_by_one, one_by_one}, {{1, 3}, {0}, {2}}, 1, 50,
                          {{nullptr, 100}, {nullptr, 0}, {nullptr, 20}});
  // At 0 only stream 1 is there. Then deadlines of 101, 103 (stream 0) and 22 (stream 2).
  CHECK(traced.ends ==
        std::vector<std::string>{"s1 0-10", "s2 2-20", "s0 1-30", "s0 3-40", "t0 45", "t0 50"});
}

TEST_CASE("Fixed priorities: the more urgent stream goes first however long the other waits") {
  const auto traced = run(FixedPriority{}, {{takes(10), takes(10)}, {takes(5)}}, {one_by_one, one_by_one},
                          {{0, 1}, {1, 12, 19}}, 1, 60, {{nullptr, 0, 2}, {nullptr, 0, 1}});
  CHECK(traced.ends ==
        std::vector<std::string>{"s0 0-10", "s1 1-20", "s1 12-30", "s1 19-40", "s0 1-50", "t0 55", "t0 60"});
}

TEST_CASE("Without an end, training before requests is refused: it would never stop") {
  TenantPoint point({takes(10)}, {takes(5)});
  ListedArrivals arrivals({1, 2});
  AcceleratorOptions options;
  options.dispatcher = FixedPriority{};
  options.configurations.push_back({0, &point, {one_by_one}, {{true, 1, -1}}});
  options.streams.push_back({&arrivals, 0, 3});
  options.training.push_back({2});
  const auto refused = run_accelerator(options);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message ==
        "the run would never end: training of priority 2 leaves no time to serve requests of priority 3");
  options.training[0].priority = 3;
  CHECK(run_accelerator(options).ok());
}

TEST_CASE("Managed interleaving serves the stream that is listed first, and trains by turns") {
  const auto traced = run(ManagedInterleaving{}, {{takes(10), takes(10)}, {takes(4), takes(4)}},
                          {one_by_one, one_by_one}, {{2, 3}, {1}}, 2, 46);
  CHECK(traced.ends ==
        std::vector<std::string>{"t0 4", "s0 2-14", "s0 3-24", "s1 1-34", "t1 38", "t0 42", "t1 46"});
}

TEST_CASE("Time-slicing: processes take turns of a slice, and each change costs") {
  // Training alone from 0; a request of 2000 ns comes at 500. Slices of 1000, changes of 100: training to
  // 1000, inference 1100-2100, training 2200-3200, inference 3300-4300, training 4400-6400: it had 2000 left.
  const auto traced =
      run(TimeSlicing{{1000, 100}}, {{takes(2000, 30)}, {takes(4000, 50)}}, {one_by_one}, {{500}}, 1, 6400);
  CHECK(traced.ends == std::vector<std::string>{"s0 500-4300", "t0 6400"});
  CHECK(traced.result.energy.time_ns(Activity::infer) == 2000);
  CHECK(traced.result.energy.time_ns(Activity::train) == 4000);
  CHECK(traced.result.energy.time_ns(Activity::context_switch) == 400);
  CHECK((traced.result.energy.total_fj() == 2000 * 30 + 4000 * 50 + 400 * 10));
}

TEST_CASE("Time-slicing: who is alone goes on without changes, also in slices, and keeps the one it is in") {
  // Training 0-2500 and from there; at 2700, in its first slice since 2500, a request comes: training to
  // 3500.
  const auto traced =
      run(TimeSlicing{{1000, 0}}, {{takes(300)}, {takes(2500)}}, {one_by_one}, {{2700}}, 1, 6000);
  CHECK(traced.ends == std::vector<std::string>{"t0 2500", "s0 2700-3800", "t0 5300"});
  CHECK(traced.result.energy.time_ns(Activity::context_switch) == 0);
}

TEST_CASE("CUDA streams: two that want all of one unit take twice as long, and of two units do not disturb") {
  const std::vector<Phase> arithmetic{{{1, 0, 1, 0}}}, memory{{{0, 1, 0, 1}}};
  const auto both = run(CudaStreams{}, {{takes(10, 30)}, {takes(30, 50)}, arithmetic, arithmetic},
                        {one_by_one}, {{0}}, 1, 40);
  CHECK(both.ends == std::vector<std::string>{"s0 0-20", "t0 40"});
  CHECK(both.result.energy.time_ns(Activity::shared) == 20);
  // While both execute, each at half its speed: 10 + 20 / 2 + 40 / 2 = 40 uW; then 50.
  CHECK((both.result.energy.activity_fj(Activity::shared) == 20 * 40));
  CHECK((both.result.energy.activity_fj(Activity::train) == 20 * 50));
  const auto apart =
      run(CudaStreams{}, {{takes(10, 30)}, {takes(30, 50)}, arithmetic, memory}, {one_by_one}, {{0}}, 1, 30);
  CHECK(apart.ends == std::vector<std::string>{"s0 0-10", "t0 30"});
  CHECK((apart.result.energy.activity_fj(Activity::shared) == 10 * 70));
}

TEST_CASE("CUDA streams: what is bound by launches is not slowed down, and interference slows all down") {
  CHECK(Concurrent::slowdown({0.5, 0.5, 0.25, 0.25}, 3, 1, 1, 0) == 0.25 * 3 + 0.25 * 1 + 0.5);
  CHECK(Concurrent::slowdown({0, 0, 0, 0}, 5, 5, 4, 0) == 1);
  CHECK(Concurrent::slowdown({1, 0, 1, 0}, 1, 0, 1, 0.5) == 1.5);
  // Two of one unit (twice), and each as long again for the other: four times.
  const auto traced = run(CudaStreams{{1}}, {{takes(10)}, {takes(30)}}, {one_by_one}, {{0}}, 1, 60);
  CHECK(traced.ends == std::vector<std::string>{"s0 0-40", "t0 60"});
}

TEST_CASE("CUDA streams: who disturbs whom changes with the phases of both") {
  // Inference wants arithmetic all the time; training memory for 20, then arithmetic for 20. A request of 30
  // at 10: to 20 undisturbed (10 done), then both at half speed until inference has done 20 more, at 60, when
  // training has done the 20 that it had left; it started first, so it ends first.
  const std::vector<Phase> arithmetic{{{1, 0, 1, 0}}};
  const std::vector<Phase> both{{{0, 1, 0, 1}, Phase::whole / 2}, {{1, 0, 1, 0}}};
  const auto traced =
      run(CudaStreams{}, {{takes(30)}, {takes(40)}, arithmetic, both}, {one_by_one}, {{10}}, 1, 60);
  CHECK(traced.ends == std::vector<std::string>{"t0 60", "s0 10-60"});
  // A request in the first phase of training only is not slowed down: the response depends on when it comes.
  const auto early =
      run(CudaStreams{}, {{takes(15)}, {takes(40)}, arithmetic, both}, {one_by_one}, {{1}}, 1, 60);
  CHECK(early.ends == std::vector<std::string>{"s0 1-16", "t0 40"});
}

TEST_CASE("Time-slicing: a process that wants nothing of the GPU stalls beside the others, not in turns") {
  // Training waits for data for 2000, then computes for 2000. A request of 3000 at 500 meets no one until
  // 2000; it has the GPU to the end of its slice, 2500, then slices of 1000: training 2500-3500, inference
  // 3500-4500, of which it needed 1000.
  const std::vector<Phase> waits_first{{Demand::nothing(), Phase::whole / 2}, {}};
  const TenantPoint point({takes(3000, 30)}, {takes(4000, 50)}, {{}}, waits_first);
  const auto traced = run(TimeSlicing{{1000, 0}}, point, {one_by_one}, {{500}}, 1, 5500);
  CHECK(traced.ends == std::vector<std::string>{"s0 500-4500", "t0 5500"});
  // While it stalls it draws its power above idle (10) beside the other's: 50 alone, 50 + 30 - 10 together.
  CHECK((traced.result.energy.total_fj() == 4000 * 40 + 3000 * 20 + 5500 * 10));
  CHECK(traced.result.energy.time_ns(Activity::train) == 500 + 1000 + 1000);
  CHECK(traced.result.energy.time_ns(Activity::infer) == 3000);
}

TEST_CASE("CUDA streams: a minibatch that is slowed down beyond the longest time goes on") {
  // 60 years alone, side by side with as much of the same unit: 120 years, of which the run sees 100.
  const TimeNs years_60 = longest_time_ns / 10 * 6;
  const auto traced =
      run(CudaStreams{}, {{takes(years_60)}, {takes(years_60)}}, {one_by_one}, {{0}}, 1, longest_time_ns);
  CHECK(traced.ends.empty());
  CHECK(traced.result.infer().in_flight == 1);
  CHECK(traced.result.train().in_flight == 1);
}

TEST_CASE("A minibatch is formed by size, after a wait, or by whichever comes first") {
  const TenantPoint point({takes(1)}, {});
  const Instants arrivals{0, 1, 2, 30};
  CHECK(run(ManagedInterleaving{}, point, {{.batch = 2}}, {arrivals}, 0, 100).ends ==
        std::vector<std::string>{"s0 0-2", "s0 1-2", "s0 2-31", "s0 30-31"});
  CHECK(run(ManagedInterleaving{}, point, {{.batch = 2, .max_wait_ns = 10}}, {arrivals}, 0, 100).ends ==
        std::vector<std::string>{"s0 0-2", "s0 1-2", "s0 2-13", "s0 30-41"});
  CHECK(run(ManagedInterleaving{}, point, {{.batch = 2, .max_wait_ns = 10, .only_after_wait = true}},
            {arrivals}, 0, 100)
            .ends == std::vector<std::string>{"s0 0-11", "s0 1-11", "s0 2-13", "s0 30-41"});
}

TEST_CASE("A request that finds the admission limit waiting is dropped, and counted") {
  // 0 is served at once; 1 and 2 wait; 3 is dropped, and at 10, when one has been taken, there is room again.
  const auto traced = run(ManagedInterleaving{}, {{takes(10)}, {}}, {one_by_one}, {{0, 1, 2, 3, 10}}, 0, 100,
                          {{.admission_limit = 2}});
  CHECK(traced.ends == std::vector<std::string>{"s0 0-10", "s0 1-20", "s0 2-30"});
  const RequestCounts requests = traced.result.requests();
  CHECK(requests.arrived == 5);
  CHECK(requests.completed == 3);
  CHECK(requests.dropped == 2);  // 10 comes before the dispatcher has taken 1
  CHECK(requests.pending == 0);
}

TEST_CASE("An idle stream changes nothing") {
  for (const Dispatcher& dispatcher :
       {Dispatcher{ManagedInterleaving{}}, Dispatcher{FirstInFirstOut{}}, Dispatcher{EarliestDeadline{}},
        Dispatcher{FixedPriority{}}, Dispatcher{TimeSlicing{{1000, 10}}}, Dispatcher{CudaStreams{}}}) {
    const Instants arrivals{5, 700, 701, 4000, 4001, 4002};
    const TenantPoint point({takes(900), takes(1)}, {takes(2500)});
    const auto alone = run(dispatcher, point, {one_by_one}, {arrivals}, 1, 20'000);
    const auto beside = run(dispatcher, point, {one_by_one, {.batch = 3}}, {arrivals, {}}, 1, 20'000);
    CHECK(alone.ends == beside.ends);
    CHECK((alone.result.energy.total_fj() == beside.result.energy.total_fj()));
  }
}

}  // namespace
}  // namespace wattline::sim
