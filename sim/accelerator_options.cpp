#include "sim/accelerator_options.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace wattline::sim {

namespace {

bool is_time(TimeNs time_ns) {
  return time_ns >= 0 && time_ns <= longest_time_ns;
}

bool in_range(const Configuration& configuration) {
  const auto serving = [](const ServingRule& rule) {
    return rule.batch >= 0 && rule.batch <= 1'000'000 && is_time(rule.max_wait_ns) &&
           rule.expected_rate_hz >= 0;
  };
  return is_time(configuration.start_ns) && is_time(configuration.switch_ns) &&
         std::all_of(configuration.serving.begin(), configuration.serving.end(), serving) &&
         std::all_of(configuration.training.begin(), configuration.training.end(),
                     [](const TrainingRule& rule) { return is_time(rule.time_ns); }) &&
         std::all_of(configuration.profiling.begin(), configuration.profiling.end(),
                     [](const ProfilingStretch& stretch) { return is_time(stretch.time_ns); });
}

MaybeError check_configurations(const AcceleratorOptions& options) {
  const auto& all = options.configurations;
  if (all.empty() || all.front().start_ns != 0)
    return bad_input("a run needs a configuration that starts at 0");
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].point == nullptr) return bad_input("a configuration has no operating point");
    if (i > 0 && all[i].start_ns <= all[i - 1].start_ns)
      return bad_input("configurations must be in ascending order of time");
    if (all[i].serving.size() != options.streams.size() || all[i].training.size() != options.training.size())
      return bad_input("a configuration has not one rule for each stream and each training job");
    if (all[i].live && !all[i].profiling.empty())
      return bad_input("a configuration that changes while minibatches execute cannot profile");
    if (!in_range(all[i]))
      return bad_input("a configuration has a batch size or a time that is out of range");
    for (const ServingRule& rule : all[i].serving)
      if (rule.only_after_wait && rule.max_wait_ns == 0)
        return bad_input("minibatches are to be formed after a wait, but there is none");
  }
  return std::nullopt;
}

MaybeError check_dispatcher(const Dispatcher& dispatcher) {
  if (const auto* slicing = std::get_if<TimeSlicing>(&dispatcher)) {
    const TimeSliceOptions& slices = slicing->options;
    if (slices.slice_ns < 1'000 || slices.slice_ns > ns_per_s || slices.switch_ns < 0 ||
        slices.switch_ns > ns_per_s)
      return bad_input("a time slice of 1 us to 1 s and a change of at most 1 s are expected");
  }
  if (const auto* streams = std::get_if<CudaStreams>(&dispatcher))
    if (!(streams->options.interference >= 0 && streams->options.interference <= 10))
      return bad_input("an interference of 0 to 10 is expected");
  return std::nullopt;
}

bool ends(const TrainingOptions& job) {
  return job.feed != nullptr && job.feed->ends();
}

// Training that does not end may always be ready, so that under fixed priorities whatever comes after it
// never has its turn.
MaybeError check_starvation(const AcceleratorOptions& options) {
  if (has_end(options) || !std::holds_alternative<FixedPriority>(options.dispatcher)) return std::nullopt;
  const Configuration& last = options.configurations.back();
  for (std::size_t job = 0; job < options.training.size(); ++job) {
    if (ends(options.training[job]) || !last.training[job].trains) continue;
    for (const TrainingOptions& other : options.training)
      if (ends(other) && options.training[job].priority < other.priority)
        return bad_input(fmt::format(
            "the run would never end: training of priority {} that does not end leaves no time for "
            "the training of priority {} that does",
            options.training[job].priority, other.priority));
    for (std::size_t stream = 0; stream < options.streams.size(); ++stream)
      if (last.serving[stream].batch > 0 && options.training[job].priority < options.streams[stream].priority)
        return bad_input(
            fmt::format("the run would never end: training of priority {} leaves no time to serve requests "
                        "of priority {}",
                        options.training[job].priority, options.streams[stream].priority));
  }
  return std::nullopt;
}

}  // namespace

MaybeError check_options(const AcceleratorOptions& options) {
  if (auto error = check_configurations(options)) return error;
  if (auto error = check_dispatcher(options.dispatcher)) return error;
  if (options.end_ns && !is_time(*options.end_ns))
    return bad_input("the end of a run must be from 0 to 100 years");
  if (options.energy_budget_fj && *options.energy_budget_fj < 1)
    return bad_input("an energy budget of at least 1 fJ is expected");
  if (options.supervisor && options.supervisor->period_ns() < 1)
    return bad_input("a supervisor that looks every nanosecond or less often is expected");
  bool serves = false, trains = false;
  for (const Configuration& configuration : options.configurations) {
    for (std::size_t i = 0; i < options.streams.size(); ++i) {
      if (configuration.serving[i].batch == 0) continue;
      serves = true;
      if (options.streams[i].arrivals == nullptr)
        return bad_input("the run serves requests but has no arrivals");
    }
    for (const TrainingRule& rule : configuration.training) trains = trains || rule.trains;
  }
  for (const StreamOptions& stream : options.streams)
    if (stream.admission_limit < 1 || !is_time(stream.latency_budget_ns))
      return bad_input("a stream has an admission limit or a latency budget that is out of range");
  if (auto error = check_starvation(options)) return error;
  const bool feed_ends = std::any_of(options.training.begin(), options.training.end(), ends);
  if (!serves && !feed_ends && !has_end(options))
    return bad_input("the run would never end: it serves no requests and has no duration");
  if (!serves && !trains)
    return bad_input("the run has nothing to do: it neither serves requests nor trains");
  return std::nullopt;
}

}  // namespace wattline::sim
