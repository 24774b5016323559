#include <fmt/format.h>

#include <cmath>

#include "experiments/run/scenario.hpp"

namespace wattline::experiments {

using workloads::Role;

namespace {

constexpr std::int64_t largest_batch = 1'000'000;
constexpr std::size_t most_changes = 10'000;
constexpr Range at_least_1_ns_in_ms = between(1e-6, 1e9);  // the clock's resolution

sim::TimeNs milliseconds(double value) {
  return std::llround(value * 1e6);
}

// The first phase, from the scenario's own fields.
ScenarioPhase read_first_phase(Scenario& scenario, ObjectReader& in) {
  ScenarioPhase phase;
  phase.mode = read_mode(in, "mode", scenario.board);
  if (in.has("infer")) {
    ObjectReader infer = in.object("infer");
    scenario.infer_workload = read_workload(infer, "workload", scenario.board, Role::infer);
    phase.infer_batch = infer.integer("batch", 1, largest_batch);
    check_batch(infer, "batch", scenario.board, scenario.infer_workload, Role::infer, phase.infer_batch);
    scenario.max_wait_ns = milliseconds(infer.number_or("max_wait_ms", at_least_1_ns_in_ms, 0));
    scenario.latency_budget_ns = milliseconds(infer.number_or("latency_budget_ms", at_least_1_ns_in_ms, 0));
    infer.reject_unknown_keys();
  }
  if (in.has("train")) {
    ObjectReader train = in.object("train");
    scenario.train_workload = read_workload(train, "workload", scenario.board, Role::train);
    scenario.train_batch = train.integer_or("batch", 1, largest_batch, scenario.train_batch);
    check_batch(train, "batch", scenario.board, scenario.train_workload, Role::train, scenario.train_batch);
    phase.train_per_cycle = train.integer_or("per_cycle", 0, largest_batch, -1);
    train.reject_unknown_keys();
  }
  return phase;
}

// {"parallel_ms": 2.1, "parallel_cv": 0.25, "serialised_ms": 0.13}; what is left out is 0.
sim::ServingOverhead read_serving_overhead(ObjectReader in) {
  sim::ServingOverhead overhead;
  overhead.parallel_mean_ns = milliseconds(in.number_or("parallel_ms", between(0, 1e7), 0));
  overhead.parallel_cv = in.number_or("parallel_cv", between(0, 10), 0);
  overhead.serialised_ns = milliseconds(in.number_or("serialised_ms", between(0, 1e7), 0));
  in.reject_unknown_keys();
  return overhead;
}

// A later phase: what is not given stays as it was.
void read_change(Scenario& scenario, ObjectReader& in) {
  ScenarioPhase phase = scenario.phases.back();
  const sim::TimeNs start_ns = std::llround(in.number("at_s", above(0, 1e9)) * 1e9);
  if (!in.failed() && start_ns <= phase.start_ns)
    in.fail("at_s", "changes must be in ascending order of time");
  phase.start_ns = start_ns;
  if (in.has("mode")) phase.mode = read_mode(in, "mode", scenario.board);
  if (in.has("infer_batch")) {
    phase.infer_batch = in.integer("infer_batch", 1, largest_batch);
    if (scenario.infer_workload.empty()) in.fail("infer_batch", "the scenario has no inference");
    check_batch(in, "infer_batch", scenario.board, scenario.infer_workload, Role::infer, phase.infer_batch);
  }
  if (in.has("train_per_cycle")) {
    phase.train_per_cycle = in.integer("train_per_cycle", 0, largest_batch);
    if (scenario.train_workload.empty()) in.fail("train_per_cycle", "the scenario has no training");
  }
  phase.expected_rate_hz = in.number_or("expected_rate_hz", between(0, 1e9), phase.expected_rate_hz);
  in.reject_unknown_keys();
  scenario.phases.push_back(phase);
}

void check_whole(const Scenario& scenario, ObjectReader& in) {
  if (in.failed()) return;
  const bool infers = !scenario.infer_workload.empty();
  const bool trains = !scenario.train_workload.empty();
  if (!infers && !trains) in.fail("", "neither 'infer' nor 'train' is given; at least one is expected");
  if (infers && scenario.arrivals.kind == ArrivalSource::Kind::none)
    in.fail("arrivals", "missing; 'infer' needs it");
  if (!infers && scenario.arrivals.kind != ArrivalSource::Kind::none)
    in.fail("arrivals", "nothing serves them; 'infer' is missing");
  const bool ends = scenario.duration_ns || (infers && scenario.arrivals.finite());
  if (!ends) in.fail("duration_s", "missing; neither it nor the arrivals end the run");
}

}  // namespace

std::vector<InputFile> Scenario::inputs() const {
  std::vector<InputFile> all = board.inputs;
  all.insert(all.end(), arrivals.inputs.begin(), arrivals.inputs.end());
  return all;
}

std::vector<std::string> Scenario::notes() const {
  Batches used;
  if (!train_workload.empty()) used[{train_workload, Role::train}] = {train_batch};
  for (const ScenarioPhase& phase : phases)
    if (!infer_workload.empty()) used[{infer_workload, Role::infer}].insert(phase.infer_batch);
  std::vector<std::string> all = notes_on(board, used);
  if (!arrivals.note.empty()) all.push_back(arrivals.note);
  return all;
}

Result<Scenario> parse_scenario(const std::string& text, const std::string& name, const std::string& base) {
  const auto json = parse_json(text, name);
  if (!json) return json.error();
  MaybeError error;
  std::vector<Defaulted> defaults;
  ObjectReader in(*json, name, error, &defaults);
  in.choice("schema", {"wattline-scenario/1"});
  Scenario scenario;
  scenario.name = in.text("name");
  scenario.seed = static_cast<std::uint64_t>(in.integer_or("seed", 0, INT64_MAX, 1));
  scenario.board = read_board(in, base);
  if (error) return *error;
  ScenarioPhase first = read_first_phase(scenario, in);
  if (in.has("arrivals")) scenario.arrivals = read_arrival_source(in.object("arrivals"), base, false);
  if (in.has("serving_overhead")) {
    scenario.serving_overhead = read_serving_overhead(in.object("serving_overhead"));
    if (scenario.infer_workload.empty()) in.fail("serving_overhead", "the scenario has no inference");
  }
  first.expected_rate_hz =
      in.number_or("expected_rate_hz", between(0, 1e9), scenario.arrivals.mean_rate_hz());
  scenario.phases.push_back(first);
  if (in.has("duration_s"))
    scenario.duration_ns = std::llround(in.number("duration_s", between(1e-9, 1e9)) * 1e9);
  scenario.max_waiting = in.integer_or("max_waiting", 1, 100'000'000, scenario.max_waiting);
  const devices::Switching switching =
      scenario.board.spec ? scenario.board.spec->switching : devices::Switching{};
  scenario.mode_switch_ns =
      milliseconds(in.number_or("mode_switch_ms", between(0, 1e7), switching.mode_switch_ms));
  scenario.reboot_ns = milliseconds(1e3 * in.number_or("reboot_s", between(0, 86'400), switching.reboot_s));
  if (in.has("changes")) {
    std::vector<ObjectReader> changes = in.objects("changes");
    if (changes.size() > most_changes) {
      in.fail("changes", fmt::format("{} changes; at most {} are accepted", changes.size(), most_changes));
      changes.clear();
    }
    for (ObjectReader& change : changes) read_change(scenario, change);
  }
  in.reject_unknown_keys();
  check_whole(scenario, in);
  if (error) return *error;
  scenario.configuration = resolved_configuration(*json, name, defaults);
  return scenario;
}

Result<Scenario> read_scenario(const std::string& path) {
  const auto text = read_text_file(path);
  if (!text) return text.error();
  return parse_scenario(*text, path, directory_of(path));
}

}  // namespace wattline::experiments
