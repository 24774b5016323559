// Families, samples and what a comparison says of its policies, against what is counted by hand.
#include "experiments/compare/summary.hpp"

#include <map>

#include "experiments/compare/families.hpp"
#include "experiments/compare/prediction_errors.hpp"
#include "tests/catch.hpp"

namespace wattline::experiments {
namespace {

using policies::Outcome;
using policies::Platform;
using policies::Problem;
using policies::ProblemKind;

Problem train_problem(const std::string& workload, double power_w) {
  Problem problem;
  problem.id = workload + std::to_string(power_w);
  problem.kind = ProblemKind::train;
  problem.train_workload = workload;
  problem.power_budget_w = power_w;
  return problem;
}

Experiment experiment_of(const Json& json) {
  auto experiment = parse_experiment(json.dump(), "e.json", "/base");
  INFO((experiment ? "" : experiment.error().message));
  REQUIRE(experiment.ok());
  return *std::move(experiment);
}

Json rows_of(const ResultTable& table) {
  return Json::parse(table.to_json());
}

const Json small = Json::parse(R"({
  "schema": "wattline-experiment/1", "name": "e", "device": "orin-agx-64gb", "mode_space": "fulcrum", "seed": 3,
  "problems": [
    {"kind": "train", "train": "resnet18", "power_budgets_w": {"from": 11, "to": 50, "step": 1}},
    {"kind": "train", "train": "lstm", "power_budgets_w": {"from": 11, "to": 30, "step": 1}},
    {"kind": "infer_infer", "background": "resnet50", "background_batch": 8, "infer": "mobilenet_v3_large",
     "power_budgets_w": [20, 40], "latency_budgets_ms": [400], "arrival_rates_hz": [30]}
  ],
  "policies": [{"policy": "maxn"}, {"policy": "gmd"}]
})");

TEST_CASE("A family is what differs in budgets and rates alone") {
  const std::vector<Problem> problems = {train_problem("a", 10), train_problem("b", 10),
                                         train_problem("a", 20), train_problem("b", 30),
                                         train_problem("a", 30)};
  CHECK(families_of(problems) == std::vector<std::vector<std::size_t>>{{0, 2, 4}, {1, 3}});
  Problem energetic = problems[0];
  energetic.energy_budget_j = 1;
  CHECK(families_of({problems[0], energetic}).size() == 2);
}

TEST_CASE("A sample has of every family its share, from all of its order") {
  std::vector<Problem> problems;
  for (int i = 0; i < 900; ++i) problems.push_back(train_problem("a", i));
  for (int i = 0; i < 90; ++i) problems.push_back(train_problem("b", i));
  problems.push_back(train_problem("c", 1));
  const auto sample = stratified_sample(problems, 99, 7);
  std::map<std::string, int> by_family;
  std::map<std::size_t, int> by_stretch;
  for (const std::size_t i : sample) {
    ++by_family[problems[i].train_workload];
    if (i < 900) ++by_stretch[i / 90];
  }
  CHECK(by_family["a"] == 90);
  CHECK(by_family["b"] == 9);
  CHECK(by_family["c"] == 1);
  CHECK(by_stretch.size() == 10);
  for (const auto& [stretch, count] : by_stretch) CHECK(count == 9);
  CHECK(stratified_sample(problems, 99, 7) == sample);
  CHECK(stratified_sample(problems, 99, 8) != sample);
  CHECK(stratified_sample(problems, 991, 7).size() == 991);
}

TEST_CASE("What is asked of the sample only is not counted elsewhere, and summaries count all problems") {
  Json json = small;
  json["sample_problems"] = 10;
  json["policies"] = {{{"policy", "gmd"}}, {{"policy", "gmd"}, {"label", "few"}, {"solves", "sample"}}};
  const Experiment experiment = experiment_of(json);
  REQUIRE(experiment.problems.size() == 62);
  const auto comparison = compare(experiment, {2, false});
  REQUIRE(comparison.ok());
  CHECK(comparison->by_problem.size() == experiment.sample.size());
  const Json summary = rows_of(summary_table(experiment, *comparison));
  CHECK(summary[0]["problems"] == 62);
  CHECK(summary[1]["problems"] == experiment.sample.size());
  // On the sample the two are the same policy.
  const Json pair = rows_of(paired_table(experiment, *comparison))[0];
  CHECK(pair["better"] == 0);
  CHECK(pair["worse"] == 0);
  CHECK(pair["difference_pct"] == 0);
}

TEST_CASE("Breakdowns add up to the whole") {
  const Experiment experiment = experiment_of(small);
  const auto comparison = compare(experiment, {2, false});
  REQUIRE(comparison.ok());
  std::map<std::string, std::size_t> problems;
  for (const Json& row : rows_of(breakdown_table(experiment, *comparison))) {
    if (row["policy"] == "gmd") problems[row["by"]] += row["problems"].get<std::size_t>();
    if (row["by"] == "workloads" && row["group"] == "resnet50~mobilenet_v3_large")
      CHECK(row["problems"] == 2);
  }
  CHECK(problems ==
        std::map<std::string, std::size_t>{{"kind", 62}, {"power_tightness", 62}, {"workloads", 62}});
}

TEST_CASE("A pair of policies is compared by the losses of both") {
  Experiment experiment = experiment_of(small);
  Comparison comparison;
  const std::size_t count = experiment.problems.size();
  comparison.settings.assign(count, {true, true, 0.5});
  comparison.verdicts.assign(2, std::vector<Verdict>(count));
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t policy = 0; policy < 2; ++policy) {
      Verdict& verdict = comparison.verdicts[policy][i];
      verdict.asked = verdict.planned = true;
      verdict.solved = policy == 1 || i != 0;  // the first does not solve the first: a loss of 1
      verdict.regret = policy == 0 ? 0.1 : 0.3;
    }
  }
  const Json row = rows_of(paired_table(experiment, comparison))[0];
  CHECK(row["better"] == count - 1);
  CHECK(row["worse"] == 1);
  const double n = static_cast<double>(count);
  CHECK(row["difference_pct"].get<double>() == Approx(100 * (0.7 - 0.2 * (n - 1)) / n));
  CHECK(row["difference_low_pct"].is_null());  // three families say nothing of others
}

