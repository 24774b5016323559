// Comparisons: independent of the number of threads, complete, and right where the answer is known.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "experiments/compare/comparison.hpp"
#include "experiments/compare/summary.hpp"
#include "experiments/compare/tables.hpp"
#include "tests/catch.hpp"

namespace wattline::experiments {
namespace {

namespace fs = std::filesystem;

Experiment experiment_of(const Json& json, const std::string& base = "/base") {
  auto experiment = parse_experiment(json.dump(), "e.json", base);
  INFO((experiment ? "" : experiment.error().message));
  REQUIRE(experiment.ok());
  return *std::move(experiment);
}

Comparison compared(const Experiment& experiment, int jobs = 1) {
  auto comparison = compare(experiment, {jobs, true});
  INFO((comparison ? "" : comparison.error().message));
  REQUIRE(comparison.ok());
  return *std::move(comparison);
}

const Json noisy = Json::parse(R"({
  "schema": "wattline-experiment/1", "name": "e", "device": "orin-agx-64gb", "mode_space": "fulcrum", "seed": 3,
  "profiling": {"time_noise": 0.1, "power_noise": 0.05},
  "problems": [
    {"kind": "concurrent", "train": "resnet18", "infer": "mobilenet_v3_large", "power_budgets_w": [0.5, 18, 30],
     "latency_budgets_ms": [200, 600], "arrival_rates_hz": [30, 60]},
    {"kind": "infer", "infer": "resnet50", "power_budgets_w": [25], "latency_budgets_ms": [1, 300],
     "arrival_rates_hz": [20]},
    {"kind": "train", "train": "lstm", "power_budgets_w": [15, 40]}
  ],
  "policies": [
    {"policy": "maxn"}, {"policy": "presets"}, {"policy": "presets", "choose": "profiled", "label": "all presets"},
    {"policy": "random_search", "profiles": 20}, {"policy": "gmd"}
  ],
  "replay": {"arrivals": {"kind": "poisson", "requests": 300}}
})");

// Cells of a table by column, as printed in JSON.
Json rows_of(const ResultTable& table) {
  return Json::parse(table.to_json());
}

TEST_CASE("A comparison gives the same tables on one thread, on two and on seven") {
  const Experiment experiment = experiment_of(noisy);
  const Comparison one = compared(experiment, 1);
  for (const int jobs : {2, 7}) {
    const Comparison many = compared(experiment, jobs);
    CHECK(problem_table(experiment, one).to_csv() == problem_table(experiment, many).to_csv());
    CHECK(summary_table(experiment, one).to_csv() == summary_table(experiment, many).to_csv());
    CHECK(replay_table(experiment, one).to_csv() == replay_table(experiment, many).to_csv());
    CHECK(step_table(experiment, one).to_csv() == step_table(experiment, many).to_csv());
  }
}

TEST_CASE("Another seed gives other noise and other arrivals") {
  Json other = noisy;
  other["seed"] = 4;
  const Experiment experiment = experiment_of(noisy), reseeded = experiment_of(other);
  CHECK(problem_table(experiment, compared(experiment)).to_csv() !=
        problem_table(reseeded, compared(reseeded)).to_csv());
}

TEST_CASE("A problem that nothing can solve is a result, not an error") {
  const Experiment experiment = experiment_of(noisy);
  const Comparison comparison = compared(experiment);
  std::size_t infeasible = 0;
  for (std::size_t i = 0; i < experiment.problems.size(); ++i) {
    // No board of this size runs on half a watt, nor answers a ResNet-50 request within a millisecond.
    const bool hopeless =
        experiment.problems[i].power_budget_w == 0.5 || experiment.problems[i].latency_budget_ns == 1'000'000;
    CAPTURE(experiment.problems[i].id);
    if (!hopeless) continue;
    ++infeasible;
    CHECK_FALSE(comparison.by_problem[i].optimum.has_value());
    for (const PolicyResult& result : comparison.by_problem[i].by_policy) {
      if (result.score) CHECK_FALSE(result.score->solved);
      if (result.score) CHECK_FALSE(result.score->regret.has_value());
    }
  }
  CHECK(infeasible == 5);
  for (const Json& row : rows_of(problem_table(experiment, comparison))) {
    if (row["policy"] != "optimum" || row["power_budget_w"] != 0.5) continue;
    CHECK(row["feasible"] == 0);
    CHECK(row["termination"] == "infeasible");
    CHECK(row["solved"] == 0);
    CHECK(row["cores"].is_null());
  }
}

TEST_CASE("What the tables say agrees with what they are made of") {
  const Experiment experiment = experiment_of(noisy);
  const Comparison comparison = compared(experiment);
  const Json problems = rows_of(problem_table(experiment, comparison));
  CHECK(problems.size() == experiment.problems.size() * (1 + experiment.policies.size()));
  const Json summary = rows_of(summary_table(experiment, comparison));
  REQUIRE(summary.size() == experiment.policies.size());
  std::size_t steps = 0;
  for (std::size_t i = 0; i < summary.size(); ++i) {
    const Json& row = summary[i];
    const std::string label = experiment.policies[i].label;
    CHECK(row["policy"] == label);
    double feasible = 0, solved = 0, profiles = 0, most = 0;
    std::vector<double> regrets;
    for (const Json& cell : problems) {
      if (cell["policy"] != label) continue;
      profiles += cell["profiles"].get<double>();
      most = std::max(most, cell["profiles"].get<double>());
      if (cell["feasible"] == 0) continue;
      ++feasible;
      solved += cell["solved"].get<double>();
      if (!cell["regret"].is_null()) regrets.push_back(cell["regret"].get<double>());
    }
    CAPTURE(label);
    steps += static_cast<std::size_t>(profiles);
    CHECK(row["problems"] == experiment.problems.size());
    CHECK(row["feasible"] == feasible);
    CHECK(row["solved_pct"].get<double>() == Approx(100 * solved / feasible));
    CHECK(row["profiles_mean"].get<double>() ==
          Approx(profiles / static_cast<double>(experiment.problems.size())));
    CHECK(row["profiles_max"] == most);
    CHECK(regrets.size() == static_cast<std::size_t>(solved));
    // Policies that plan within the mode space never beat its optimum.
    if (label == "maxn" || label == "random_search" || label == "gmd") {
      for (const double regret : regrets) CHECK(regret >= 0);
    }
  }
  CHECK(rows_of(step_table(experiment, comparison)).size() == steps);
}

TEST_CASE("Under evenly spaced requests replays do what the closed forms say") {
  Json json = noisy;
  json["profiling"] = Json::object();
  json["replay"] = {{"arrivals", {{"kind", "uniform"}, {"requests", 3'000}}}};
  const Experiment experiment = experiment_of(json);
  const Comparison comparison = compared(experiment);
  int replayed = 0;
  for (const Json& row : rows_of(replay_table(experiment, comparison))) {
    if (row["plans_replayed"] == 0) continue;
    CAPTURE(row["policy"]);
    ++replayed;
    CHECK(row["late_requests_pct"] == 0);
    // The longest latency is the closed form's: the first of a full batch waits for the last. Instants are
    // whole nanoseconds.
    CHECK(row["latency_of_plan_least_pct"].get<double>() == Approx(100).epsilon(1e-5));
    CHECK(row["latency_of_plan_most_pct"].get<double>() == Approx(100).epsilon(1e-5));
    // Training runs in every gap but the first and those at the end.
    CHECK(row["train_rate_of_plan_least_pct"].get<double>() > 97);
    CHECK(row["train_rate_of_plan_most_pct"].get<double>() < 103);
    // Mean power stays below the larger of the two minibatches' powers.
    CHECK(row["power_of_plan_most_pct"].get<double>() <= 100);
  }
  CHECK(replayed > 2);
}

TEST_CASE("Every plan for requests is replayed, with all of its requests served") {
  const Experiment experiment = experiment_of(noisy);
  const Comparison comparison = compared(experiment);
  int replayed = 0;
  for (std::size_t i = 0; i < experiment.problems.size(); ++i) {
    for (const PolicyResult& result : comparison.by_problem[i].by_policy) {
      CHECK(result.replay.has_value() ==
            (result.outcome.plan.has_value() && experiment.problems[i].infers()));
      if (!result.replay) continue;
      ++replayed;
      // What is left over at the end does not fill a batch.
      const auto batch = static_cast<std::uint64_t>(result.outcome.plan->infer_batch);
      CHECK(result.replay->requests == 300 / batch * batch);
      CHECK(result.replay->late <= result.replay->requests);
      CHECK(result.replay->power_w == Approx(result.replay->energy_j / result.replay->simulated_s));
      CHECK(result.replay->train_rate_hz <= 1.2 * result.score->truth.train_rate_hz + 1);
    }
  }
  CHECK(replayed > 20);
}

// A table of one workload in three modes: training 100, 60, 40 ms at 10, 20, 30 W; four requests 40, 20,
// 10 ms at 8, 16, 35 W.
const char* const profiles =
    "device,workload,role,batch,cores,cpu_khz,gpu_khz,emc_khz,time_ms,power_w\n"
    "toy,net,train,16,4,1000,100,800,100,10\n"
    "toy,net,train,16,4,1000,200,800,60,20\n"
    "toy,net,train,16,4,1000,300,800,40,30\n"
    "toy,net,infer,4,4,1000,100,800,40,8\n"
    "toy,net,infer,4,4,1000,200,800,20,16\n"
    "toy,net,infer,4,4,1000,300,800,10,35\n";

TEST_CASE("A plan in a hole of a table is its policy's error, and all other rows stand") {
  const fs::path folder = fs::temp_directory_path() / ("wattline_hole." + std::to_string(::getpid()));
  fs::create_directories(folder);
  // 3 x 4 modes whose time is 6000 / (cpu x gpu) and whose power is their sum, but for one.
  std::ofstream table(folder / "p.csv");
  table << "device,workload,role,batch,cores,cpu_khz,gpu_khz,emc_khz,time_ms,power_w\n";
  for (const int cpu : {10, 20, 30}) {
    for (const int gpu : {10, 20, 30, 40}) {
      if (cpu == 20 && gpu == 30) continue;
      table << "toy,net,train,16,4," << cpu << ',' << gpu << ",800," << 6000.0 / (cpu * gpu) << ','
            << cpu + gpu << '\n';
    }
  }
  table.close();
  Json json = Json::parse(R"({
    "schema": "wattline-experiment/1", "name": "t", "profiles": "p.csv", "idle_power_w": 5,
    "problems": [{"kind": "train", "train": "net", "power_budgets_w": {"from": 20, "to": 70, "step": 1}}],
    "policies": [{"policy": "random_search", "profiles": 1}]
  })");
  for (int seed = 1; seed <= 20; ++seed) {
    json["policies"].push_back(
        {{"policy", "regression"}, {"profiles", 6}, {"seed", seed}, {"label", "r" + std::to_string(seed)}});
  }
  const Experiment experiment = experiment_of(json, folder.string());
  fs::remove_all(folder);
  const Comparison comparison = compared(experiment);
  int unscored = 0, solved = 0;
  for (const ProblemResult& problem : comparison.by_problem) {
    for (const PolicyResult& result : problem.by_policy) {
      if (result.score && result.score->solved) ++solved;
      if (!result.outcome.message.starts_with("the plan cannot be scored")) continue;
      ++unscored;
      CHECK(result.outcome.termination == policies::Termination::error);
      CHECK_FALSE(result.outcome.plan.has_value());
      CHECK_FALSE(result.score.has_value());
    }
  }
  CHECK(unscored > 0);
  CHECK(solved > 100);
  CHECK(comparison.failures.size() >= static_cast<std::size_t>(unscored));
}

TEST_CASE("On a small table every policy comes to what is computed by hand") {
  const fs::path folder = fs::temp_directory_path() / ("wattline_comparison." + std::to_string(::getpid()));
  fs::create_directories(folder);
  std::ofstream(folder / "p.csv") << profiles;
  const Json json = Json::parse(R"({
    "schema": "wattline-experiment/1", "name": "t", "profiles": "p.csv", "idle_power_w": 5,
    "problems": [
      {"kind": "train", "train": "net", "power_budgets_w": [9, 25]},
      {"kind": "concurrent", "train": "net", "infer": "net", "infer_batches": [4], "power_budgets_w": [25],
       "latency_budgets_ms": [500], "arrival_rates_hz": [10]}
    ],
    "policies": [{"policy": "maxn"}, {"policy": "random_search", "profiles": 100}, {"policy": "gmd"}],
    "replay": {"arrivals": {"kind": "uniform", "requests": 400}}
  })");
  const Experiment experiment = experiment_of(json, folder.string());
  fs::remove_all(folder);
  const Comparison comparison = compared(experiment);

  // 9 W: nothing; 25 W: the second mode, which the exhaustive "random" search and GMD find.
  CHECK_FALSE(comparison.by_problem[0].optimum.has_value());
  const ProblemResult& train = comparison.by_problem[1];
  REQUIRE(train.optimum.has_value());
  CHECK(train.optimum->plan.mode.gpu_khz == 200);
  CHECK(train.by_policy[0].score->power_excess_w == 5);
  CHECK_FALSE(train.by_policy[0].score->solved);
  CHECK(train.by_policy[1].score->regret == 0.0);
  CHECK(train.by_policy[1].spent.profiles == 3);
  CHECK(train.by_policy[1].spent.time_ns == 40 * 200'000'000ll);
  CHECK(train.by_policy[1].spent.energy_j == Approx(40 * (0.1 * 10 + 0.06 * 20 + 0.04 * 30)));
  CHECK(train.by_policy[2].score->regret == 0.0);
  CHECK_FALSE(train.by_policy[1].replay.has_value());

  // A cycle of 400 ms: (400 - 20) / 60 = 6 training minibatches; 6 x 10 / 4 = 15 a second.
  const ProblemResult& both = comparison.by_problem[2];
  REQUIRE(both.optimum.has_value());
  CHECK(both.optimum->plan.train_per_cycle == 6);
  CHECK(both.optimum->value.train_rate_hz == 15);
  const PolicyResult& searched = both.by_policy[1];
  CHECK(searched.score->regret == 0.0);
  // The replay: six minibatches of 60 ms until 360 ms (three requests wait; 100 ms is enough for a sixth,
  // which starts at 300), then at 400 ms the batch for 20 ms: latencies 320, 220, 120 and 20 ms.
  REQUIRE(searched.replay.has_value());
  CHECK(searched.replay->requests == 400);
  CHECK(searched.replay->late == 0);
  CHECK(searched.replay->latency_mean_ms == Approx(170));
  CHECK(searched.replay->simulated_s == Approx(40.02));
  CHECK(searched.replay->train_rate_hz == Approx(600 / 40.02));
  CHECK(searched.replay->energy_j == Approx(600 * 0.06 * 20 + 100 * 0.02 * 16 + (40.02 - 36 - 2) * 5));
}

}  // namespace
}  // namespace wattline::experiments
