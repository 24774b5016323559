#include "experiments/dynamic/dynamic_experiment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace wattline::experiments {

namespace {

constexpr std::size_t most_requests = 20'000'000;
constexpr std::int64_t most_windows = 100'000;
constexpr std::size_t most_rows = 1'000'000;  // of windows, times problems, times policies and the optimum
constexpr double longest_run_s = 1e7;

// What a dynamic file says in the same words as an experiment, whose reader reads it.
const std::vector<std::string> common_keys = {"name",         "seed",     "device",     "device_file",
                                              "model",        "profiles", "mode_space", "profiling",
                                              "idle_power_w", "problems", "policies"};

// Stands in the problems that are handed to the experiment's reader, which wants a rate.
constexpr int placeholder_rate_hz = 1;
const char* const placeholder_in_id = "/1rps";

void check_problem(ObjectReader& problem) {
  problem.choice("kind", {"infer", "concurrent", "infer_infer"});
  if (problem.has("arrival_rates_hz"))
    problem.fail("arrival_rates_hz", "not accepted; the rate of a dynamic problem comes from 'arrivals'");
}

void read_common(DynamicExperiment& experiment, ObjectReader& in, const Json& given, const std::string& name,
                 const std::string& base, MaybeError& error) {
  for (ObjectReader& problem : in.objects("problems")) check_problem(problem);
  for (ObjectReader& policy : in.objects("policies")) {
    if (policy.has("solves")) policy.fail("solves", "not accepted; a dynamic experiment has no sample");
  }
  if (error) return;
  Json common = Json::object();
  common["schema"] = "wattline-experiment/1";
  for (const std::string& key : common_keys) {
    if (in.has(key)) common[key] = in.any(key);
  }
  for (Json& problem : common["problems"]) problem["arrival_rates_hz"] = {placeholder_rate_hz};
  in.reject_unknown_keys();
  if (error) return;
  auto read = parse_experiment(common.dump(), name, base);
  if (!read) {
    error = read.error();
    return;
  }
  experiment.common = *std::move(read);
  for (policies::Problem& problem : experiment.common.problems) {
    const std::size_t at = problem.id.find(placeholder_in_id);
    if (at != std::string::npos) problem.id.erase(at, std::string(placeholder_in_id).size());
  }
  experiment.configuration["given"] = OrderedJson::parse(given.dump());
  experiment.configuration["defaults"] = experiment.common.configuration["defaults"];
  experiment.configuration["defaults"].erase("sample_problems");
}

// All requests before `end_ns`, or all.
Result<std::vector<sim::TimeNs>> all_instants(const ArrivalSource& source, std::uint64_t seed,
                                              std::optional<sim::TimeNs> end_ns) {
  const auto log_ns = instants_at_rate(source, source.rate_hz);
  if (!log_ns) return log_ns.error();
  const auto arrivals = make_arrivals(source, source.rate_hz, seed, *log_ns);
  std::vector<sim::TimeNs> instants;
  std::array<sim::TimeNs, 256> block{};
  for (std::size_t count = block.size(); count == block.size();) {
    count = arrivals->next(block);
    for (std::size_t i = 0; i < count; ++i) {
      if (end_ns && block[i] >= *end_ns) return instants;
      if (instants.size() == most_requests || block[i] > sim::longest_time_ns)
        return bad_input(fmt::format("more than {} requests or 100 years of them", most_requests));
      instants.push_back(block[i]);
    }
  }
  return instants;
}

double duration_s(const std::vector<workloads::RateSegment>& segments) {
  double sum_s = 0;
  for (const workloads::RateSegment& segment : segments) sum_s += segment.duration_s;
  return sum_s;
}

// Requests expected from one instant to another, per second.
double mean_rate_hz(const std::vector<workloads::RateSegment>& segments, double from_s, double to_s) {
  double expected = 0, start_s = 0;
  for (const workloads::RateSegment& segment : segments) {
    const double end_s = start_s + segment.duration_s;
    const double overlap_s = std::min(to_s, end_s) - std::max(from_s, start_s);
    // A segment that covers all has its own rate, without rounding.
    if (from_s >= start_s && to_s <= end_s) return segment.rate_hz;
    if (overlap_s > 0) expected += segment.rate_hz * overlap_s;
    start_s = end_s;
  }
  return expected / (to_s - from_s);
}

double true_rate_hz(const ArrivalSource& source, const PlanningWindow& window) {
  switch (source.kind) {
    case ArrivalSource::Kind::piecewise:
      return mean_rate_hz(source.segments, seconds_of(window.start_ns), seconds_of(window.end_ns));
    case ArrivalSource::Kind::uniform:
    case ArrivalSource::Kind::poisson:
      return source.rate_hz;
    default:
      return window.counted_hz();
  }
}

void cut_into_windows(DynamicExperiment& experiment, sim::TimeNs end_ns) {
  for (sim::TimeNs start_ns = 0; start_ns < end_ns; start_ns += experiment.window_ns)
    experiment.windows.push_back({start_ns, std::min(end_ns, start_ns + experiment.window_ns), 0, 0});
  for (const sim::TimeNs instant_ns : experiment.instants_ns)
    ++experiment.windows[experiment.window_of(instant_ns)].arrived;
  for (PlanningWindow& window : experiment.windows)
    window.rate_hz = true_rate_hz(experiment.arrivals, window);
}

double mean_of_run_hz(const DynamicExperiment& experiment) {
  double requests = 0;
  for (const PlanningWindow& window : experiment.windows) requests += window.rate_hz * window.length_s();
  return requests / seconds_of(experiment.end_ns());
}

void read_time(DynamicExperiment& experiment, ObjectReader& in, const std::string& base) {
  const ArrivalSource& source = experiment.arrivals = read_arrival_source(in.object("arrivals"), base, false);
  experiment.window_ns = std::llround(in.number("window_s", between(1e-3, 1e7)) * 1e9);
  std::optional<sim::TimeNs> end_ns;
  if (in.has("duration_s"))
    end_ns = std::llround(in.number("duration_s", between(1e-3, longest_run_s)) * 1e9);
  if (in.failed()) return;
  if (!end_ns && source.kind == ArrivalSource::Kind::piecewise)
    end_ns = std::llround(duration_s(source.segments) * 1e9);
  if (!end_ns && !source.finite()) return in.fail("duration_s", "missing; the arrivals never end");
  auto instants = all_instants(source, experiment.common.seed, end_ns);
  if (!instants) return in.fail("arrivals", instants.error().message);
  if (instants->empty()) return in.fail("arrivals", "no request arrives");
  experiment.instants_ns = *std::move(instants);
  // Without a duration, to the end of the window that holds the last request.
  if (!end_ns) end_ns = (experiment.instants_ns.back() / experiment.window_ns + 1) * experiment.window_ns;
  if (seconds_of(*end_ns) > longest_run_s)
    return in.fail("arrivals", fmt::format("last longer than {:g} s; 'duration_s' cuts them", longest_run_s));
  if ((*end_ns - 1) / experiment.window_ns >= most_windows) {
    return in.fail("window_s", fmt::format("makes more than {} windows", most_windows));
  }
  cut_into_windows(experiment, *end_ns);
}

void read_planner(DynamicExperiment& experiment, ObjectReader& in) {
  experiment.knowledge = in.choice_or("rate", {"known", "previous"}, "previous") == "known"
                             ? RateKnowledge::known
                             : RateKnowledge::previous;
  experiment.peak_factor = in.number_or("peak_factor", between(0.01, 100), experiment.peak_factor);
  experiment.replan_change = in.number_or("replan_change", between(0, 100), experiment.replan_change);
  const double max_wait_ms = in.number_or("max_wait_ms", between(0, 1e7), 0);
  experiment.max_wait_ns = std::llround(max_wait_ms * 1e6);
  if (experiment.max_wait_ns == 0 && max_wait_ms > 0)
    in.fail("max_wait_ms", "below a nanosecond; 0 waits until the batch is full");
  if (experiment.knowledge == RateKnowledge::known) {
    if (in.has("first_rate_hz")) in.fail("first_rate_hz", "not accepted where the rate is 'known'");
    return;
  }
  if (in.failed()) return;
  experiment.first_rate_hz =
      in.number_or("first_rate_hz", between(slowest_rate_hz, 1e6), mean_of_run_hz(experiment));
}

}  // namespace

