// The accelerator against a second implementation: a plain loop from instant to instant, without an event
// queue, that was written from the description in the headers.
#include <rapidcheck.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <vector>

#include "tests/catch.hpp"
#include "tests/sim/listed_run.hpp"

namespace wattline::sim {
namespace {

constexpr TimeNs kNever = std::numeric_limits<TimeNs>::max();

struct Scenario {
  std::vector<TimeNs> arrivals;
  std::vector<VaryingPoint> points;   // as new; each run works on a copy
  std::vector<std::size_t> point_of;  // each configuration's
  std::vector<OneStreamConfiguration> configurations;
  std::optional<TimeNs> end_ns;
  TimeNs budget_ns = 0;
};

struct Outcome {
  TimeNs simulated_ns = 0;
  std::vector<TimeNs> latencies;  // in the order of completion
  std::uint64_t arrived = 0, pending = 0, late = 0, switches = 0;
  MinibatchCounts infer, train;
  std::map<Activity, TimeNs> time_ns;
  std::map<Activity, Int128> energy_fj;
};

// The second implementation.
class PlainLoop {
 public:
  explicit PlainLoop(const Scenario& scenario) : scenario_(scenario), points_(scenario.points) {
    power_uw_ = idle_uw();
    stretches_left_ = now().profiling.size();
    must_switch_ = stretches_left_ > 0 && now().switch_ns > 0;
  }

  Outcome operator()() {
    for (bool goes_on = act_at_this_instant(); goes_on; goes_on = act_at_this_instant()) {
      const TimeNs then_ns = next_instant();
      outcome_.time_ns[activity_] += then_ns - now_ns_;
      for (const std::int64_t rail_uw : power_uw_) {
        outcome_.energy_fj[activity_] += Int128{rail_uw} * (then_ns - now_ns_);
      }
      now_ns_ = then_ns;
    }
    outcome_.simulated_ns = now_ns_;
    outcome_.pending = waiting_.size() + served_.size();
    outcome_.infer.in_flight = activity_ == Activity::infer ? 1 : 0;
    outcome_.train.in_flight = activity_ == Activity::train ? 1 : 0;
    return outcome_;
  }

 private:
  const OneStreamConfiguration& now() const { return scenario_.configurations[current_]; }
  VaryingPoint& point() { return points_[scenario_.point_of[current_]]; }
  RailPowerUw idle_uw() { return point().idle_power_uw(); }
  bool has_end() const { return scenario_.end_ns.has_value(); }

  TimeNs next_instant() const {
    TimeNs next_ns = has_end() ? *scenario_.end_ns : kNever;
    next_ns = std::min(next_ns, busy_until_ns_);
    if (arrived_ < scenario_.arrivals.size()) next_ns = std::min(next_ns, scenario_.arrivals[arrived_]);
    if (wanted_ + 1 < scenario_.configurations.size()) {
      next_ns = std::min(next_ns, scenario_.configurations[wanted_ + 1].start_ns);
    }
    const TimeNs max_wait_ns = now().rule.max_wait_ns;
    if (busy_until_ns_ == kNever && max_wait_ns > 0 && now().rule.infer_batch > 0 && !waiting_.empty()) {
      next_ns = std::min(next_ns, waiting_.front() + max_wait_ns);
    }
    return next_ns;
  }

  // All that happens now; false when the run is over.
  bool act_at_this_instant() {
    if (busy_until_ns_ == now_ns_) finish();
    for (; arrived_ < scenario_.arrivals.size() && scenario_.arrivals[arrived_] == now_ns_; ++arrived_) {
      waiting_.push_back(now_ns_);
      ++outcome_.arrived;
    }
    while (wanted_ + 1 < scenario_.configurations.size() &&
           scenario_.configurations[wanted_ + 1].start_ns == now_ns_) {
      ++wanted_;
    }
    if (busy_until_ns_ == kNever && !decide_what_to_do()) return false;
    return !has_end() || now_ns_ < *scenario_.end_ns;
  }

