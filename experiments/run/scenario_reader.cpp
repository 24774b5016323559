#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/run/tenant_reader.hpp"
#include "experiments/sensor_options.hpp"

namespace wattline::experiments {

using workloads::Role;

namespace {

constexpr std::size_t most_changes = 10'000;

sim::TimeNs milliseconds(double value) {
  return std::llround(value * 1e6);
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

// {"time_cv": 0.025, "power_cv": 0.01}; what is left out is 0.
sim::VariabilityOptions read_variability(ObjectReader in) {
  sim::VariabilityOptions options;
  options.time_cv = in.number_or("time_cv", between(0, 1), 0);
  options.power_cv = in.number_or("power_cv", between(0, 1), 0);
  in.reject_unknown_keys();
  return options;
}

// {"ambient_c": 35, "fan_profile": "quiet"}: the heat of a board that has a thermal model.
std::optional<devices::ThermalSupervisor> read_heat(ObjectReader in, const Board& board) {
  if (!board.spec || !board.spec->thermal) {
    in.fail("", fmt::format("how {} gets warm is not known; its device file has no 'thermal'", board.name));
    return std::nullopt;
  }
  devices::ThermalOptions options;
  options.ambient_c = in.number_or("ambient_c", between(-40, 150), options.ambient_c);
  if (in.has("initial_c")) options.initial_c = in.number("initial_c", between(-40, 150));
  if (in.has("fan_profile")) options.fan_profile = in.text("fan_profile");
  if (in.has("fan_pwm")) options.fan_pwm = in.number("fan_pwm", between(0, 1));
  options.throttles = in.boolean_or("throttles", options.throttles);
  options.period_ms = static_cast<std::int32_t>(in.integer_or("period_ms", 1, 1000, options.period_ms));
  in.reject_unknown_keys();
  if (in.failed()) return std::nullopt;
  auto model = devices::ThermalSupervisor::make(*board.spec->thermal, options);
  if (model) return *std::move(model);
  // The field's path is the reader's.
  const std::string& message = model.error().message;
  const std::string prefix = "thermal: ";
  in.fail("", message.starts_with(prefix) ? message.substr(prefix.size()) : message);
  return std::nullopt;
}

// {"poll_hz": 10}: what the board's own power sensor says.
devices::PowerSensorOptions read_sensor(ObjectReader in, const Scenario& scenario) {
  devices::PowerSensorOptions sensor = read_power_sensor(in, scenario.board, scenario.seed);
  in.reject_unknown_keys();
  return sensor;
}

// Whether a list has one entry for each stream or job; else an error.
bool same_number(ObjectReader& in, const std::string& key, std::size_t given, std::size_t expected) {
  if (given != expected)
    in.fail(key, fmt::format("{} given; one for each of {} is expected", given, expected));
  return given == expected;
}

// A number, where there is one stream or job, or a list with one for each. `now`: what it replaces.
std::vector<std::int64_t> whole_numbers_for(ObjectReader& in, const std::string& key, std::int64_t least,
                                            const std::vector<std::int64_t>& now) {
  std::vector<std::int64_t> given = in.any(key).is_array()
                                        ? in.integers(key, least, largest_batch)
                                        : std::vector{in.integer(key, least, largest_batch)};
  return same_number(in, key, given.size(), now.size()) ? given : now;
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
    if (scenario.streams.empty()) in.fail("infer_batch", "the scenario has no inference");
    phase.infer_batch = whole_numbers_for(in, "infer_batch", 1, phase.infer_batch);
    for (std::size_t i = 0; i < scenario.streams.size(); ++i) {
      check_batch(in, "infer_batch", scenario.board, scenario.streams[i].workload, Role::infer,
                  phase.infer_batch[i]);
      check_admission(scenario.streams[i], phase.infer_batch[i], in, "infer_batch");
    }
  }
  reject_unheeded(scenario, in, "train_per_cycle");
  if (in.has("train_per_cycle")) {
    if (scenario.training.empty()) in.fail("train_per_cycle", "the scenario has no training");
    phase.train_per_cycle = whole_numbers_for(in, "train_per_cycle", 0, phase.train_per_cycle);
  }
  reject_unheeded(scenario, in, "expected_rate_hz");
  if (in.has("expected_rate_hz")) {
    std::vector<double> rates_hz = in.any("expected_rate_hz").is_array()
                                       ? in.numbers("expected_rate_hz", between(0, 1e9))
                                       : std::vector{in.number("expected_rate_hz", between(0, 1e9))};
    if (same_number(in, "expected_rate_hz", rates_hz.size(), phase.expected_rate_hz.size()))
      phase.expected_rate_hz = std::move(rates_hz);
  }
  in.reject_unknown_keys();
  scenario.phases.push_back(phase);
}

// {"emc_khz": 2133000}: caps that hold whatever mode is asked for.
void read_limits(Scenario& scenario, ObjectReader in) {
  const auto limit = [&](const char* key) -> std::optional<std::int32_t> {
    if (!in.has(key)) return std::nullopt;
    return static_cast<std::int32_t>(in.integer(key, 1, 100'000'000));
  };
  const devices::ClockLimits limits{limit("cpu_khz"), limit("gpu_khz"), limit("emc_khz")};
  in.reject_unknown_keys();
  const auto& spec = scenario.board.spec;
  if (!spec)
    in.fail("", fmt::format("the clocks that {} can have are not known, and so not which a limit leaves",
                            scenario.board.name));
  if (in.failed()) return;
  for (ScenarioPhase& phase : scenario.phases) {
    const auto mode = devices::limited(phase.mode, limits, devices::table_of(phase.mode, spec->clock_tables));
    if (mode == phase.mode) continue;
    scenario.limited.push_back(fmt::format("from {} s on, limits make {} of the mode {}",
                                           sim::ns_to_seconds(phase.start_ns), to_text(mode, spec->gpu.sms),
                                           to_text(phase.mode, spec->gpu.sms)));
    phase.mode = mode;
  }
}

// A change of mode that minibatches do not wait for takes its time; the next change may not come meanwhile.
void check_live_switching(const Scenario& scenario, ObjectReader& in) {
  if (!scenario.live_switching) return;
  for (std::size_t i = 1; i + 1 < scenario.phases.size(); ++i)
    if (scenario.phases[i].mode != scenario.phases[i - 1].mode &&
        scenario.phases[i + 1].start_ns - scenario.phases[i].start_ns <=
            scenario.switching.mode_switch_ns + 1)
      in.fail("changes", fmt::format("the one at {} s comes before the live switch of the one before is over",
                                     sim::ns_to_seconds(scenario.phases[i + 1].start_ns)));
}

void check_whole(const Scenario& scenario, ObjectReader& in) {
  if (in.failed()) return;
  check_live_switching(scenario, in);
  if (scenario.streams.empty() && scenario.training.empty())
    in.fail("", "neither 'infer' nor 'train' is given; at least one is expected");
  const bool arrivals_end =
      std::all_of(scenario.streams.begin(), scenario.streams.end(),
                  [](const ScenarioStream& stream) { return stream.arrivals.finite(); });
  const bool training_ends =
      std::any_of(scenario.training.begin(), scenario.training.end(), [](const ScenarioJob& job) {
        return job.input_pipeline && job.input_pipeline->epochs != workloads::unlimited_epochs;
      });
  const bool ends = scenario.duration_ns || scenario.energy_budget_fj ||
                    (arrivals_end && (!scenario.streams.empty() || training_ends));
  if (!ends)
    in.fail("duration_s",
            "missing; neither it, nor 'energy_budget_j', nor the arrivals, nor 'epochs' end the run");
  for (const ScenarioPhase& phase : scenario.phases)
    for (const std::int64_t batch : phase.infer_batch)
      if (scenario.max_waiting < batch)
        in.fail("max_waiting",
                fmt::format("{} is less than a batch of {}, which could not gather; at least that "
                            "is expected",
                            scenario.max_waiting, batch));
}

}  // namespace

std::vector<InputFile> Scenario::inputs() const {
  std::vector<InputFile> all = board.inputs;
  for (const ScenarioStream& stream : streams)
    all.insert(all.end(), stream.arrivals.inputs.begin(), stream.arrivals.inputs.end());
  return all;
}

std::vector<std::string> Scenario::notes() const {
  Batches used;
  for (const ScenarioJob& job : training) used[{job.workload, Role::train}].insert(job.batch);
  for (const ScenarioPhase& phase : phases)
    for (std::size_t i = 0; i < streams.size(); ++i)
      used[{streams[i].workload, Role::infer}].insert(phase.infer_batch[i]);
  std::vector<std::string> all = notes_on(board, used);
  all.insert(all.end(), limited.begin(), limited.end());
  for (const ScenarioStream& stream : streams)
    if (!stream.arrivals.note.empty()) all.push_back(stream.arrivals.note);
  return all;
}

bool has_input_pipeline(const Scenario& scenario) {
  return std::any_of(scenario.training.begin(), scenario.training.end(),
                     [](const ScenarioJob& job) { return job.input_pipeline.has_value(); });
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
  ScenarioPhase first;
  first.mode = read_mode(in, "mode", scenario.board);
  read_dispatcher(scenario, in);
  read_streams(scenario, first, in, base);
  read_training(scenario, first, in);
  if (in.has("serving_overhead")) {
    scenario.serving_overhead = read_serving_overhead(in.object("serving_overhead"));
    if (scenario.streams.empty()) in.fail("serving_overhead", "the scenario has no inference");
  }
  scenario.phases.push_back(first);
  if (in.has("duration_s"))
    scenario.duration_ns = std::llround(in.number("duration_s", between(1e-9, 1e9)) * 1e9);
  // To the microjoule; the clock ends a run that has more than it can spend.
  if (in.has("energy_budget_j"))
    scenario.energy_budget_fj =
        sim::Int128{std::llround(in.number("energy_budget_j", between(1e-6, 1e12)) * 1e6)} * 1'000'000'000;
  if (in.has("thermal")) scenario.thermal = read_heat(in.object("thermal"), scenario.board);
  if (in.has("sensor")) scenario.sensor = read_sensor(in.object("sensor"), scenario);
  if (in.has("variability")) scenario.variability = read_variability(in.object("variability"));
  scenario.max_waiting = in.integer_or("max_waiting", 1, 100'000'000, scenario.max_waiting);
  const devices::Switching switching =
      scenario.board.spec ? scenario.board.spec->switching : devices::Switching{};
  scenario.switching.mode_switch_ns =
      milliseconds(in.number_or("mode_switch_ms", between(0, 1e7), switching.mode_switch_ms));
  scenario.live_switching = in.choice_or("mode_switch", {"when_idle", "live"}, "when_idle") == "live";
  scenario.switching.reboot_ns =
      milliseconds(1e3 * in.number_or("reboot_s", between(0, 86'400), switching.reboot_s));
  if (in.has("changes")) {
    std::vector<ObjectReader> changes = in.objects("changes");
    if (changes.size() > most_changes) {
      in.fail("changes", fmt::format("{} changes; at most {} are accepted", changes.size(), most_changes));
      changes.clear();
    }
    for (ObjectReader& change : changes) read_change(scenario, change);
  }
  if (in.has("limits")) read_limits(scenario, in.object("limits"));
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