std::size_t DynamicExperiment::window_of(sim::TimeNs instant_ns) const {
  return std::min(windows.size() - 1, static_cast<std::size_t>(instant_ns / window_ns));
}

double DynamicExperiment::told_hz(std::size_t window) const {
  if (knowledge == RateKnowledge::known) return peak_factor * windows[window].rate_hz;
  return peak_factor * (window == 0 ? first_rate_hz : windows[window - 1].counted_hz());
}

std::vector<InputFile> DynamicExperiment::inputs() const {
  std::vector<InputFile> all = common.inputs();
  all.insert(all.end(), arrivals.inputs.begin(), arrivals.inputs.end());
  return all;
}

std::vector<std::string> DynamicExperiment::notes() const {
  std::vector<std::string> all = common.notes();
  if (!arrivals.note.empty()) all.push_back(arrivals.note);
  return all;
}

Result<DynamicExperiment> parse_dynamic_experiment(const std::string& text, const std::string& name,
                                                   const std::string& base) {
  const auto json = parse_json(text, name);
  if (!json) return json.error();
  MaybeError error;
  std::vector<Defaulted> defaults;
  ObjectReader in(*json, name, error, &defaults);
  in.choice("schema", {"wattline-dynamic/1"});
  DynamicExperiment experiment;
  experiment.common.seed = static_cast<std::uint64_t>(in.integer_or("seed", 0, INT64_MAX, 1));
  if (!error) read_time(experiment, in, base);
  if (!error) read_planner(experiment, in);
  if (!error) read_common(experiment, in, *json, name, base, error);
  const std::size_t rows =
      experiment.windows.size() * experiment.common.problems.size() * (1 + experiment.common.policies.size());
  if (!error && rows > most_rows)
    in.fail("window_s", fmt::format("makes {} windows of all problems and policies; at most {} are accepted",
                                    rows, most_rows));
  if (error) return *error;
  const OrderedJson own = resolved_configuration(*json, name, defaults);
  for (const auto& [key, value] : own["defaults"].items()) experiment.configuration["defaults"][key] = value;
  return experiment;
}

Result<DynamicExperiment> read_dynamic_experiment(const std::string& path) {
  const auto text = read_text_file(path);
  if (!text) return text.error();
  return parse_dynamic_experiment(*text, path, directory_of(path));
}

}  // namespace wattline::experiments