  void finish() {
    busy_until_ns_ = kNever;
    if (activity_ == Activity::infer) ++outcome_.infer.finished;
    if (activity_ == Activity::train) ++outcome_.train.finished;
    if (activity_ == Activity::switching) ++outcome_.switches;
    for (const TimeNs arrival_ns : served_) {
      outcome_.latencies.push_back(now_ns_ - arrival_ns);
      if (scenario_.budget_ns > 0 && now_ns_ - arrival_ns > scenario_.budget_ns) ++outcome_.late;
    }
    served_.clear();
    activity_ = Activity::idle;
    power_uw_ = idle_uw();
  }

  bool decide_what_to_do() {
    if (wanted_ != current_ && stretches_left_ == 0 && !must_switch_) enter_next();
    if (stretches_left_ > 0) {
      const ProfilingStretch& stretch = now().profiling[now().profiling.size() - stretches_left_--];
      begin(Activity::profiling, {stretch.time_ns, stretch.power_uw});
      return true;
    }
    if (must_switch_) {
      must_switch_ = false;
      begin(Activity::switching, {now().switch_ns, idle_uw()});
      return true;
    }
    if (must_infer()) {
      for (std::int64_t i = 0; i < now().rule.infer_batch && !waiting_.empty(); ++i) {
        served_.push_back(waiting_.front());
        waiting_.pop_front();
      }
      ++outcome_.infer.started;
      trained_ = 0;
      begin(Activity::infer, point().minibatch({Work::infer, 0}));
      return true;
    }
    const bool none_will_come = arrived_ == scenario_.arrivals.size();
    const bool can_be_served = !waiting_.empty() && now().rule.infer_batch > 0 && now().rule.max_wait_ns > 0;
    if (!has_end() && none_will_come && current_ + 1 == scenario_.configurations.size() && !can_be_served) {
      return false;
    }
    if (may_train()) {
      ++outcome_.train.started;
      ++trained_;
      begin(Activity::train, point().minibatch({Work::train, 0}));
    }
    return true;
  }

  void enter_next() {
    const std::size_t before = scenario_.point_of[current_];
    std::size_t next = wanted_;
    for (std::size_t i = wanted_; i > current_; --i) {
      if (!scenario_.configurations[i].profiling.empty()) next = i;
    }
    current_ = next;
    trained_ = 0;
    power_uw_ = idle_uw();
    stretches_left_ = now().profiling.size();
    must_switch_ = now().switch_ns > 0 && (stretches_left_ > 0 || scenario_.point_of[current_] != before);
  }

  void begin(Activity activity, const MinibatchCost& cost) {
    activity_ = activity;
    power_uw_ = cost.power_uw;
    busy_until_ns_ = now_ns_ + cost.time_ns;
  }

  bool must_infer() const {
    const OneStreamRule& rule = now().rule;
    if (rule.infer_batch == 0 || waiting_.empty()) return false;
    const bool full = static_cast<std::int64_t>(waiting_.size()) >= rule.infer_batch;
    const bool waited = rule.max_wait_ns > 0 && now_ns_ >= waiting_.front() + rule.max_wait_ns;
    return full || waited;
  }

  bool may_train() const {
    const OneStreamRule& rule = now().rule;
    if (!rule.trains || rule.infer_batch == 0) return rule.trains;
    const bool capped = rule.max_train_per_cycle >= 0 && trained_ >= rule.max_train_per_cycle;
    const auto missing =
        static_cast<long double>(rule.infer_batch) - static_cast<long double>(waiting_.size());
    const bool too_long =
        rule.expected_rate_hz > 0 &&
        missing / rule.expected_rate_hz < static_cast<long double>(rule.train_time_ns) / 1e9L;
    const bool too_late = rule.max_wait_ns > 0 && !waiting_.empty() &&
                          now_ns_ + rule.train_time_ns > waiting_.front() + rule.max_wait_ns;
    return !capped && !too_long && !too_late;
  }

