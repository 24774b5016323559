// Training whose minibatches must be loaded, traced by hand.
#include "tests/catch.hpp"
#include "tests/sim/listed_run.hpp"

namespace wattline::sim {
namespace {

// One minibatch ahead, each loaded on one core in a set time, whatever the CPU.
class SteadyFeed final : public MinibatchFeed {
 public:
  SteadyFeed(TimeNs load_ns, std::int64_t count) : load_ns_(load_ns), left_(count) {}
  TimeNs set_cpu(TimeNs, const LoadingCpu&) override { return loaded_ns_; }
  TimeNs begin(TimeNs now_ns) override { return loaded_ns_ = now_ns + load_ns_; }
  TimeNs started(TimeNs now_ns) override {
    core_ns_ += load_ns_;
    return loaded_ns_ = --left_ == 0 ? never : now_ns + load_ns_;
  }
  TimeNs finished(TimeNs) override {
    ended_ = left_ == 0;
    return loaded_ns_;
  }
  TimeNs core_ns(TimeNs now_ns) override {
    return loaded_ns_ == never ? core_ns_ : core_ns_ + std::min(load_ns_, load_ns_ - (loaded_ns_ - now_ns));
  }
  TimeNs core_use_until(TimeNs now_ns) override { return loaded_ns_ > now_ns ? loaded_ns_ : never; }
  bool ends() const override { return true; }
  bool ended() const override { return ended_; }

 private:
  TimeNs load_ns_;
  std::int64_t left_;
  TimeNs loaded_ns_ = never, core_ns_ = 0;
  bool ended_ = false;
};

class LoadingPoint final : public OperatingPoint {
 public:
  explicit LoadingPoint(RailPowerUw core_uw) : core_uw_(core_uw) {}
  MinibatchCost minibatch(Tenant) override { return {10, {50, 4}}; }
  RailPowerUw idle_power_uw() const override { return {20, 1}; }
  LoadingCpu loading_cpu() const override { return {1, 1e9, core_uw_}; }

