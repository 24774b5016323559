// Dynamic problems: what the replay makes of plans and of what they cost the board, and the tables.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "experiments/dynamic/dynamic_run.hpp"
#include "experiments/dynamic/dynamic_tables.hpp"
#include "policies/optimum.hpp"
#include "tests/experiments/dynamic_experiments.hpp"

namespace wattline::experiments {
namespace {

namespace fs = std::filesystem;
using policies::Problem;
using sim::Activity;
using sim::ns_per_ms;
using workloads::Role;

std::vector<DynamicResult> results_of(const DynamicExperiment& experiment, int jobs = 1) {
  auto results = run_dynamic(experiment, jobs);
  for (const DynamicResult& result : results) {
    INFO((result.error ? result.error->message : ""));
    REQUIRE_FALSE(result.error.has_value());
  }
  return results;
}

// Two problems on a board with noise; rates from nothing to more than some plans can take.
const Json noisy = Json::parse(R"({
  "schema": "wattline-dynamic/1", "name": "d", "device": "orin-agx-64gb", "mode_space": "fulcrum", "seed": 3,
  "profiling": {"minibatches": 5, "time_noise": 0.1, "power_noise": 0.05, "settle_s": 0.5, "reboot_s": 20},
  "arrivals": {"kind": "piecewise", "segments": [
    {"duration_s": 45, "rate_hz": 30}, {"duration_s": 30, "rate_hz": 90}, {"duration_s": 25, "rate_hz": 0},
    {"duration_s": 33, "rate_hz": 15}]},
  "window_s": 10,
  "problems": [
    {"kind": "concurrent", "train": "resnet18", "infer": "mobilenet_v3_large", "power_budgets_w": [25],
     "latency_budgets_ms": [600]},
    {"kind": "infer", "infer": "resnet50", "power_budgets_w": [30], "latency_budgets_ms": [300]}
  ],
  "policies": [{"policy": "maxn"}, {"policy": "presets", "choose": "profiled"},
               {"policy": "random_search", "profiles": 8}, {"policy": "gmd"}]
})");

TEST_CASE("A dynamic experiment gives the same tables on one thread, on two and on seven") {
  const DynamicExperiment experiment = experiment_of(noisy);
  const auto one = results_of(experiment, 1);
  for (const int jobs : {2, 7}) {
    const auto many = results_of(experiment, jobs);
    CHECK(window_table(experiment, one).to_csv() == window_table(experiment, many).to_csv());
    CHECK(dynamic_summary_table(experiment, one).to_csv() ==
          dynamic_summary_table(experiment, many).to_csv());
    CHECK(dynamic_step_table(experiment, one).to_csv() == dynamic_step_table(experiment, many).to_csv());
  }
}

TEST_CASE("Every profile of every plan is in the step table, under the window that it was made for") {
  const DynamicExperiment experiment = experiment_of(noisy);
  const auto results = results_of(experiment);
  const ResultTable steps = dynamic_step_table(experiment, results);
  const ResultTable windows = window_table(experiment, results);
  const auto cell = [](const ResultTable& table, std::size_t row, const std::string& key) {
    const auto at = std::find_if(table.columns.begin(), table.columns.end(),
                                 [&](const Column& column) { return column.key == key; });
    REQUIRE(at != table.columns.end());
    return table.rows[row][static_cast<std::size_t>(at - table.columns.begin())];
  };
  const auto plan_of = [&](const ResultTable& table, std::size_t row) {
    return std::vector<Cell>{cell(table, row, "problem"), cell(table, row, "policy"),
                             cell(table, row, "window")};
  };
  std::map<std::vector<Cell>, std::int64_t> charged, profiles;
  for (std::size_t i = 0; i < steps.rows.size(); ++i) {
    if (cell(steps, i, "charged") == Cell{std::int64_t{1}}) ++charged[plan_of(steps, i)];
  }
  for (std::size_t i = 0; i < windows.rows.size(); ++i) {
    const auto count = std::get<std::int64_t>(cell(windows, i, "profiles"));
    if (count > 0) profiles[plan_of(windows, i)] = count;
  }
  CHECK((charged == profiles));
  CHECK(charged.size() > 6);
  // MAXN begins with training in the top mode.
  CHECK((cell(steps, 0, "policy") == Cell{"maxn"}));
  CHECK((cell(steps, 0, "workload") == Cell{"resnet18"}));
  CHECK((cell(steps, 0, "gpu_khz") == Cell{std::int64_t{1'300'500}}));
  CHECK((cell(steps, 0, "step") == Cell{std::int64_t{1}}));
}

TEST_CASE("Windows add up to the run, to the nanosecond and the femtojoule") {
  const DynamicExperiment experiment = experiment_of(noisy);
  for (const DynamicResult& result : results_of(experiment)) {
    CAPTURE(result.label, result.problem);
    std::uint64_t arrived = 0, completed = 0, late = 0, trained = 0;
    sim::Int128 energy_fj = 0, profiling_fj = 0;
    std::array<sim::TimeNs, sim::activity_count> time_ns{};
    REQUIRE(result.windows.size() == experiment.windows.size());
    for (std::size_t w = 0; w < result.windows.size(); ++w) {
      const WindowFigures& window = result.windows[w];
      arrived += experiment.windows[w].arrived;
      completed += window.completed;
      CHECK(window.backlog == arrived - completed);
      CHECK(window.late <= experiment.windows[w].arrived);
      late += window.late;
      trained += window.trained;
      energy_fj += window.energy_fj;
      profiling_fj += window.profiling_fj;
      sim::TimeNs sum_ns = 0;
      for (std::size_t i = 0; i < sim::activity_count; ++i) {
        time_ns[i] += window.time_ns[i];
        sum_ns += window.time_ns[i];
      }
      CHECK(sum_ns == experiment.windows[w].end_ns - experiment.windows[w].start_ns);
      CHECK(window.over_power_ns <= sum_ns);
    }
    CHECK(arrived == result.run.requests().arrived);
    CHECK(completed == result.run.requests().completed);
    CHECK(late >= result.run.requests().late);
    CHECK(late <= result.run.requests().late + result.run.requests().pending);
    CHECK(trained == result.run.train().finished);
    CHECK((energy_fj == result.run.energy.total_fj()));
    CHECK((profiling_fj == result.run.energy.activity_fj(Activity::profiling)));
    for (std::size_t i = 0; i < sim::activity_count; ++i)
      CHECK(time_ns[i] == result.run.energy.time_ns(static_cast<Activity>(i)));
  }
}

TEST_CASE("The clairvoyant optimum has every window's best plan, pays no profiling and keeps the power") {
  const DynamicExperiment experiment = experiment_of(noisy);
  const devices::ModeSpace& modes = *experiment.common.modes;
  std::size_t seen = 0;
  for (const DynamicResult& result : results_of(experiment)) {
    if (result.label != "optimum") continue;
    ++seen;
    Problem problem = experiment.common.problems[result.problem];
    const policies::CostTable infer(*experiment.common.board.truth, modes, problem.infer_workload,
                                    Role::infer, problem.infer_batches);
    std::optional<policies::CostTable> train;
    if (problem.trains())
      train.emplace(*experiment.common.board.truth, modes, problem.train_workload, problem.train_role(),
                    std::vector<int>{problem.train_batch});
    for (const Decision& decision : result.schedule.decisions) {
      problem.arrival_rate_hz = experiment.windows[decision.window].rate_hz;
      const auto best = policies::brute_force_optimum(problem, modes, train ? &*train : nullptr, &infer);
      CAPTURE(decision.window, problem.arrival_rate_hz);
      if (best) CHECK(decision.plan == best->plan);
    }
    CHECK(result.run.energy.time_ns(Activity::profiling) == 0);
    for (const WindowFigures& window : result.windows) CHECK(window.over_power_ns == 0);
  }
  CHECK(seen == experiment.common.problems.size());
}

TEST_CASE("A session keeps what it learnt: the second plan of a mode that was profiled is free") {
  const DynamicExperiment experiment = experiment_of(noisy);
  int seen = 0;
  for (const DynamicResult& result : results_of(experiment)) {
    if (result.label != "maxn" || result.problem != 1) continue;
    ++seen;
    const auto& decisions = result.schedule.decisions;
    REQUIRE(decisions.size() > 2);
    int profiles = 0;
    for (const Decision& decision : decisions) profiles += decision.profiles;
    // One mode: at most one profile of each batch size, however many plans.
    CHECK(decisions.front().profiles > 0);
    CHECK(profiles <= static_cast<int>(experiment.common.problems[1].infer_batches.size()));
  }
  CHECK(seen == 1);
}

// A table of one workload in three modes: four requests 40, 20, 10 ms at 8, 16, 35 W.
const char* const profiles =
    "device,workload,role,batch,cores,cpu_khz,gpu_khz,emc_khz,time_ms,power_w\n"
    "toy,net,infer,4,4,1000,100,800,40,8\n"
    "toy,net,infer,4,4,1000,200,800,20,16\n"
    "toy,net,infer,4,4,1000,300,800,10,35\n";

TEST_CASE("A run on a small table is as computed by hand") {
  const fs::path folder = fs::temp_directory_path() / ("wattline_dynamic." + std::to_string(::getpid()));
  fs::create_directories(folder);
  std::ofstream(folder / "p.csv") << profiles;
  const DynamicExperiment experiment = experiment_of(Json::parse(R"({
    "schema": "wattline-dynamic/1", "name": "t", "profiles": "p.csv", "idle_power_w": 5,
    "arrivals": {"kind": "uniform", "rate_hz": 10}, "duration_s": 16, "window_s": 8, "rate": "known",
    "problems": [{"kind": "infer", "infer": "net", "infer_batches": [4], "power_budgets_w": [25],
                  "latency_budgets_ms": [500]}],
    "policies": [{"policy": "random_search", "profiles": 100}]
  })"),
                                                     folder.string());
  fs::remove_all(folder);
  const auto results = results_of(experiment);
  REQUIRE(results.size() == 2);

