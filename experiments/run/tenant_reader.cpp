#include "experiments/run/tenant_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/run/input_pipeline_reader.hpp"

namespace wattline::experiments {

using workloads::Role;

namespace {

constexpr std::size_t most_tenants = 1'000;
constexpr std::ptrdiff_t most_pipelines = 32;  // which share the cores
// In the order of sim::Dispatcher.
constexpr const char* dispatcher_kinds[] = {"managed_interleaving", "first_in_first_out", "earliest_deadline",
                                            "fixed_priority",       "time_slicing",       "cuda_streams"};
constexpr Range at_least_1_ns_in_ms = between(1e-6, 1e9);  // the clock's resolution

sim::TimeNs milliseconds(double value) {
  return std::llround(value * 1e6);
}

// The one object under the key, or the list of them.
std::vector<ObjectReader> one_or_more(ObjectReader& in, const std::string& key) {
  if (!in.any(key).is_array()) return {in.object(key)};
  std::vector<ObjectReader> all = in.objects(key);
  if (all.size() > most_tenants) {
    in.fail(key, fmt::format("{} of them; at most {} are accepted", all.size(), most_tenants));
    all.clear();
  }
  return all;
}

// When minibatches are formed: of so many requests, after so long a wait, or whichever comes first.
void read_formation(ScenarioStream& stream, ObjectReader& in) {
  const bool waits = in.has("max_wait_ms");
  stream.max_wait_ns = milliseconds(in.number_or("max_wait_ms", at_least_1_ns_in_ms, 0));
  const std::string form =
      in.choice_or("form", {"size", "timeout", "size_or_timeout"}, waits ? "size_or_timeout" : "size");
  stream.only_after_wait = form == "timeout";
  if (form == "size" && waits) in.fail("form", "of size alone, 'max_wait_ms' has no meaning");
  if (form != "size" && !waits) in.fail("max_wait_ms", fmt::format("missing; form {} needs it", form));
}

ScenarioStream read_stream(const Scenario& scenario, ScenarioPhase& phase, ObjectReader& in) {
  ScenarioStream stream;
  stream.workload = read_workload(in, "workload", scenario.board, Role::infer);
  phase.infer_batch.push_back(in.integer("batch", 1, largest_batch));
  check_batch(in, "batch", scenario.board, stream.workload, Role::infer, phase.infer_batch.back());
  read_formation(stream, in);
  stream.latency_budget_ns = milliseconds(in.number_or("latency_budget_ms", at_least_1_ns_in_ms, 0));
  stream.priority = in.integer_or("priority", 0, 1'000'000, 0);
  if (in.has("admission_limit")) stream.admission_limit = in.integer("admission_limit", 1, 100'000'000);
  check_admission(stream, phase.infer_batch.back(), in, "admission_limit");
  return stream;
}

double read_expected_rate(const Scenario& scenario, ObjectReader& in, const ArrivalSource& arrivals) {
  reject_unheeded(scenario, in, "expected_rate_hz");
  return in.number_or("expected_rate_hz", between(0, 1e9), arrivals.mean_rate_hz());
}

sim::Dispatcher read_dispatcher(ObjectReader in) {
  const std::string kind = in.choice("kind", {std::begin(dispatcher_kinds), std::end(dispatcher_kinds)});
  sim::Dispatcher dispatcher;
  if (kind == "first_in_first_out") dispatcher = sim::FirstInFirstOut{};
  if (kind == "earliest_deadline") dispatcher = sim::EarliestDeadline{};
  if (kind == "fixed_priority") dispatcher = sim::FixedPriority{};
  if (kind == "time_slicing") {
    sim::TimeSlicing slicing;
    const double slice_ms = sim::ns_to_ms(slicing.options.slice_ns),
                 switch_ms = sim::ns_to_ms(slicing.options.switch_ns);
    slicing.options.slice_ns = milliseconds(in.number_or("slice_ms", between(1e-3, 1e3), slice_ms));
    slicing.options.switch_ns = milliseconds(in.number_or("switch_ms", between(0, 1e3), switch_ms));
    dispatcher = slicing;
  }
  if (kind == "cuda_streams") {
    sim::CudaStreams streams;
    streams.options.interference = in.number_or("interference", between(0, 10), streams.options.interference);
    dispatcher = streams;
  }
  in.reject_unknown_keys();
  return dispatcher;
}

}  // namespace

void read_dispatcher(Scenario& scenario, ObjectReader& in) {
  if (in.has("dispatcher")) scenario.dispatcher = read_dispatcher(in.object("dispatcher"));
}

void reject_unheeded(const Scenario& scenario, ObjectReader& in, const std::string& key) {
  if (std::holds_alternative<sim::ManagedInterleaving>(scenario.dispatcher) || !in.has(key)) return;
  in.fail(key, fmt::format("has no meaning under dispatcher '{}'; only {} heeds it",
                           dispatcher_kinds[scenario.dispatcher.index()], dispatcher_kinds[0]));
}

void check_admission(const ScenarioStream& stream, std::int64_t batch, ObjectReader& in,
                     const std::string& key) {
  if (stream.max_wait_ns > 0 || !stream.admission_limit || *stream.admission_limit >= batch) return;
  in.fail(key,
          fmt::format("with an admission limit of {} a batch of {} would never be full; a limit of at least "
                      "the batch, or 'max_wait_ms', is expected",
                      *stream.admission_limit, batch));
}

void read_streams(Scenario& scenario, ScenarioPhase& phase, ObjectReader& in, const std::string& base) {
  const bool infers = in.has("infer");
  if (infers && in.any("infer").is_array()) {
    for (ObjectReader& each : one_or_more(in, "infer")) {
      ScenarioStream stream = read_stream(scenario, phase, each);
      stream.arrivals = read_arrival_source(each.object("arrivals"), base, false);
      phase.expected_rate_hz.push_back(read_expected_rate(scenario, each, stream.arrivals));
      each.reject_unknown_keys();
      scenario.streams.push_back(std::move(stream));
    }
    for (const char* key : {"arrivals", "expected_rate_hz"})
      if (in.has(key)) in.fail(key, "each of the streams in 'infer' holds its own");
    return;
  }
  ScenarioStream stream;
  if (infers) {
    ObjectReader each = in.object("infer");
    stream = read_stream(scenario, phase, each);
    each.reject_unknown_keys();
  }
  if (in.has("arrivals")) stream.arrivals = read_arrival_source(in.object("arrivals"), base, false);
  const double expected_rate_hz = read_expected_rate(scenario, in, stream.arrivals);
  const bool arrives = stream.arrivals.kind != ArrivalSource::Kind::none;
  if (infers && !arrives) in.fail("arrivals", "missing; 'infer' needs it");
  if (!infers && arrives && in.has("train")) in.fail("arrivals", "nothing serves them; 'infer' is missing");
  if (!infers) return;
  phase.expected_rate_hz.push_back(expected_rate_hz);
  scenario.streams.push_back(std::move(stream));
}

void read_training(Scenario& scenario, ScenarioPhase& phase, ObjectReader& in) {
  if (!in.has("train")) return;
  for (ObjectReader& each : one_or_more(in, "train")) {
    ScenarioJob job;
    job.workload = read_workload(each, "workload", scenario.board, Role::train);
    job.batch = each.integer_or("batch", 1, largest_batch, job.batch);
    check_batch(each, "batch", scenario.board, job.workload, Role::train, job.batch);
    reject_unheeded(scenario, each, "per_cycle");
    phase.train_per_cycle.push_back(each.integer_or("per_cycle", 0, largest_batch, -1));
    job.priority = each.integer_or("priority", 0, 1'000'000, 0);
    if (each.has("input_pipeline"))
      job.input_pipeline =
          read_input_pipeline(each.object("input_pipeline"), scenario.board, job.workload, job.batch);
    each.reject_unknown_keys();
    scenario.training.push_back(std::move(job));
  }
  const auto loaded = std::count_if(scenario.training.begin(), scenario.training.end(),
                                    [](const ScenarioJob& job) { return job.input_pipeline.has_value(); });
  if (loaded > most_pipelines)
    in.fail("train", fmt::format("{} input pipelines; at most {} are accepted", loaded, most_pipelines));
}

}  // namespace wattline::experiments