TEST_CASE("Losses count what was not solved, and excesses only what exceeds") {
  const Experiment experiment = experiment_of(small);
  Comparison comparison;
  const std::size_t count = experiment.problems.size();
  comparison.settings.assign(count, {true, true, 0.5});
  comparison.verdicts.assign(2, std::vector<Verdict>(count));
  for (std::size_t i = 0; i < count; ++i) {
    Verdict& verdict = comparison.verdicts[0][i];
    verdict.asked = true;
    verdict.planned = i > 1;
    verdict.solved = i > 3;
    if (i == 2) verdict.power_excess_w = 3;
    if (i == 3) verdict.power_excess_w = 1, verdict.latency_excess_ms = 40;
    if (i == 4) verdict.regret = 5;  // a loss of 1 at most
    if (i == 5) verdict.regret = 0.5;
  }
  const Json row = rows_of(summary_table(experiment, comparison))[0];
  CHECK(row["loss_mean_pct"].get<double>() == Approx(100 * (4 + 1 + 0.5) / static_cast<double>(count)));
  CHECK(row["power_excess_mean_w"] == 2.0);
  CHECK(row["worst_power_excess_w"] == 3.0);
  CHECK(row["latency_excess_mean_ms"] == 40.0);
  CHECK(row["worst_latency_excess_ms"] == 40.0);
}

