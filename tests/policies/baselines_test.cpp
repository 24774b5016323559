// MAXN, NVIDIA's presets and random search.
#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "policies/maxn.hpp"
#include "policies/presets.hpp"
#include "policies/random_search.hpp"
#include "policies/registry.hpp"
#include "tests/catch.hpp"

namespace wattline::policies {
namespace {

using devices::PowerMode;
using devices::Preset;
using sim::TimeNs;
using workloads::Role;

constexpr TimeNs ms = 1'000'000;

using Truth = std::function<Measured(Role, int batch, const PowerMode&)>;

// GPU clocks 100 .. 500; training 5000 ms / clock, inference (3 + batch) x 500 ms / clock; clock / 10 W.
Measured line(Role role, int batch, const PowerMode& mode) {
  const TimeNs time_ns = (role == Role::train ? 5'000 : (3 + batch) * 500) * ms / mode.gpu_khz;
  return {time_ns, mode.gpu_khz / 10.0};
}

devices::ModeSpace line_modes() {
  return *devices::ModeSpace::make("line", {{{4}, {1000}, {100, 200, 300, 400, 500}, {2000}}}, 8);
}

class FunctionPlatform final : public Platform {
 public:
  explicit FunctionPlatform(std::vector<Preset> presets = {}, Truth truth = line)
      : Platform(line_modes(), std::move(presets)), truth_(std::move(truth)) {}

 private:
  Result<Observation> measure(const std::string&, Role role, int batch, const PowerMode& mode) override {
    return Observation{truth_(role, batch, mode), 40, ms, 1, true};
  }
  Truth truth_;
};

Problem problem_of(ProblemKind kind, double rate_hz, TimeNs latency_ns, double power_w) {
  Problem problem;
  problem.id = "problem";
  problem.kind = kind;
  problem.train_workload = "t";
  problem.infer_workload = "i";
  problem.infer_batches = {1, 4, 16};
  problem.arrival_rate_hz = rate_hz;
  problem.latency_budget_ns = latency_ns;
  problem.power_budget_w = power_w;
  return problem;
}

Preset preset(const std::string& name, std::int32_t gpu_khz, std::int32_t sms, double nominal_w) {
  return {name, "t", 0, {4, 1000, gpu_khz, 2000, sms}, nominal_w};
}

std::vector<Preset> orin_presets() {
  return {preset("MAXN", 500, 8, 0), preset("15W", 110, 3, 15), preset("50W", 450, 8, 50),
          preset("30W", 250, 4, 30)};
}

TEST_CASE("MAXN is the top mode, whatever the power budget") {
  FunctionPlatform platform;
  const Outcome outcome = Maxn().solve(problem_of(ProblemKind::train, 0, 0, 5), platform);
  CHECK(outcome.termination == Termination::found);
  CHECK(outcome.plan == Plan{{4, 1000, 500, 2000, 8}, 0, 0});
  CHECK(platform.spent().profiles == 1);
}

TEST_CASE("MAXN takes the batch of least latency that keeps up, and the largest rate of training") {
  // At the top: batch 1 takes 4 ms, 4 takes 7 ms, 16 takes 19 ms; training 10 ms.
  FunctionPlatform infer;
  CHECK(Maxn().solve(problem_of(ProblemKind::infer, 10, 2'000 * ms, 99), infer).plan ==
        Plan{{4, 1000, 500, 2000, 8}, 1, 0});
  // 400 requests/s: one every 2.5 ms, batches of 1 do not keep up, of 4 (10 ms) do.
  FunctionPlatform busy;
  CHECK(Maxn().solve(problem_of(ProblemKind::infer, 400, 2'000 * ms, 99), busy).plan->infer_batch == 4);
  // 100/s: tau 0 of 10 ms, 3 of 40 ms, 14 of 160 ms: 0, 75 and 87.5 a second.
  FunctionPlatform both;
  CHECK(Maxn().solve(problem_of(ProblemKind::concurrent, 100, 2'000 * ms, 99), both).plan ==
        Plan{{4, 1000, 500, 2000, 8}, 16, 14});
  CHECK(both.spent().profiles == 4);
  // Within 169 ms of latency a batch of 16 (150 + 19 ms) is just possible, within 168 it is not.
  FunctionPlatform just, tight;
  CHECK(Maxn().solve(problem_of(ProblemKind::concurrent, 100, 169 * ms, 99), just).plan->infer_batch == 16);
  CHECK(Maxn().solve(problem_of(ProblemKind::concurrent, 100, 168 * ms, 99), tight).plan->infer_batch == 4);
}

TEST_CASE(
    "MAXN does not profile a batch that takes too long to gather, and plans even where nothing serves") {
  FunctionPlatform slow;
  const Outcome outcome =
      Maxn().solve(problem_of(ProblemKind::infer, 10, 300 * ms, 99), slow);  // 4 take 300 ms
  CHECK(slow.spent().profiles == 1);
  CHECK(outcome.plan->infer_batch == 1);
  // 5,000/s: nothing keeps up; the least latency is that of a single request.
  FunctionPlatform hopeless;
  CHECK(Maxn().solve(problem_of(ProblemKind::infer, 5'000, 300 * ms, 99), hopeless).plan->infer_batch == 1);
}

TEST_CASE("The nominal preset is the highest within the power budget, else the lowest, never MAXN") {
  struct Choice {
    double budget_w;
    std::int32_t gpu_khz;
  };
  for (const Choice& expected :
       {Choice{5, 110}, {14.9, 110}, {15, 110}, {29.9, 110}, {30, 250}, {49.9, 250}, {50, 450}, {500, 450}}) {
    CAPTURE(expected.budget_w);
    FunctionPlatform platform(orin_presets());
    const Outcome outcome =
        Presets({}).solve(problem_of(ProblemKind::train, 0, 0, expected.budget_w), platform);
    REQUIRE(outcome.plan.has_value());
    CHECK(outcome.plan->mode.gpu_khz == expected.gpu_khz);
    CHECK(platform.spent().profiles == 1);
  }
}

TEST_CASE("Without a preset that names its power there is no nominal choice") {
  for (const std::vector<Preset>& presets : {std::vector<Preset>{}, {preset("MAXN", 500, 8, 0)}}) {
    FunctionPlatform platform(presets);
    const Outcome outcome = Presets({}).solve(problem_of(ProblemKind::train, 0, 0, 50), platform);
    CHECK_FALSE(outcome.plan.has_value());
    CHECK(outcome.termination == Termination::infeasible);
    CHECK(platform.spent().profiles == 0);
  }
}

TEST_CASE("Profiled presets are all tried, and the best that keeps the budgets as observed is taken") {
  const Presets profiled({PresetOptions::Choice::profiled});
  FunctionPlatform platform(orin_presets());
  // 11, 25, 45 and 50 W: the 30 W preset is the best within 44.9 W.
  const Outcome outcome = profiled.solve(problem_of(ProblemKind::train, 0, 0, 44.9), platform);
  CHECK(outcome.plan->mode.gpu_khz == 250);
  CHECK(platform.spent().profiles == 4);
  FunctionPlatform generous(orin_presets());
  CHECK(profiled.solve(problem_of(ProblemKind::train, 0, 0, 50), generous).plan->mode.gpu_khz == 500);
  FunctionPlatform poor(orin_presets());
  const Outcome nothing = profiled.solve(problem_of(ProblemKind::train, 0, 0, 10.9), poor);
  CHECK_FALSE(nothing.plan.has_value());
  CHECK(nothing.termination == Termination::infeasible);
}

TEST_CASE("Random search spends its profiles on distinct points and plans the best it saw") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    FunctionPlatform platform;
    const Problem problem = problem_of(ProblemKind::concurrent, 100, 2'000 * ms, 35);
    const Outcome outcome = RandomSearch({7, seed}).solve(problem, platform);
    CHECK(platform.spent().profiles == 7);
    std::set<std::tuple<Role, int, PowerMode>> points;
    for (const Step& step : outcome.steps) {
      CHECK(points.emplace(step.role, step.batch, step.mode).second);
      CHECK(platform.modes().find(step.mode).has_value());
      if (step.role == Role::infer) CHECK((step.batch == 1 || step.batch == 4 || step.batch == 16));
    }
    if (outcome.plan) CHECK(line(Role::train, 16, outcome.plan->mode).power_w <= 35);
  }
}

TEST_CASE("With as many profiles as points random search is exhaustive") {
  FunctionPlatform platform;
  const Outcome outcome =
      RandomSearch({1'000, 3}).solve(problem_of(ProblemKind::concurrent, 100, 2'000 * ms, 35), platform);
  CHECK(platform.spent().profiles == 5 * (1 + 3));
  // 300 kHz: training 16.67 ms; batch 16 takes 31.67 of 160 ms: tau 7, 43.75 a second; batch 4: 11.67 of 40
  // ms: tau 1. 400 kHz draws 40 W.
  CHECK(outcome.plan == Plan{{4, 1000, 300, 2000, 8}, 16, 7});
  CHECK(outcome.termination == Termination::found);
}

TEST_CASE("Random search that found nothing ran out of profiles, unless it tried every point") {
  const Problem hopeless = problem_of(ProblemKind::concurrent, 100, 2'000 * ms, 0.1);
  FunctionPlatform few, all;
  CHECK(RandomSearch({7, 3}).solve(hopeless, few).termination == Termination::budget_exhausted);
  CHECK(RandomSearch({1'000, 3}).solve(hopeless, all).termination == Termination::infeasible);
}

TEST_CASE("Random draws depend on the seed and the problem alone, and reach every point alike") {
  const auto first_point = [](std::uint64_t seed, const std::string& id) {
    FunctionPlatform platform;
    Problem problem = problem_of(ProblemKind::train, 0, 0, 35);
    problem.id = id;
    return RandomSearch({1, seed}).solve(problem, platform).steps.front().mode.gpu_khz;
  };
  CHECK(first_point(7, "a") == first_point(7, "a"));
  std::map<std::int32_t, int> by_seed, by_problem;
  for (int i = 0; i < 2'000; ++i) {
    ++by_seed[first_point(static_cast<std::uint64_t>(i), "a")];
    ++by_problem[first_point(1, "p" + std::to_string(i))];
  }
  // 400 expected in each of 5 cells, standard deviation 18: 5 deviations.
  for (const auto& counts : {by_seed, by_problem}) {
    CHECK(counts.size() == 5);
    for (const auto& [clock, count] : counts) CHECK(std::abs(count - 400) < 90);
  }
}

std::string make_error(const std::string& text) {
  const Json json = Json::parse(text);
  MaybeError error;
  ObjectReader in(json, "policy", error);
  // Two points are enough to be learnt from.
  const auto references = [](ObjectReader&) {
    return Reference{{{2, 400, 300, 1000, 4}, {1'000'000, 5}}, {{4, 800, 500, 2000, 8}, {500'000, 9}}};
  };
  const auto policy = make_policy(in, 1, references);
  in.reject_unknown_keys();
  CHECK((policy != nullptr || error.has_value()));
  return error ? error->message : "";
}

TEST_CASE("Every registered policy is made from its name, and options are checked") {
  CHECK(policy_names() == std::vector<std::string>{"als", "annealing", "bayesian", "gmd", "maxn", "neural",
                                                   "pagoda", "powertrain", "presets", "random_search",
                                                   "regression", "scout"});
  for (const std::string& name : policy_names()) CHECK(make_error("{\"policy\": \"" + name + "\"}").empty());
  CHECK(make_error(R"({"policy": "gmd", "train_profiles": 5, "infer_profiles": 6, "concurrent_profiles": 7})")
            .empty());
  CHECK(make_error(R"({"policy": "presets", "choose": "profiled"})").empty());
  CHECK(make_error(R"({"policy": "random_search", "profiles": 10, "seed": 0})").empty());
  CHECK(make_error(R"({"policy": "gdm"})")
            .find("policy: policy: 'gdm' is not a known value, did you mean 'gmd'?") == 0);
  CHECK(make_error(R"({"policy": "gmd", "train_profiles": 0})")
            .find("policy: train_profiles: 0 is not accepted") == 0);
  CHECK(make_error(R"({"policy": "presets", "choose": "best"})")
            .find("policy: choose: 'best' is not a known") == 0);
  CHECK(make_error(R"({"policy": "maxn", "profiles": 3})").find("'profiles' is not a known key") !=
        std::string::npos);
  CHECK(make_error(R"({"policy": "random_search", "seed": -1})").find("policy: seed: -1 is not accepted") ==
        0);
  CHECK(make_error("{}").find("policy: policy: missing") == 0);
}

}  // namespace
}  // namespace wattline::policies