 private:
  RailPowerUw core_uw_;
};

class Timeline final : public RunObserver {
 public:
  void spent(Activity, const RailPowerUw& power_uw, TimeNs from_ns, TimeNs to_ns) override {
    CHECK(from_ns == end_ns);
    CHECK(to_ns > from_ns);
    for (std::size_t rail = 0; rail < max_rails; ++rail)
      energy_fj[rail] += Int128{power_uw[rail]} * (to_ns - from_ns);
    end_ns = to_ns;
  }
  void served(std::size_t, TimeNs, TimeNs) override {}
  void trained(std::size_t, TimeNs now_ns) override { trained_ns.push_back(now_ns); }
  TimeNs end_ns = 0;
  RailEnergyFj energy_fj{};
  std::vector<TimeNs> trained_ns;
};

AcceleratorOptions training_alone(OperatingPoint& point, MinibatchFeed& feed) {
  AcceleratorOptions options;
  options.configurations.push_back({0, &point, {}, {{.trains = true, .time_ns = 10}}, 0});
  options.training.push_back({.feed = &feed});
  return options;
}

}  // namespace

TEST_CASE("Training waits for its minibatch, and the run ends with the last one") {
  // Loading takes 14, executing 10: the first ends at 24, and each further one 14 later.
  LoadingPoint point({});
  SteadyFeed feed(14, 3);
  AcceleratorOptions options = training_alone(point, feed);
  Timeline timeline;
  options.observer = &timeline;
  const auto run = run_accelerator(options);
  REQUIRE(run);
  CHECK(timeline.trained_ns == std::vector<TimeNs>{24, 38, 52});
  CHECK(run->simulated_ns == 52);
  CHECK(run->energy.time_ns(Activity::train) == 30);
  CHECK(run->energy.time_ns(Activity::idle) == 22);
}

TEST_CASE("What loading draws is added to what the device draws, to the femtojoule, in the timeline too") {
  LoadingPoint point({7, 2});
  SteadyFeed feed(13, 5);
  AcceleratorOptions options = training_alone(point, feed);
  Timeline timeline;
  options.observer = &timeline;
  const auto run = run_accelerator(options);
  REQUIRE(run);
  // Five minibatches, 13 of a core each; four times 3 and once 13 of idling.
  CHECK(run->energy.rail_fj(0) == 5 * 10 * 50 + (4 * 3 + 13) * 20 + 5 * 13 * 7);
  CHECK(run->energy.rail_fj(1) == 5 * 10 * 4 + (4 * 3 + 13) * 1 + 5 * 13 * 2);
  CHECK(timeline.energy_fj[0] == run->energy.rail_fj(0));
  CHECK(timeline.energy_fj[1] == run->energy.rail_fj(1));
  CHECK(timeline.end_ns == run->simulated_ns);
}

TEST_CASE("An energy budget counts what loading draws, and ends the run at the first nanosecond") {
  LoadingPoint point({7, 2});
  SteadyFeed feed(13, 5);
  AcceleratorOptions options = training_alone(point, feed);
  // Idling and loading draw 21 + 9 a nanosecond: 13 of them 390. Then 54 + 9.
  options.energy_budget_fj = 390 + 63 * 4 + 1;
  const auto run = run_accelerator(options);
  REQUIRE(run);
  CHECK(run->energy_spent);
  CHECK(run->simulated_ns == 13 + 5);
}

TEST_CASE("Inference takes the device while training waits for its minibatch") {
  LoadingPoint point({});
  SteadyFeed feed(14, 2);
  AcceleratorOptions options = training_alone(point, feed);
  ListedArrivals arrivals({12, 30});
  options.configurations[0].serving.push_back({.batch = 1});
  options.streams.push_back({.arrivals = &arrivals});
  Timeline timeline;
  options.observer = &timeline;
  // Served 12 to 22; the minibatch that is there at 14 executes 22 to 32, the request of 30 until 42, and the
  // minibatch that is there at 36 until 52.
  const auto run = run_accelerator(options);
  REQUIRE(run);
  CHECK(timeline.trained_ns == std::vector<TimeNs>{32, 52});
  CHECK(run->streams[0].latency_ns.max() == 12);
  CHECK(run->simulated_ns == 52);
}

TEST_CASE("Training that never ends may not go before training that does, without a set end") {
  LoadingPoint point({});
  SteadyFeed feed(14, 2);
  AcceleratorOptions options = training_alone(point, feed);
  options.dispatcher = FixedPriority{};
  options.configurations[0].training.push_back({.trains = true, .time_ns = 10});
  options.training[0].priority = 2;
  options.training.push_back({.priority = 1});
  const auto run = run_accelerator(options);
  REQUIRE(!run);
  CHECK(
      run.error().message ==
      "the run would never end: training of priority 1 that does not end leaves no time for the training of "
      "priority 2 that does");
}

TEST_CASE("A job that never trains leaves its minibatch where it is: no progress is an error") {
  LoadingPoint point({});
  SteadyFeed feed(14, 2);
  AcceleratorOptions options = training_alone(point, feed);
  ListedArrivals arrivals({12});
  options.configurations[0].serving.push_back({.batch = 1});
  options.streams.push_back({.arrivals = &arrivals});
  options.configurations[0].training[0].trains = false;
  const auto run = run_accelerator(options);
  REQUIRE(!run);
  CHECK(run.error().message ==
        "the run would never end: no more requests come, but the dispatcher does not let training job 0 "
        "execute the "
        "minibatches that it has left, by the rate that it expects or by the most minibatches in between; "
        "set a "
        "duration");
}

TEST_CASE("Jobs of equal urgency take turns under earliest deadline and fixed priority") {
  LoadingPoint point({});
  for (const Dispatcher& dispatcher : {Dispatcher{EarliestDeadline{}}, Dispatcher{FixedPriority{}}}) {
    AcceleratorOptions options;
    options.dispatcher = dispatcher;
    options.configurations.push_back({0, &point, {}, {3, {.trains = true, .time_ns = 10}}, 0});
    options.training.resize(3);
    options.end_ns = 300;
    const auto run = run_accelerator(options);
    REQUIRE(run);
    for (const MinibatchCounts& job : run->training) CHECK(job.finished == 10);
  }
}

}  // namespace wattline::sim
