// What a run refuses, and the conservation laws, each of which is reported when it is broken.
#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "sim/accelerator.hpp"
#include "tests/catch.hpp"
#include "tests/sim/listed_run.hpp"

namespace wattline::sim {
namespace {

class TwoRailPoint final : public OperatingPoint {
 public:
  explicit TwoRailPoint(TimeNs infer_ns = 10, TimeNs train_ns = 4)
      : infer_ns_(infer_ns), train_ns_(train_ns) {}
  MinibatchCost minibatch(Tenant tenant) override {
    return tenant.work() == Work::infer ? MinibatchCost{infer_ns_, {7, 1}} : MinibatchCost{train_ns_, {3, 2}};
  }
  RailPowerUw idle_power_uw() const override { return {1, 0, 5}; }

 private:
  TimeNs infer_ns_, train_ns_;
};

OneStreamConfiguration configuration(OperatingPoint& point, std::int64_t batch, bool trains = false) {
  OneStreamConfiguration made;
  made.point = &point;
  made.rule.infer_batch = batch;
  made.rule.trains = trains;
  made.rule.train_time_ns = 4;
  return made;
}

OneStreamOptions options_with(std::vector<OneStreamConfiguration> configurations) {
  OneStreamOptions options;
  options.configurations = std::move(configurations);
  return options;
}

Error error_of(const OneStreamOptions& options, ArrivalProcess* arrivals) {
  const auto result = run_one_stream(options, arrivals);
  if (result.ok()) FAIL("the run was accepted");
  return result.error();
}

Error error_with(const OneStreamOptions& options, std::vector<TimeNs> instants = {1, 2, 3}) {
  ListedArrivals arrivals(std::move(instants));
  return error_of(options, &arrivals);
}

void check_refusal(const Error& error, const std::string& message) {
  CHECK(error.kind == Error::Kind::bad_input);
  CHECK(error.message == message);
}

}  // namespace

TEST_CASE("A run needs a configuration at its start") {
  TwoRailPoint point;
  const std::string message = "a run needs a configuration that starts at 0";
  check_refusal(error_with({}), message);
  OneStreamOptions late = options_with({configuration(point, 1)});
  late.configurations[0].start_ns = 1;
  check_refusal(error_with(late), message);
}

TEST_CASE("Every configuration needs an operating point") {
  TwoRailPoint point;
  OneStreamOptions options = options_with({configuration(point, 1), configuration(point, 1)});
  options.configurations[1].start_ns = 5;
  options.configurations[1].point = nullptr;
  check_refusal(error_with(options), "a configuration has no operating point");
}

TEST_CASE("Configurations come one after the other") {
  TwoRailPoint point;
  OneStreamOptions options =
      options_with({configuration(point, 1), configuration(point, 1), configuration(point, 1)});
  options.configurations[1].start_ns = 5;
  for (const TimeNs start_ns : {5, 4, 0, -1}) {
    options.configurations[2].start_ns = start_ns;
    check_refusal(error_with(options), "configurations must be in ascending order of time");
  }
}

TEST_CASE("Sizes and times outside their ranges are refused") {
  TwoRailPoint point;
  const auto with = [&](const std::function<void(OneStreamConfiguration&)>& change) {
    OneStreamOptions options = options_with({configuration(point, 1)});
    change(options.configurations[0]);
    return error_with(options);
  };
  const std::string message = "a configuration has a batch size or a time that is out of range";
  for (const TimeNs time_ns : {TimeNs{-1}, longest_time_ns + 1}) {
    check_refusal(with([&](OneStreamConfiguration& changed) { changed.rule.max_wait_ns = time_ns; }),
                  message);
    check_refusal(with([&](OneStreamConfiguration& changed) { changed.rule.train_time_ns = time_ns; }),
                  message);
    check_refusal(with([&](OneStreamConfiguration& changed) { changed.switch_ns = time_ns; }), message);
    OneStreamOptions options = options_with({configuration(point, 1)});
    options.end_ns = time_ns;
    check_refusal(error_with(options), "the end of a run must be from 0 to 100 years");
  }
  for (const std::int64_t batch : {-1, 1'000'001}) {
    check_refusal(with([&](OneStreamConfiguration& changed) { changed.rule.infer_batch = batch; }), message);
  }
}

TEST_CASE("A run that serves requests needs arrivals") {
  TwoRailPoint point;
  check_refusal(error_of(options_with({configuration(point, 1)}), nullptr),
                "the run serves requests but has no arrivals");
}

TEST_CASE("A run that serves nobody needs an end") {
  TwoRailPoint point;
  check_refusal(error_of(options_with({configuration(point, 0, true)}), nullptr),
                "the run would never end: it serves no requests and has no duration");
}

TEST_CASE("A run needs something to do") {
  TwoRailPoint point;
  OneStreamOptions options = options_with({configuration(point, 0)});
  options.end_ns = 10;
  check_refusal(error_of(options, nullptr),
                "the run has nothing to do: it neither serves requests nor trains");
}

TEST_CASE("A minibatch that takes no time, or more than 100 years, is refused") {
  for (const TimeNs time_ns : {TimeNs{0}, TimeNs{-5}, longest_time_ns + 1}) {
    CAPTURE(time_ns);
    TwoRailPoint infers(time_ns, 4), trains(10, time_ns);
    const std::string message =
        "a minibatch of " + std::to_string(time_ns) + " ns is not accepted; 1 ns to 100 years is expected";
    check_refusal(error_with(options_with({configuration(infers, 1)})), message);
    check_refusal(error_with(options_with({configuration(trains, 5, true)})), message);
  }
  TwoRailPoint shortest(1, 1);
  ListedArrivals arrivals({1, 2, 3});
  CHECK(run_one_stream(options_with({configuration(shortest, 1)}), &arrivals).ok());
}

TEST_CASE("Arrivals that are out of order or beyond the clock are refused") {
  TwoRailPoint point;
  const OneStreamOptions options = options_with({configuration(point, 1)});
  const auto message = [](const std::string& instant) {
    return "an arrival at " + instant + " ns is out of order or beyond the clock";
  };
  check_refusal(error_with(options, {5, 4}), message("4"));
  check_refusal(error_with(options, {-1}), message("-1"));
  check_refusal(error_with(options, {5, longest_time_ns + 1}), message(std::to_string(longest_time_ns + 1)));
}

TEST_CASE("A queue that grows beyond its limit fails the run") {
  // One minibatch of 10 ns takes the first; the 2nd to 5th wait.
  TwoRailPoint point;
  OneStreamOptions options = options_with({configuration(point, 1)});
  options.max_waiting = 3;
  const Error error = error_with(options, {1, 2, 3, 4, 5, 6});
  CHECK(error.kind == Error::Kind::failed);
  CHECK(error.message.find("more than 3 requests wait: the device does not keep up") != std::string::npos);
  ListedArrivals just_four({1, 2, 3, 4});
  CHECK(run_one_stream(options, &just_four).ok());
}

namespace {

// A run in which everything happens: inference, training, idling, profiling, a switch, work in flight at the
// end.
RunResult eventful_run() {
  TwoRailPoint first, second;
  OneStreamOptions options =
      options_with({configuration(first, 2, true), configuration(second, 2), configuration(second, 2, true)});
  options.configurations[1].start_ns = 20;
  options.configurations[1].switch_ns = 5;
  options.configurations[1].profiling = {{2, {11, 31}}};
  options.configurations[2].start_ns = 60;
  options.end_ns = 101;
  ListedArrivals arrivals({3, 5, 30, 70, 71, 99});
  auto result = run_one_stream(options, &arrivals);
  if (!result.ok()) FAIL(result.error().message);
  return *std::move(result);
}

// The law that is reported as broken after a change; empty when none is.
std::string broken_law(const std::function<void(RunResult&)>& change) {
  RunResult result = eventful_run();
  change(result);
  const MaybeError error = check_conservation(result);
  if (!error) return "";
  CHECK(error->kind == Error::Kind::failed);
  const std::string prefix = "conservation law broken: ";
  REQUIRE(error->message.find(prefix) == 0);
  return error->message.substr(prefix.size());
}

// Makes one of the meter's numbers, the only one of that value, one femtojoule larger.
void tamper(EnergyMeter& meter, Int128 number) {
  static_assert(sizeof(EnergyMeter) % sizeof(Int128) == 0);
  auto words = std::bit_cast<std::array<Int128, sizeof(EnergyMeter) / sizeof(Int128)>>(meter);
  REQUIRE(std::count(words.begin(), words.end(), number) == 1);
  ++*std::find(words.begin(), words.end(), number);
  meter = std::bit_cast<EnergyMeter>(words);
}

}  // namespace

TEST_CASE("A real run breaks no law") {
  const RunResult result = eventful_run();
  CHECK(result.mode_switches == 1);
  CHECK(result.requests().pending > 0);
  CHECK(result.infer().finished > 0);
  CHECK(result.train().finished > 0);
  CHECK(result.energy.time_ns(Activity::idle) > 0);
  CHECK(result.energy.time_ns(Activity::profiling) == 2);
  CHECK(broken_law([](RunResult&) {}).empty());
}

TEST_CASE("A request that is lost or made up is noticed") {
  const std::string law = "requests arrived = completed + dropped + pending";
  CHECK(broken_law([](RunResult& result) { ++result.streams[0].requests.arrived; }) == law);
  CHECK(broken_law([](RunResult& result) { --result.streams[0].requests.arrived; }) == law);
  CHECK(broken_law([](RunResult& result) { ++result.streams[0].requests.completed; }) == law);
  CHECK(broken_law([](RunResult& result) { ++result.streams[0].requests.pending; }) == law);
  CHECK(broken_law([](RunResult& result) { result.streams[0].latency_ns.add(1); }) == law);
}

TEST_CASE("A minibatch that is lost or made up is noticed") {
  const std::string infer = "inference minibatches started = finished + in flight";
  const std::string train = "training minibatches started = finished + in flight";
  CHECK(broken_law([](RunResult& result) { ++result.streams[0].minibatches.started; }) == infer);
  CHECK(broken_law([](RunResult& result) { ++result.streams[0].minibatches.finished; }) == infer);
  CHECK(broken_law([](RunResult& result) { ++result.streams[0].minibatches.in_flight; }) == infer);
  CHECK(broken_law([](RunResult& result) { ++result.training[0].started; }) == train);
  CHECK(broken_law([](RunResult& result) { ++result.training[0].finished; }) == train);
  CHECK(broken_law([](RunResult& result) { ++result.training[0].in_flight; }) == train);
}

TEST_CASE("Time that is lost or made up is noticed") {
  const std::string law = "times of all activities = simulated time";
  CHECK(broken_law([](RunResult& result) { ++result.simulated_ns; }) == law);
  for (const Activity activity : all_activities) {
    CHECK(broken_law([&](RunResult& result) { result.energy.add(activity, {}, 1); }) == law);
  }
}

TEST_CASE("Energy that is lost or made up is noticed") {
  const std::string rails = "sum of rail energies = total energy";
  const std::string activities = "sum of energies by activity = total energy";
  for (std::size_t rail = 0; rail < 3; ++rail) {
    CHECK(broken_law([&](RunResult& result) { tamper(result.energy, result.energy.rail_fj(rail)); }) ==
          rails);
  }
  for (const Activity activity :
       {Activity::idle, Activity::infer, Activity::train, Activity::switching, Activity::profiling}) {
    CHECK(broken_law([&](RunResult& result) {
            tamper(result.energy, result.energy.activity_fj(activity));
          }) == activities);
  }
  CHECK(broken_law([](RunResult& result) { tamper(result.energy, result.energy.total_fj()); }) == rails);
}

TEST_CASE(
    "Minibatches that would end beyond the clock's 100 years are an error, however they share the device") {
  // Three of 40 years each, alone or side by side with training of as many.
  FixedPoint point({longest_time_ns / 5 * 2, {}}, {longest_time_ns / 5 * 2, {}}, {});
  for (const Dispatcher& dispatcher :
       {Dispatcher{ManagedInterleaving{}}, Dispatcher{TimeSlicing{}}, Dispatcher{CudaStreams{}}}) {
    ListedArrivals arrivals({0, 0, 0});
    AcceleratorOptions options;
    options.dispatcher = dispatcher;
    // Slices of a millisecond would be many in 100 years: only what executes alone is not sliced.
    const bool shares = std::holds_alternative<CudaStreams>(dispatcher);
    options.configurations.push_back({0, &point, {{.batch = 1}}, {{.trains = shares}}, 0});
    options.streams.push_back({&arrivals});
    options.training.emplace_back();
    const auto run = run_accelerator(options);
    REQUIRE(!run);
    CHECK(run.error().message.ends_with("what executes would end beyond the clock's 100 years"));
  }
}

}  // namespace wattline::sim