TEST_CASE("Errors of predictions are counted over the modes that have a truth and a prediction") {
  Json json = small;
  json["policies"] = {{{"policy", "neural"}, {"profiles", 500}, {"train_epochs", 2}, {"infer_epochs", 2}},
                      {{"policy", "gmd"}}};
  const Experiment experiment = experiment_of(json);
  const auto comparison = compare(experiment, {2, false});
  REQUIRE(comparison.ok());
  // Two families that train, one with a background and inference at five batches; gmd predicts nothing.
  REQUIRE(comparison->predictions.size() == 2 + 1 + 5);
  for (const PredictionErrors& errors : comparison->predictions) {
    CHECK(errors.policy == 0);
    CHECK(errors.modes + errors.missing == 441);
  }

  const Problem like = train_problem("resnet18", 10);
  const policies::CostTable truth(*experiment.board.truth, *experiment.modes, "resnet18",
                                  workloads::Role::train, {16});
  policies::Predictions predictions;
  const auto first = *truth.at(0, 16), second = *truth.at(1, 16);
  predictions.train = {{first.time_ns * 2, first.power_w * 0.9}, {second.time_ns, second.power_w * 1.3}, {}};
  const auto list = prediction_errors(like, predictions, 3, &truth, nullptr);
  REQUIRE(list.size() == 1);
  CHECK(list[0].modes == 2);
  CHECK(list[0].missing == 1);
  CHECK(list[0].time_mean == Approx(0.5));
  CHECK(list[0].time_p95 == Approx(1));
  CHECK(list[0].power_mean == Approx(0.2));
  CHECK(list[0].power_p95 == Approx(0.3));
}

// Profiles, and reports none of it.
class Forgetful final : public policies::Policy {
 public:
  Outcome solve(const Problem& problem, Platform& platform) const override {
    for (std::size_t i = 0; i < 5; ++i) {
      const auto seen = platform.profile(problem.train_workload, problem.train_role(), problem.train_batch,
                                         platform.modes().at(i));
      REQUIRE(seen.ok());
    }
    return {policies::Plan{platform.modes().at(0), 0, 0}, policies::Termination::found, {}, {}};
  }
};

TEST_CASE("A policy that does not report its profiles is charged with them all the same") {
  Json json = small;
  json["problems"].erase(2);
  Experiment experiment = experiment_of(json);
  experiment.policies = {{"forgetful", false, std::make_shared<Forgetful>()}};
  const auto comparison = compare(experiment, {1, true});
  REQUIRE(comparison.ok());
  for (const Verdict& verdict : comparison->verdicts[0]) {
    CHECK(verdict.profiles == 5);
    CHECK(verdict.profiling_s > 0);
  }
}

// Whose instruments are broken.
class Broken final : public policies::Policy {
 public:
  Outcome solve(const Problem&, Platform&) const override {
    return {std::nullopt, policies::Termination::error, {}, "the board is on fire"};
  }
};

TEST_CASE("An error is told of every problem, of the sample or not") {
  Json json = small;
  json["sample_problems"] = 3;
  Experiment experiment = experiment_of(json);
  experiment.policies = {{"broken", false, std::make_shared<Broken>()}};
  const auto comparison = compare(experiment, {2, false});
  REQUIRE(comparison.ok());
  REQUIRE(comparison->failures.size() == experiment.problems.size());
  for (std::size_t i = 0; i < comparison->failures.size(); ++i) {
    CHECK(comparison->failures[i].problem == i);
    CHECK(comparison->failures[i].message == "the board is on fire");
  }
}

TEST_CASE("A policy that shares what it learns is charged once a family") {
  Json json = small;
  json["policies"] = {{{"policy", "random_search"}, {"profiles", 20}, {"share", true}}};
  const Experiment experiment = experiment_of(json);
  const auto comparison = compare(experiment, {2, false});
  REQUIRE(comparison.ok());
  int profiles = 0;
  for (std::size_t i = 0; i < 60; ++i) {
    profiles += comparison->verdicts[0][i].profiles;
    CHECK(comparison->verdicts[0][i].known_profiles == 20);
  }
  CHECK(profiles == 40);  // of ResNet-18 and of the LSTM
}

}  // namespace
}  // namespace wattline::experiments
