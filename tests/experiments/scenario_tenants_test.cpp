// Scenarios of several streams and jobs, and their dispatchers: how they are read, and what a run of them
// shows.
#include "experiments/run/scenario.hpp"
#include "tests/catch.hpp"

namespace wattline::experiments {
namespace {

const Json two_streams = Json::parse(R"({
  "schema": "wattline-scenario/1", "name": "s", "device": "orin-agx-64gb", "mode": "MAXN",
  "infer": [
    {"workload": "yolov8n", "batch": 1, "latency_budget_ms": 100, "priority": 1, "admission_limit": 3,
     "arrivals": {"kind": "uniform", "rate_hz": 10}},
    {"workload": "mobilenet_v3_large", "batch": 16, "form": "timeout", "max_wait_ms": 200,
     "arrivals": {"kind": "poisson", "rate_hz": 60}}
  ],
  "train": [{"workload": "resnet18"}, {"workload": "lstm", "batch": 4, "priority": 3}],
  "dispatcher": {"kind": "time_slicing", "slice_ms": 2},
  "duration_s": 60
})");

Result<Scenario> parsed(const Json& json) {
  return parse_scenario(json.dump(), "s.json", "/base");
}

std::string error_with(const std::string& pointer, const Json& value) {
  Json changed = two_streams;
  changed[Json::json_pointer(pointer)] = value;
  const auto scenario = parsed(changed);
  return scenario ? "(accepted)" : scenario.error().message;
}

sim::RunResult run_with(const Json& dispatcher) {
  Json json = two_streams;
  json["dispatcher"] = dispatcher;
  const auto scenario = parsed(json);
  if (!scenario) FAIL(scenario.error().message);
  auto run = run_scenario(*scenario);
  if (!run) FAIL(run.error().message);
  return *std::move(run);
}

TEST_CASE("Streams, jobs and the dispatcher of a scenario are read") {
  const auto scenario = parsed(two_streams);
  INFO((scenario ? "" : scenario.error().message));
  REQUIRE(scenario.ok());
  REQUIRE(scenario->streams.size() == 2);
  CHECK(scenario->streams[0].workload == "yolov8n");
  CHECK(scenario->streams[0].latency_budget_ns == 100'000'000);
  CHECK(scenario->streams[0].priority == 1);
  CHECK(scenario->streams[0].admission_limit == 3);
  CHECK_FALSE(scenario->streams[0].only_after_wait);
  CHECK(scenario->streams[1].only_after_wait);
  CHECK(scenario->streams[1].max_wait_ns == 200'000'000);
  CHECK_FALSE(scenario->streams[1].admission_limit.has_value());
  CHECK(scenario->phases[0].infer_batch == std::vector<std::int64_t>{1, 16});
  CHECK(scenario->phases[0].expected_rate_hz == std::vector<double>{10, 60});  // the arrivals'
  REQUIRE(scenario->training.size() == 2);
  CHECK(scenario->training[1].batch == 4);
  CHECK(scenario->training[1].priority == 3);
  CHECK(scenario->phases[0].train_per_cycle == std::vector<std::int64_t>{-1, -1});
  const auto& slicing = std::get<sim::TimeSlicing>(scenario->dispatcher);
  CHECK(slicing.options.slice_ns == 2'000'000);
  CHECK(slicing.options.switch_ns == 100'000);
}

TEST_CASE("What is wrong with a stream, a job or a dispatcher is named") {
  CHECK(error_with("/arrivals", {{"kind", "poisson"}, {"rate_hz", 60}}) ==
        "s.json: arrivals: each of the streams in 'infer' holds its own");
  CHECK(error_with("/infer/1/form", "size").find("'max_wait_ms' has no meaning") != std::string::npos);
  CHECK(error_with("/infer/0/form", "timeout").find("missing; form timeout needs it") != std::string::npos);
  CHECK(error_with("/infer/0/admision_limit", 3).find("admission_limit") != std::string::npos);
  CHECK(error_with("/infer/0/admission_limit", 0).find("admission_limit") != std::string::npos);
  CHECK(error_with("/dispatcher/kind", "time_slices").find("time_slicing") != std::string::npos);
  CHECK(error_with("/dispatcher/slice_ms", 1e-6).find("slice_ms") != std::string::npos);
  CHECK(error_with("/dispatcher/interference", 1).find("interference") != std::string::npos);
  CHECK(error_with("/changes", {{{"at_s", 1}, {"infer_batch", 4}}})
            .find("1 given; one for each of 2 is expected") != std::string::npos);
  CHECK(error_with("/changes", {{{"at_s", 1}, {"infer_batch", {2, 8}}}}) == "(accepted)");
}

TEST_CASE("What is expected, and how much is trained a cycle, is read under managed interleaving") {
  Json json = two_streams;
  json["dispatcher"] = {{"kind", "managed_interleaving"}};
  json["infer"][1]["expected_rate_hz"] = 50;
  json["train"][1]["per_cycle"] = 2;
  json["changes"] = {{{"at_s", 1}, {"train_per_cycle", {0, 1}}, {"expected_rate_hz", {5, 6}}}};
  const auto scenario = parsed(json);
  INFO((scenario ? "" : scenario.error().message));
  REQUIRE(scenario.ok());
  CHECK(scenario->phases[0].expected_rate_hz == std::vector<double>{10, 50});
  CHECK(scenario->phases[0].train_per_cycle == std::vector<std::int64_t>{-1, 2});
  CHECK(scenario->phases[1].expected_rate_hz == std::vector<double>{5, 6});
  CHECK(scenario->phases[1].train_per_cycle == std::vector<std::int64_t>{0, 1});
}

TEST_CASE("Under every other dispatcher it is refused, not ignored") {
  const auto under = [](const std::string& kind, const std::string& pointer, const Json& value) {
    Json json = two_streams;
    json["dispatcher"] = {{"kind", kind}};
    json[Json::json_pointer(pointer)] = value;
    const auto scenario = parsed(json);
    return scenario ? "(accepted)" : scenario.error().message;
  };
  for (const std::string kind :
       {"first_in_first_out", "earliest_deadline", "fixed_priority", "time_slicing", "cuda_streams"}) {
    const std::string why =
        ": has no meaning under dispatcher '" + kind + "'; only managed_interleaving heeds it";
    CHECK(under(kind, "/train/1/per_cycle", 2) == "s.json: train[1]: per_cycle" + why);
    CHECK(under(kind, "/infer/1/expected_rate_hz", 50) == "s.json: infer[1]: expected_rate_hz" + why);
    CHECK(under(kind, "/changes", {{{"at_s", 1}, {"train_per_cycle", {0, 1}}}}) ==
          "s.json: changes[0]: train_per_cycle" + why);
    CHECK(under(kind, "/changes", {{{"at_s", 1}, {"expected_rate_hz", {5, 6}}}}) ==
          "s.json: changes[0]: expected_rate_hz" + why);
    CHECK(under(kind, "/priority", 1) != "(accepted)");
    CHECK(under(kind, "/seed", 2) == "(accepted)");
  }
}

TEST_CASE("A batch that could never fill is refused, at the start and in a change") {
  const std::string why =
      " a batch of 4 would never be full; a limit of at least the batch, or 'max_wait_ms', is expected";
  CHECK(error_with("/infer/0/batch", 4) ==
        "s.json: infer[0]: admission_limit: with an admission limit of 3" + why);
  CHECK(error_with("/infer/0/batch", 3) == "(accepted)");
  CHECK(error_with("/changes", {{{"at_s", 1}, {"infer_batch", {4, 16}}}}) ==
        "s.json: changes[0]: infer_batch: with an admission limit of 3" + why);
  CHECK(error_with("/changes", {{{"at_s", 1}, {"infer_batch", {3, 16}}}}) == "(accepted)");
  // The other stream's minibatches are formed by its wait, however few its requests are.
  CHECK(error_with("/infer/1/admission_limit", 5) == "(accepted)");
}

TEST_CASE("A queue that may not hold a batch is refused") {
  CHECK(error_with("/max_waiting", 15) ==
        "s.json: max_waiting: 15 is less than a batch of 16, which could not gather; at least that is "
        "expected");
  CHECK(error_with("/max_waiting", 16) == "(accepted)");
  Json json = two_streams;
  json["max_waiting"] = 16;
  json["changes"] = {{{"at_s", 1}, {"infer_batch", {1, 17}}}};
  CHECK(parsed(json).error().message.find("s.json: max_waiting: 16 is less than a batch of 17") == 0);
}

TEST_CASE("Requests of a stream without a budget are not late, with serving overhead either") {
  Json json = two_streams;
  json["serving_overhead"] = {{"parallel_ms", 1}};
  const auto scenario = parsed(json);
  REQUIRE(scenario.ok());
  const auto run = run_scenario(*scenario);
  REQUIRE(run.ok());
  const Json streams = Json::parse(stream_figures_of(*scenario, *run).to_json());
  CHECK(streams[1]["requests_late"].is_null());
  CHECK(Json::parse(figures_of(*scenario, *run).to_json())[0]["requests_late"] ==
        streams[0]["requests_late"]);
}

// Mean power of each rail, and training minibatches a second.
struct Trained {
  std::vector<double> power_w;
  double rate_hz = 0;
};
Trained trained(const Scenario& scenario) {
  const auto run = run_scenario(scenario);
  if (!run) FAIL(run.error().message);
  Trained figures;
  const double simulated_s = sim::ns_to_seconds(run->simulated_ns);
  for (std::size_t rail = 0; rail < scenario.board.truth->rails().size(); ++rail)
    figures.power_w.push_back(run->energy.rail_j(rail) / simulated_s);
  figures.rate_hz = static_cast<double>(run->train().finished) / simulated_s;
  return figures;
}

TEST_CASE("Side by side two trainings draw the power of busy clocks once, and that of the work of both") {
  Json json = two_streams;
  json.erase("infer");
  json["dispatcher"] = {{"kind", "cuda_streams"}};
  json["duration_s"] = 120;
  json["train"] = {{{"workload", "resnet18"}}};
  const auto alone = parsed(json);
  REQUIRE(alone.ok());
  json["train"] = {{{"workload", "resnet18"}}, {{"workload", "resnet18"}}};
  const auto both = parsed(json);
  REQUIRE(both.ok());
  const Trained one = trained(*alone), two = trained(*both);
  const double speed = two.rate_hz / one.rate_hz;
  CHECK(speed > 1.1);
  const auto busy_w = alone->board.truth->busy_power_w(alone->phases[0].mode);
  REQUIRE(busy_w.ok());
  for (std::size_t rail = 0; rail < one.power_w.size(); ++rail) {
    CAPTURE(rail);
    CHECK(one.power_w[rail] > (*busy_w)[rail]);
    // But for the minibatches in flight at the end, of which both run 2000.
    CHECK(two.power_w[rail] ==
          Approx((*busy_w)[rail] + speed * (one.power_w[rail] - (*busy_w)[rail])).epsilon(2e-3));
  }
}

TEST_CASE("Every dispatcher serves both streams and keeps the books of each") {
  for (const char* kind : {"managed_interleaving", "first_in_first_out", "earliest_deadline",
                           "fixed_priority", "time_slicing", "cuda_streams"}) {
    CAPTURE(kind);
    const sim::RunResult run = run_with({{"kind", kind}});
    CHECK(run.streams[0].requests.arrived == 600);
    CHECK(run.streams[1].requests.arrived > 3300);
    for (const sim::StreamResult& stream : run.streams)
      CHECK(stream.requests.arrived ==
            stream.requests.completed + stream.requests.dropped + stream.requests.pending);
    CHECK(run.streams[1].requests.completed > 3000);
    CHECK(run.simulated_ns == 60'000'000'000);
  }
}

TEST_CASE("The arrivals of a stream do not depend on what else the scenario holds") {
  Json alone = two_streams;
  alone["infer"].erase(0);
  const auto scenario = parsed(alone);
  REQUIRE(scenario.ok());
  Json beside = two_streams;
  std::swap(beside["infer"][0], beside["infer"][1]);
  const auto swapped = parsed(beside);
  REQUIRE(swapped.ok());
  CHECK(run_scenario(*scenario)->streams[0].requests.arrived ==
        run_scenario(*swapped)->streams[0].requests.arrived);
}

TEST_CASE("Side by side wants a model that counts kernels") {
  Json json = two_streams;
  json.erase("device");
  json["model"] = "built-in:orin-agx-64gb";
  json["dispatcher"] = {{"kind", "cuda_streams"}};
  const auto scenario = parsed(json);
  INFO((scenario ? "" : scenario.error().message));
  REQUIRE(scenario.ok());
  const auto run = run_scenario(*scenario);
  REQUIRE_FALSE(run.ok());
  CHECK(run.error().message ==
        "what yolov8n wants of the GPU's units is not known: only the roofline of a board counts kernels");
}

TEST_CASE("The tables of a run have one row for each stream and each job") {
  const auto scenario = parsed(two_streams);
  REQUIRE(scenario.ok());
  const auto run = run_scenario(*scenario);
  REQUIRE(run.ok());
  const ResultTable streams = stream_figures_of(*scenario, *run),
                    training = training_figures_of(*scenario, *run);
  REQUIRE(streams.rows.size() == 2);
  CHECK(streams.rows[0].size() == streams.columns.size());
  CHECK(streams.rows[1].size() == streams.columns.size());
  REQUIRE(training.rows.size() == 2);
  CHECK(std::get<std::string>(training.rows[1][1]) == "lstm");
}

}  // namespace
}  // namespace wattline::experiments
