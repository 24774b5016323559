// Reading dynamic experiments: defaults, and what is rejected with its place.
#include <string>

#include "experiments/dynamic/dynamic_experiment.hpp"
#include "tests/catch.hpp"

namespace wattline::experiments {
namespace {

const Json good = Json::parse(R"({
  "schema": "wattline-dynamic/1", "name": "d", "device": "orin-agx-64gb", "mode_space": "fulcrum",
  "arrivals": {"kind": "piecewise", "segments": [{"duration_s": 25, "rate_hz": 30}]},
  "window_s": 10,
  "problems": [{"kind": "concurrent", "train": "resnet18", "infer": "mobilenet_v3_large",
                "power_budgets_w": [20, 25], "latency_budgets_ms": [600]}],
  "policies": [{"policy": "gmd"}]
})");

TEST_CASE("A dynamic experiment is read with its defaults, and says which it took") {
  const auto experiment = parse_dynamic_experiment(good.dump(), "d.json", "/base");
  REQUIRE(experiment.ok());
  CHECK(experiment->knowledge == RateKnowledge::previous);
  CHECK(experiment->peak_factor == 1);
  CHECK(experiment->replan_change == 0.1);
  CHECK(experiment->first_rate_hz == 30);
  CHECK(experiment->max_wait_ns == 0);
  REQUIRE(experiment->windows.size() == 3);
  CHECK(experiment->windows[2].start_ns == 20 * sim::ns_per_s);
  CHECK(experiment->end_ns() == 25 * sim::ns_per_s);
  REQUIRE(experiment->common.problems.size() == 2);
  CHECK(experiment->common.problems[0].id == "resnet18+mobilenet_v3_large/600ms/20W");
  CHECK(experiment->configuration["given"] == OrderedJson::parse(good.dump()));
  for (const char* key : {"seed", "rate", "peak_factor", "replan_change", "max_wait_ms", "first_rate_hz"})
    CHECK(experiment->configuration["defaults"].contains(key));
}

TEST_CASE("Without a duration a log is replayed to the end of its last window") {
  Json json = good;
  json["arrivals"] = {{"kind", "uniform"}, {"rate_hz", 10}, {"requests", 120}};
  const auto experiment = parse_dynamic_experiment(json.dump(), "d.json", "/base");
  REQUIRE(experiment.ok());
  // The last request comes at 12 s.
  CHECK(experiment->windows.size() == 2);
  CHECK(experiment->end_ns() == 20 * sim::ns_per_s);
  CHECK(experiment->windows[0].arrived == 99);
  CHECK(experiment->windows[1].arrived == 21);
}

TEST_CASE("A duration cuts the arrivals") {
  Json json = good;
  json["duration_s"] = 12;
  const auto experiment = parse_dynamic_experiment(json.dump(), "d.json", "/base");
  REQUIRE(experiment.ok());
  CHECK(experiment->windows.size() == 2);
  CHECK(experiment->end_ns() == 12 * sim::ns_per_s);
  CHECK(experiment->instants_ns.back() < 12 * sim::ns_per_s);
}

// The file with `change` merged into it is bad input, and the message holds all of `parts`.
void check_rejected(const std::string& change, const std::vector<std::string>& parts) {
  Json json = good;
  json.merge_patch(Json::parse(change));
  const auto experiment = parse_dynamic_experiment(json.dump(), "d.json", "/base");
  CAPTURE(change);
  REQUIRE_FALSE(experiment.ok());
  CHECK(experiment.error().kind == Error::Kind::bad_input);
  CAPTURE(experiment.error().message);
  CHECK(experiment.error().message.find("d.json") != std::string::npos);
  for (const std::string& part : parts) CHECK(experiment.error().message.find(part) != std::string::npos);
}

TEST_CASE("What cannot be meant is rejected, and the field is named") {
  check_rejected(R"({"schema": "wattline-experiment/1"})", {"schema", "wattline-dynamic/1"});
  check_rejected(R"({"window_s": 0})", {"window_s", "0"});
  check_rejected(R"({"window_s": null})", {"window_s"});
  check_rejected(R"({"windows_s": 5})", {"windows_s", "window_s"});
  check_rejected(R"({"polices": []})", {"polices", "policies"});
  check_rejected(R"({"rate": "future"})", {"rate", "future"});
  check_rejected(R"({"rate": "known", "first_rate_hz": 3})", {"first_rate_hz"});
  check_rejected(R"({"peak_factor": -1})", {"peak_factor"});
  check_rejected(R"({"replan_change": -0.1})", {"replan_change"});
  check_rejected(R"({"max_wait_ms": -1})", {"max_wait_ms"});
  check_rejected(R"({"max_wait_ms": 1e-7})", {"max_wait_ms", "nanosecond"});
  check_rejected(R"({"duration_s": 0})", {"duration_s"});
  check_rejected(R"({"duration_s": 1e8})", {"duration_s"});
  check_rejected(R"({"arrivals": {"segments": [{"duration_s": 1e8, "rate_hz": 0.01}]}})",
                 {"arrivals", "duration_s"});
  check_rejected(R"({"window_s": 0.001, "duration_s": 1e6})", {"window_s"});
  check_rejected(R"({"device": "orin"})", {"device"});
  check_rejected(R"({"replay": {}})", {"replay"});
  check_rejected(R"({"arrivals": {"segments": null, "kind": "poisson", "rate_hz": 5}})", {"duration_s"});
  check_rejected(R"({"arrivals": {"segments": [{"duration_s": 5, "rate_hz": 0}]}})", {"arrivals"});
  check_rejected(R"({"arrivals": {"segments": [{"duration_s": 5, "rate_hz": 1e9}]}})",
                 {"arrivals", "requests"});
  check_rejected(R"({"arrivals": {"kind": "azure_llm", "segments": null, "file": "nowhere.csv"}})",
                 {"file", "nowhere.csv"});
}

TEST_CASE("What a dynamic problem cannot have is rejected, and the field is named") {
  const auto with_problem = [](const std::string& change) {
    Json problem = good["problems"][0];
    problem.merge_patch(Json::parse(change));
    return Json{{"problems", {problem}}}.dump();
  };
  check_rejected(with_problem(R"({"kind": "train"})"), {"problems", "kind", "train"});
  check_rejected(with_problem(R"({"arrival_rates_hz": [30]})"), {"arrival_rates_hz", "arrivals"});
  check_rejected(with_problem(R"({"power_budgets_w": [-1]})"), {"power_budgets_w"});
  check_rejected(with_problem(R"({"latency_budget_ms": 5})"), {"latency_budget_ms", "latency_budgets_ms"});
  check_rejected(with_problem(R"({"infer": "resnet5"})"), {"infer", "resnet5"});
  check_rejected(R"({"problems": []})", {"problems"});
  check_rejected(R"({"policies": [{"policy": "gdm"}]})", {"policy", "gdm"});
  check_rejected(R"({"policies": [{"policy": "gmd", "label": "optimum"}]})", {"label", "optimum"});
  check_rejected(R"({"policies": [{"policy": "gmd", "solves": "sample"}]})", {"solves"});
  // 2 problems x (1 policy + the optimum) x 100,000 windows are accepted, thirty policies are not.
  Json many = Json::array();
  for (int i = 0; i < 30; ++i) many.push_back({{"policy", "gmd"}, {"label", "g" + std::to_string(i)}});
  check_rejected(Json{{"window_s", 0.001}, {"duration_s", 100}, {"policies", many}}.dump(),
                 {"window_s", "windows"});
}

}  // namespace
}  // namespace wattline::experiments