  const Scenario& scenario_;
  std::vector<VaryingPoint> points_;
  Outcome outcome_;
  TimeNs now_ns_ = 0;
  TimeNs busy_until_ns_ = kNever;
  Activity activity_ = Activity::idle;
  RailPowerUw power_uw_{};
  std::size_t current_ = 0, wanted_ = 0, arrived_ = 0;
  std::size_t stretches_left_ = 0;  // of the current configuration's profiling
  bool must_switch_ = false;        // after them
  std::int64_t trained_ = 0;
  std::deque<TimeNs> waiting_;
  std::vector<TimeNs> served_;
};

// Small numbers, so that much happens at the same instant.
Scenario random_scenario(std::uint64_t seed, std::size_t requests) {
  std::mt19937_64 generator(seed);
  const auto below = [&](std::int64_t bound) {
    return static_cast<std::int64_t>(generator() % static_cast<std::uint64_t>(bound));
  };
  Scenario scenario;
  TimeNs now_ns = 0;
  const TimeNs spread_ns = 1 + below(40);
  while (scenario.arrivals.size() < requests) {
    now_ns += below(spread_ns);
    if (below(50) == 0) now_ns += 500;  // a lull
    scenario.arrivals.push_back(now_ns);
  }
  const auto point = [&] { return VaryingPoint(1 + below(60), 1 + below(40), 1 + below(1000)); };
  scenario.points = {point(), point()};
  const std::int64_t configurations = 1 + below(3);
  TimeNs start_ns = 0;
  for (std::int64_t i = 0; i < configurations; ++i) {
    OneStreamConfiguration configuration;
    configuration.start_ns = start_ns;
    configuration.switch_ns = below(3) == 0 ? 0 : below(100);
    for (std::int64_t stretch = below(4) == 0 ? 1 + below(3) : 0; stretch > 0; --stretch)
      configuration.profiling.push_back({below(80), {1 + below(1000), below(1000)}});
    // The first serves, so that no scenario is refused for having nothing to do.
    OneStreamRule& rule = configuration.rule;
    rule.infer_batch = i > 0 && below(6) == 0 ? 0 : 1 + below(10);
    rule.trains = below(2) == 0;
    rule.train_time_ns = 1 + below(60);
    if (below(2) == 0) rule.expected_rate_hz = 1e9 / static_cast<double>(1 + below(20)) + 1.0 / 7;
    if (below(2) == 0) rule.max_train_per_cycle = below(4);
    if (below(2) == 0) rule.max_wait_ns = 1 + below(300);
    scenario.configurations.push_back(configuration);
    scenario.point_of.push_back(static_cast<std::size_t>(below(2)));
    start_ns += 1 + below(600);
  }
  if (below(2) == 0) scenario.end_ns = below(now_ns + 200);
  if (below(2) == 0) scenario.budget_ns = 1 + below(200);
  return scenario;
}

Result<RunResult> simulate(const Scenario& scenario) {
  std::vector<VaryingPoint> points = scenario.points;
  OneStreamOptions options;
  options.configurations = scenario.configurations;
  for (std::size_t i = 0; i < options.configurations.size(); ++i) {
    options.configurations[i].point = &points[scenario.point_of[i]];
  }
  options.end_ns = scenario.end_ns;
  options.latency_budget_ns = scenario.budget_ns;
  ListedArrivals arrivals(scenario.arrivals);
  return run_one_stream(options, &arrivals);
}

void compare(const Scenario& scenario) {
  const auto result = simulate(scenario);
  RC_ASSERT(result.ok());
  const Outcome expected = PlainLoop(scenario)();

  RC_ASSERT(result->simulated_ns == expected.simulated_ns);
  RC_ASSERT(result->requests().arrived == expected.arrived);
  RC_ASSERT(result->requests().completed == expected.latencies.size());
  RC_ASSERT(result->requests().pending == expected.pending);
  RC_ASSERT(result->requests().late == expected.late);
  RC_ASSERT(result->mode_switches == expected.switches);
  RC_ASSERT(result->infer().started == expected.infer.started);
  RC_ASSERT(result->infer().finished == expected.infer.finished);
  RC_ASSERT(result->infer().in_flight == expected.infer.in_flight);
  RC_ASSERT(result->train().started == expected.train.started);
  RC_ASSERT(result->train().finished == expected.train.finished);
  RC_ASSERT(result->train().in_flight == expected.train.in_flight);

  // The same latencies in the same order: all statistics are the same, rounding included.
  StreamingStatistics latencies;
  Int128 sum_ns = 0;
  for (const TimeNs latency_ns : expected.latencies) {
    latencies.add(latency_ns);
    sum_ns += latency_ns;
  }
  RC_ASSERT((result->streams[0].latency_ns.sum() == sum_ns));
  RC_ASSERT(result->streams[0].latency_ns.min() == latencies.min());
  RC_ASSERT(result->streams[0].latency_ns.max() == latencies.max());
  RC_ASSERT(result->streams[0].latency_ns.variance() == latencies.variance());
  for (const double q : {0.1, 0.5, 0.9}) {
    RC_ASSERT(result->streams[0].latency_ns.percentile(q) == latencies.percentile(q));
  }

  Int128 total_fj = 0;
  for (const Activity activity : all_activities) {
    const auto time = expected.time_ns.find(activity);
    const auto energy = expected.energy_fj.find(activity);
    RC_ASSERT(result->energy.time_ns(activity) == (time == expected.time_ns.end() ? 0 : time->second));
    const Int128 energy_fj = energy == expected.energy_fj.end() ? 0 : energy->second;
    RC_ASSERT((result->energy.activity_fj(activity) == energy_fj));
    total_fj += energy_fj;
  }
  RC_ASSERT((result->energy.total_fj() == total_fj));
}

}  // namespace

TEST_CASE("A plain loop from instant to instant gives the same run, over 2000 random scenarios") {
  CHECK(rc::check("accelerator = plain loop", [](std::uint64_t seed) {
    const auto requests = *rc::gen::inRange<std::size_t>(0, 500);
    for (std::uint64_t i = 0; i < 20; ++i) compare(random_scenario(seed + i, requests));
  }));
}

TEST_CASE("Every random run obeys the conservation laws and repeats to the last bit") {
  CHECK(rc::check("conservation and repetition", [](std::uint64_t seed) {
    const auto requests = *rc::gen::inRange<std::size_t>(0, 500);
    for (std::uint64_t i = 0; i < 5; ++i) {
      const Scenario scenario = random_scenario(seed + i, requests);
      const auto result = simulate(scenario), again = simulate(scenario);
      RC_ASSERT(result.ok());
      RC_ASSERT(!check_conservation(*result).has_value());
      RC_ASSERT(result->requests().arrived == result->requests().completed + result->requests().pending);
      RC_ASSERT(result->infer().started == result->infer().finished + result->infer().in_flight);
      RC_ASSERT(result->train().started == result->train().finished + result->train().in_flight);
      Int128 rails_fj = 0, activities_fj = 0, time_ns = 0;
      for (std::size_t rail = 0; rail < max_rails; ++rail) rails_fj += result->energy.rail_fj(rail);
      for (const Activity activity : all_activities) {
        activities_fj += result->energy.activity_fj(activity);
        time_ns += result->energy.time_ns(activity);
      }
      RC_ASSERT((rails_fj == result->energy.total_fj()));
      RC_ASSERT((activities_fj == result->energy.total_fj()));
      RC_ASSERT((time_ns == result->simulated_ns));
      RC_ASSERT(result->signature == again->signature);
      RC_ASSERT(result->events == again->events);
      RC_ASSERT((result->energy.total_fj() == again->energy.total_fj()));
    }
  }));
}

}  // namespace wattline::sim