  // Three profiles of 40 minibatches: 1.6 + 0.8 + 0.4 s. Then the second mode, the fastest within 25 W, and
  // the rate never changes.
  const DynamicResult& searched = results[1];
  REQUIRE(searched.schedule.decisions.size() == 1);
  const Decision& decision = searched.schedule.decisions.front();
  CHECK(decision.why == Why::first);
  CHECK(decision.profiles == 3);
  CHECK(decision.change_ns() == 2'800 * ns_per_ms);
  CHECK(decision.plan.mode.gpu_khz == 200);

  // Requests come at 0.1, 0.2, ... 15.9 s. 28 wait at 2.8 s and are served by seven batches until 2.94 s, of
  // which the last is in time (oldest: 2.5 s) and the sixth is not (youngest: 2.4 s, served at 2.92 s). Then
  // one batch every 0.4 s from 3.2 s on: twelve end in the first window, 3 requests wait at its end; so do
  // the last three at the end.
  const WindowFigures& first = searched.windows[0];
  CHECK(experiment.windows[0].arrived == 79);
  CHECK(first.completed == 28 + 48);
  CHECK(first.late == 24);
  CHECK(first.backlog == 3);
  CHECK(first.spent_ns(Activity::profiling) == 2'800 * ns_per_ms);
  CHECK(first.spent_ns(Activity::infer) == 19 * 20 * ns_per_ms);
  CHECK(first.over_power_ns == 400 * ns_per_ms);  // the profile of the third mode
  const WindowFigures& second = searched.windows[1];
  CHECK(second.completed == 80);
  CHECK(second.late == 0);
  CHECK(second.backlog == 3);
  CHECK(second.over_power_ns == 0);
  CHECK(searched.run.energy.total_j() ==
        Approx(40 * (0.04 * 8 + 0.02 * 16 + 0.01 * 35) + 39 * 0.02 * 16 + (16 - 2.8 - 0.78) * 5));

  // The optimum serves from the start: batches from 0.4 s on, none late.
  const DynamicResult& optimum = results[0];
  CHECK(optimum.schedule.decisions.front().plan == decision.plan);
  CHECK(optimum.windows[0].late + optimum.windows[1].late == 0);
  CHECK(optimum.run.requests().completed == 156);
  CHECK(optimum.run.energy.total_j() == Approx(39 * 0.02 * 16 + (16 - 0.78) * 5));
}

TEST_CASE("A run that the board cannot finish is a row of its own, and all others stand") {
  // The table's top mode lacks training: whoever falls back to it fails, whoever has a plan does not.
  const fs::path folder = fs::temp_directory_path() / ("wattline_hole." + std::to_string(::getpid()));
  fs::create_directories(folder);
  std::ofstream(folder / "p.csv")
      << "device,workload,role,batch,cores,cpu_khz,gpu_khz,emc_khz,time_ms,power_w\n"
         "toy,net,train,16,4,1000,100,800,100,10\n"
         "toy,net,infer,4,4,1000,100,800,40,8\n"
         "toy,net,infer,4,4,1000,200,800,20,16\n";
  const DynamicExperiment experiment = experiment_of(Json::parse(R"({
    "schema": "wattline-dynamic/1", "name": "t", "profiles": "p.csv", "idle_power_w": 5,
    "arrivals": {"kind": "uniform", "rate_hz": 10}, "duration_s": 16, "window_s": 8, "rate": "known",
    "problems": [{"kind": "concurrent", "train": "net", "infer": "net", "infer_batches": [4],
                  "power_budgets_w": [25], "latency_budgets_ms": [500]}],
    "policies": [{"policy": "maxn"}]
  })"),
                                                     folder.string());
  fs::remove_all(folder);
  const auto results = run_dynamic(experiment, 2);
  REQUIRE(results.size() == 2);
  CHECK_FALSE(results[0].error.has_value());
  REQUIRE(results[1].error.has_value());
  CHECK(results[1].error->message.find("net") != std::string::npos);
  const ResultTable summary = dynamic_summary_table(experiment, results);
  REQUIRE(summary.rows.size() == 2);
  CHECK((summary.rows[1][1] == Cell{"maxn"}));
  CHECK((summary.rows[1][2] == Cell{}));
  CHECK(summary.rows[1].size() == summary.columns.size());
  CHECK(window_table(experiment, results).rows.size() == 2);  // the optimum's
}

TEST_CASE("A policy that ran out of profiles without a plan counts as not found") {
  Json json = noisy;
  json["problems"] = {
      {{"kind", "infer"}, {"infer", "resnet50"}, {"power_budgets_w", {1}}, {"latency_budgets_ms", {300}}}};
  json["policies"] = {{{"policy", "gmd"}, {"infer_profiles", 2}},
                      {{"policy", "random_search"}, {"profiles", 3}}};
  const DynamicExperiment experiment = experiment_of(json);
  const Json rows = Json::parse(dynamic_summary_table(experiment, results_of(experiment)).to_json());
  REQUIRE(rows.size() == 3);
  for (const Json& row : rows) {
    CAPTURE(row["policy"]);
    CHECK(row["plans"].get<int>() > 0);
    CHECK(row["not_found"] == row["plans"]);
  }
}

}  // namespace
}  // namespace wattline::experiments
