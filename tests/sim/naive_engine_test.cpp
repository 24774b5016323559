// The accelerator against the naive engine, over random scenarios with every feature on or off: the same
// events at the same instants, and the same figures.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <rapidcheck.h>

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/catch.hpp"
#include "tests/sim/listed_run.hpp"
#include "tests/sim/naive_engine.hpp"

namespace wattline::sim {
namespace {

// Choices read off a list of bytes, of which 0 and the end of the list are the simplest: taking bytes away,
// or making them smaller, makes a scenario simpler.
class Choices {
 public:
  explicit Choices(const std::vector<std::uint8_t>& bytes) : bytes_(bytes) {}
  std::int64_t below(std::int64_t bound) {
    const std::int64_t byte = next_ < bytes_.size() ? bytes_[next_++] : 0;
    return byte % bound;
  }
  bool yes(std::int64_t one_in = 2) { return below(one_in) == one_in - 1; }

 private:
  const std::vector<std::uint8_t>& bytes_;
  std::size_t next_ = 0;
};

struct Scenario {
  std::vector<std::vector<TimeNs>> arrivals;
  std::vector<VaryingPoint> points;               // as new; each run works on a copy
  std::vector<std::size_t> point_of;              // each configuration's
  std::vector<std::optional<VaryingFeed>> feeds;  // of each training job; as new
  AcceleratorOptions options;                     // without points, arrival processes, feeds and supervisor
  TimeNs look_period_ns = 0;                      // 0: no supervisor
  std::int64_t most_looks = 0;
};

Dispatcher any_dispatcher(Choices& choices) {
  switch (choices.below(6)) {
    case 0:
      return ManagedInterleaving{};
    case 1:
      return FirstInFirstOut{};
    case 2:
      return EarliestDeadline{};
    case 3:
      return FixedPriority{};
    case 4:
      return TimeSlicing{{1000 + choices.below(5), choices.yes() ? 300 * choices.below(9) : 0}};
    default:
      return CudaStreams{{0.25 * static_cast<double>(choices.below(3))}};
  }
}

// Small numbers, so that much happens at the same instant; `unit` stretches them where slices are long.
Scenario scenario_of(const std::vector<std::uint8_t>& bytes) {
  Choices choices(bytes);
  Scenario scenario;
  AcceleratorOptions& options = scenario.options;
  options.dispatcher = any_dispatcher(choices);
  const TimeNs unit = std::holds_alternative<TimeSlicing>(options.dispatcher) ? 100 : 1;
  options.streams.resize(static_cast<std::size_t>(1 + choices.below(3)));
  options.training.resize(static_cast<std::size_t>(choices.below(3)));
  const auto point = [&] {
    return VaryingPoint(unit * (1 + choices.below(60)), unit * (1 + choices.below(40)),
                        1 + choices.below(200));
  };
  scenario.points = {point(), point()};
  for (std::int64_t i = 1 + choices.below(3), start_ns = 0; i > 0; --i) {
    Configuration configuration;
    configuration.start_ns = start_ns;
    configuration.switch_ns = choices.yes() ? unit * choices.below(100) : 0;
    for (std::int64_t stretch = choices.yes(4) ? 1 + choices.below(3) : 0; stretch > 0; --stretch)
      configuration.profiling.push_back(
          {unit * choices.below(80), {1 + choices.below(200), choices.below(200)}});
    for (std::size_t stream = 0; stream < options.streams.size(); ++stream) {
      ServingRule rule;
      // The first stream of the first is served, so that no scenario is refused for having nothing to do.
      rule.batch = (stream > 0 || start_ns > 0) && choices.yes(6) ? 0 : 1 + choices.below(10);
      if (choices.yes()) rule.max_wait_ns = unit * (1 + choices.below(200));
      rule.only_after_wait = rule.max_wait_ns > 0 && choices.yes(3);
      if (choices.yes())
        rule.expected_rate_hz = 1e9 / static_cast<double>(unit * (1 + choices.below(20))) + 1.0 / 7;
      configuration.serving.push_back(rule);
    }
    for (std::size_t job = 0; job < options.training.size(); ++job) {
      TrainingRule rule;
      rule.trains = choices.yes(3) || choices.yes();
      rule.time_ns = unit * (1 + choices.below(60));
      if (choices.yes()) rule.max_per_cycle = choices.below(4);
      configuration.training.push_back(rule);
    }
    configuration.live = configuration.profiling.empty() && choices.yes(3);
    options.configurations.push_back(configuration);
    scenario.point_of.push_back(static_cast<std::size_t>(choices.below(2)));
    start_ns += unit * (1 + 3 * choices.below(200));
  }
  if (choices.yes(3))
    options.switch_ns = [unit](std::size_t from, std::size_t to) {
      return unit * static_cast<TimeNs>((from * 7 + to * 3) % 5 * 9);
    };
  for (StreamOptions& stream : options.streams) {
    if (choices.yes()) stream.latency_budget_ns = unit * (1 + choices.below(200));
    stream.priority = choices.below(4);
    if (choices.yes(3)) stream.admission_limit = 1 + choices.below(12);
  }
  if (choices.yes()) options.end_ns = unit * 8 * choices.below(200);
  if (choices.yes(4)) options.energy_budget_fj = 1 + unit * 100 * choices.below(200) * choices.below(40);
  if (choices.yes(3)) {
    scenario.look_period_ns = unit * (1 + choices.below(200));
    scenario.most_looks = 1 + choices.below(60);
  }
  // Without an end, training that goes before requests is refused: it would never stop.
  for (TrainingOptions& job : options.training)
    job.priority = options.end_ns || options.energy_budget_fj ? choices.below(4) : 4;
  for (std::size_t job = 0; job < options.training.size(); ++job) {
    scenario.feeds.emplace_back();
    if (choices.yes(3)) scenario.feeds.back().emplace(unit * (1 + choices.below(20)), 0);
    // Without a set end, one that ends must be sure of its turn.
    const bool ends = options.end_ns || options.energy_budget_fj ||
                      (options.configurations.back().training[job].trains &&
                       !std::holds_alternative<ManagedInterleaving>(options.dispatcher));
    if (scenario.feeds.back() && choices.yes() && ends)
      scenario.feeds.back().emplace(unit * (1 + choices.below(20)), 1 + choices.below(40));
    if (options.training[job].priority == 4 && !(scenario.feeds.back() && scenario.feeds.back()->ends()))
      options.training[job].priority = 5;
    // The naive engine looks for its end nanosecond by nanosecond.
    if (scenario.feeds.back() && options.energy_budget_fj)
      options.energy_budget_fj = 1 + *options.energy_budget_fj % (unit * 20'000);
  }
  for (std::size_t stream = 0; stream < options.streams.size(); ++stream) {
    std::vector<TimeNs> arrivals;
    TimeNs now_ns = 0;
    const TimeNs spread = 1 + choices.below(40);
    for (std::int64_t left = choices.below(100); left > 0; --left) {
      now_ns += unit * choices.below(spread) + (choices.yes(50) ? unit * 500 : 0);
      arrivals.push_back(now_ns);
    }
    scenario.arrivals.push_back(arrivals);
  }
  return scenario;
}

// Options that point into `points` and `feeds`.
AcceleratorOptions with(const Scenario& scenario, std::vector<VaryingPoint>& points,
                        std::vector<std::optional<VaryingFeed>>& feeds) {
  AcceleratorOptions options = scenario.options;
  for (std::size_t i = 0; i < options.configurations.size(); ++i)
    options.configurations[i].point = &points[scenario.point_of[i]];
  for (std::size_t i = 0; i < feeds.size(); ++i)
    if (feeds[i]) options.training[i].feed = &*feeds[i];
  return options;
}

std::uint64_t signature_of(const NaiveResult& naive) {
  std::uint64_t hash = 0;
  for (const auto& [at_ns, kind, tenant] : naive.events) {
    hash = (hash ^ (static_cast<std::uint64_t>(at_ns) * 8 + kind) ^ (std::uint64_t{tenant} << 48)) *
           0x9e3779b97f4a7c15u;
    hash ^= hash >> 29;
  }
  return hash;
}

// The first thing in which the two differ; empty when they agree.
std::string difference(const RunResult& run, const NaiveResult& naive) {
  if (run.simulated_ns != naive.simulated_ns)
    return fmt::format("simulated time: {} and {}", run.simulated_ns, naive.simulated_ns);
  for (std::size_t i = 0; i < run.streams.size(); ++i) {
    const auto figures = [](const RequestCounts& r, const MinibatchCounts& m) {
      return std::vector<std::uint64_t>{r.arrived, r.completed, r.dropped,  r.pending,  r.late,
                                        r.overdue, m.started,   m.finished, m.in_flight};
    };
    const auto ours = figures(run.streams[i].requests, run.streams[i].minibatches);
    const auto theirs = figures(naive.streams[i].requests, naive.streams[i].minibatches);
    if (ours != theirs) return fmt::format("stream {}: {} and {}", i, ours, theirs);
    StreamingStatistics latencies;
    for (const TimeNs latency_ns : naive.streams[i].latencies_ns) latencies.add(latency_ns);
    if (run.streams[i].latency_ns.sum() != latencies.sum() ||
        run.streams[i].latency_ns.max() != latencies.max() ||
        run.streams[i].latency_ns.variance() != latencies.variance() ||
        run.streams[i].latency_ns.percentile(0.5) != latencies.percentile(0.5))
      return fmt::format("latencies of stream {}", i);
    StreamingStatistics responses;
    for (const TimeNs response_ns : naive.streams[i].responses_ns) responses.add(response_ns);
    if (run.streams[i].response_ns.sum() != responses.sum() ||
        run.streams[i].response_ns.max() != responses.max() ||
        run.streams[i].response_ns.count() != responses.count())
      return fmt::format("responses of stream {}", i);
  }
  for (std::size_t i = 0; i < run.training.size(); ++i)
    if (run.training[i].started != naive.training[i].started ||
        run.training[i].finished != naive.training[i].finished ||
        run.training[i].in_flight != naive.training[i].in_flight)
      return fmt::format("training job {}: {} and {} started", i, run.training[i].started,
                         naive.training[i].started);
  if (run.mode_switches != naive.mode_switches) return "mode switches";
  Int128 total_fj = 0;
  for (const Activity activity : all_activities) {
    const auto time = naive.time_ns.find(activity);
    const TimeNs time_ns = time == naive.time_ns.end() ? 0 : time->second;
    if (run.energy.time_ns(activity) != time_ns)
      return fmt::format("time in {}: {} and {}", name_of(activity), run.energy.time_ns(activity), time_ns);
    const auto energy = naive.energy_fj.find(activity);
    const Int128 energy_fj = energy == naive.energy_fj.end() ? 0 : energy->second;
    if (run.energy.activity_fj(activity) != energy_fj) return fmt::format("energy in {}", name_of(activity));
    total_fj += energy_fj;
  }
  if (run.energy.total_fj() != total_fj) return "energy";
  if (run.events != naive.events.size())
    return fmt::format("events: {} and {}", run.events, naive.events.size());
  return run.signature == signature_of(naive) ? "" : "signature";
}

std::string difference(const std::vector<std::uint8_t>& bytes) {
  const Scenario scenario = scenario_of(bytes);
  std::vector<VaryingPoint> points = scenario.points, naive_points = scenario.points;
  std::vector<std::optional<VaryingFeed>> feeds = scenario.feeds, naive_feeds = scenario.feeds;
  AcceleratorOptions options = with(scenario, points, feeds);
  std::vector<ListedArrivals> arrivals(scenario.arrivals.begin(), scenario.arrivals.end());
  for (std::size_t i = 0; i < arrivals.size(); ++i) options.streams[i].arrivals = &arrivals[i];
  Throttle throttle(scenario.look_period_ns, scenario.most_looks), naive_throttle = throttle;
  if (scenario.look_period_ns > 0) options.supervisor = &throttle;
  const auto run = run_accelerator(options);
  if (!run) return run.error().message;
  AcceleratorOptions naive_options = with(scenario, naive_points, naive_feeds);
  if (scenario.look_period_ns > 0) naive_options.supervisor = &naive_throttle;
  return difference(*run, NaiveEngine(naive_options, scenario.arrivals)());
}

// Bytes that still make the two differ, of which none can be taken away or made 0.
std::vector<std::uint8_t> smallest(std::vector<std::uint8_t> bytes) {
  for (bool shorter = true; shorter;) {
    shorter = false;
    for (std::size_t count = bytes.size(); count > 0; count /= 2)
      for (std::size_t from = 0; from + count <= bytes.size();) {
        std::vector<std::uint8_t> fewer = bytes;
        fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(from),
                    fewer.begin() + static_cast<std::ptrdiff_t>(from + count));
        const bool differs = !difference(fewer).empty();
        if (differs) bytes = fewer;
        shorter = shorter || differs;
        from += differs ? 0 : count;
      }
    for (std::uint8_t& byte : bytes) {
      const std::uint8_t before = std::exchange(byte, std::uint8_t{0});
      if (before != 0 && difference(bytes).empty())
        byte = before;
      else
        shorter = shorter || before != 0;
    }
  }
  return bytes;
}

std::string described(const Scenario& scenario) {
  const AcceleratorOptions& options = scenario.options;
  std::string text =
      fmt::format("dispatcher {}, end {}\n", options.dispatcher.index(), options.end_ns.value_or(-1));
  for (std::size_t i = 0; i < options.streams.size(); ++i)
    text += fmt::format("stream: budget {} priority {} limit {} arrivals {}\n",
                        options.streams[i].latency_budget_ns, options.streams[i].priority,
                        options.streams[i].admission_limit, scenario.arrivals[i]);
  for (std::size_t i = 0; i < options.training.size(); ++i)
    text += fmt::format("job: priority {} feed {} ends {}\n", options.training[i].priority,
                        scenario.feeds[i].has_value(), scenario.feeds[i] && scenario.feeds[i]->ends());
  for (std::size_t i = 0; i < options.configurations.size(); ++i) {
    const Configuration& from = options.configurations[i];
    text += fmt::format("at {}: point {} switch {} profiles {} live {}\n", from.start_ns,
                        scenario.point_of[i], from.switch_ns, from.profiling.size(), from.live);
    for (const ServingRule& rule : from.serving)
      text += fmt::format("  serves {} wait {} only {} rate {}\n", rule.batch, rule.max_wait_ns,
                          rule.only_after_wait, rule.expected_rate_hz);
    for (const TrainingRule& rule : from.training)
      text += fmt::format("  trains {} time {} most {}\n", rule.trains, rule.time_ns, rule.max_per_cycle);
  }
  return text;
}

}  // namespace

TEST_CASE("A naive engine gives the same event stream, over 10,000 random scenarios") {
  CHECK(rc::check("accelerator = naive engine", [](std::uint64_t seed) {
    for (std::uint64_t i = 0; i < 100; ++i) {
      std::mt19937_64 generator(seed + i);
      std::vector<std::uint8_t> bytes(50 + generator() % 400);
      for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(generator() >> 56);
      if (difference(bytes).empty()) continue;
      const std::vector<std::uint8_t> least = smallest(bytes);
      RC_FAIL(
          fmt::format("{}, in the smallest scenario\n{}", difference(least), described(scenario_of(least))));
    }
  }));
}

}  // namespace wattline::sim
