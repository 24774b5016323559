// The knowledge boundary: a policy's plan depends on nothing but what it profiled.
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>

#include "policies/registry.hpp"
#include "sim/random.hpp"
#include "tests/catch.hpp"

namespace wattline::policies {
namespace {

namespace fs = std::filesystem;
using devices::PowerMode;
using sim::TimeNs;
using workloads::Role;

constexpr TimeNs ms = 1'000'000;

using Question = std::tuple<std::string, Role, int, PowerMode>;
using World = std::function<Measured(const Question&)>;

// Profiles of `world`, and which of its points were asked for.
class RecordingPlatform final : public Platform {
 public:
  RecordingPlatform(devices::ModeSpace modes, std::vector<devices::Preset> presets, World world)
      : Platform(std::move(modes), std::move(presets)), world_(std::move(world)) {}
  const std::map<Question, Measured>& recorded() const { return recorded_; }
  const World& world() const { return world_; }

 private:
  Result<Observation> measure(const std::string& workload, Role role, int batch,
                              const PowerMode& mode) override {
    const Question point{workload, role, batch, mode};
    const Measured seen = world_(point);
    recorded_.emplace(point, seen);
    return Observation{seen, 40, 1'000 * ms, 10, true};
  }
  World world_;
  std::map<Question, Measured> recorded_;
};

Measured random_measurement(std::uint64_t seed, const Question& point) {
  const auto& [workload, role, batch, mode] = point;
  const std::string name = workload + (role == Role::train ? "/t/" : "/i/") + std::to_string(batch) + "/" +
                           to_text(mode) + "/" + std::to_string(mode.active_sms);
  sim::RandomStream stream(seed, name);
  return {1 + static_cast<TimeNs>(stream.below(300'000'000)), 2 + 40 * stream.uniform()};
}

// Knobs that do what they should, so that policies go a long way, with some scatter.
Measured plausible_measurement(std::uint64_t seed, const Question& point) {
  const auto& [workload, role, batch, mode] = point;
  sim::RandomStream law(seed, "law");
  const double time_ms = (role == Role::train ? 100 : 5 + 2 * batch) *
                         (0.3 + law.uniform() * 900.0 / mode.gpu_khz + law.uniform() * 900.0 / mode.cpu_khz) /
                         (0.5 + 0.5 * law.uniform() * mode.cores);
  const double power_w = 4 + 0.02 * law.uniform() * mode.gpu_khz + 0.01 * law.uniform() * mode.cpu_khz +
                         law.uniform() * mode.cores + 0.005 * law.uniform() * mode.emc_khz;
  const double scatter =
      0.95 + 0.1 * sim::RandomStream(seed, to_text(mode) + std::to_string(batch)).uniform();
  return {static_cast<TimeNs>(time_ms * scatter * 1e6) + 1, power_w * scatter};
}

devices::ModeSpace modes() {
  return *devices::ModeSpace::make(
      "grid", {{{2, 4, 8}, {200, 400, 600, 800, 1000}, {100, 300, 500, 700, 900}, {500, 1000, 2000}}}, 8);
}

std::vector<devices::Preset> presets() {
  return {{"MAXN", "t", 0, {8, 1000, 900, 2000, 8}, 0},
          {"15W", "t", 1, {2, 400, 300, 1000, 4}, 15},
          {"30W", "t", 2, {4, 800, 500, 2000, 8}, 30}};
}

Problem random_problem(sim::RandomStream& stream) {
  const ProblemKind kinds[] = {ProblemKind::train, ProblemKind::infer, ProblemKind::concurrent};
  Problem problem;
  problem.id = std::to_string(stream.below(1'000'000));
  problem.kind = kinds[stream.below(3)];
  problem.train_workload = "t";
  problem.infer_workload = "i";
  problem.infer_batches = {1, 4, 16};
  problem.arrival_rate_hz = 1 + 60 * stream.uniform();
  problem.latency_budget_ns = static_cast<TimeNs>(20 + stream.below(1'500)) * ms;
  problem.power_budget_w = 5 + 35 * stream.uniform();
  return problem;
}

// Of no world that is asked about.
Reference reference() {
  Reference profiles;
  for (std::size_t i = 0; i < modes().size(); ++i) {
    const PowerMode mode = modes().at(i);
    profiles.push_back({mode, {static_cast<TimeNs>(1e12 / mode.gpu_khz), 5 + 0.02 * mode.gpu_khz}});
  }
  return profiles;
}

struct Configured {
  std::string text;
  std::unique_ptr<Policy> policy;
};

std::vector<Configured> all_policies() {
  std::vector<Configured> all;
  for (
      const char* text :
      {R"({"policy": "gmd"})", R"({"policy": "gmd", "concurrent_profiles": 40, "train_profiles": 40})",
       R"({"policy": "maxn"})", R"({"policy": "presets", "choose": "nominal"})",
       R"({"policy": "presets", "choose": "profiled"})", R"({"policy": "random_search", "profiles": 15})",
       R"({"policy": "scout", "hypotheses": 16})", R"({"policy": "annealing", "profiles": 15})",
       R"({"policy": "pagoda"})", R"({"policy": "bayesian", "profiles": 12, "initial": 3, "candidates": 60})",
       R"({"policy": "regression", "model": "linear", "profiles": 15})",
       R"({"policy": "regression", "model": "roofline", "profiles": 15})",
       R"({"policy": "neural", "profiles": 20, "train_epochs": 2, "infer_epochs": 2})",
       R"({"policy": "als", "train_modes": 6, "infer_modes": 6, "concurrent_points": 18, "initial_modes": 3, "rounds": 2, "train_epochs": 2, "infer_epochs": 2})",
       R"({"policy": "powertrain", "modes": 6, "epochs": 2, "reference_epochs": 2})"}) {
    const Json json = Json::parse(text);
    MaybeError error;
    ObjectReader in(json, "policy", error);
    all.push_back({text, make_policy(in, 1, [](ObjectReader&) { return reference(); })});
    REQUIRE(all.back().policy != nullptr);
  }
  return all;
}

bool same(const Outcome& a, const Outcome& b) {
  if (a.plan != b.plan || a.termination != b.termination || a.message != b.message) return false;
  return std::equal(a.steps.begin(), a.steps.end(), b.steps.begin(), b.steps.end(),
                    [](const Step& x, const Step& y) {
                      return x.role == y.role && x.batch == y.batch && x.mode == y.mode &&
                             x.seen.time_ns == y.seen.time_ns && x.seen.power_w == y.seen.power_w &&
                             x.charged == y.charged && x.reason == y.reason;
                    });
}

// Whether the policy does the same in a world that agrees with the first on what it profiled there, and
// is another everywhere else.
bool blind_to_the_rest(const Policy& policy, std::uint64_t seed) {
  sim::RandomStream stream(seed, "problem");
  const Problem problem = random_problem(stream);
  const bool lawful = stream.below(2) == 0;
  const World first = [&](const Question& point) {
    return lawful ? plausible_measurement(seed, point) : random_measurement(seed, point);
  };
  RecordingPlatform platform(modes(), presets(), first);
  const Outcome outcome = policy.solve(problem, platform);
  const auto& recorded = platform.recorded();
  const World second = [&](const Question& point) {
    const auto known = recorded.find(point);
    return known != recorded.end() ? known->second : random_measurement(seed + 1'000'000, point);
  };
  RecordingPlatform other(modes(), presets(), second);
  return same(outcome, policy.solve(problem, other));
}

// Looks behind the platform without profiling: what no policy may, and what this test must catch.
class Peeking final : public Policy {
 public:
  Outcome solve(const Problem&, Platform& platform) const override {
    const auto& world = static_cast<const RecordingPlatform&>(platform).world();
    const Measured seen = world({"t", Role::train, 16, platform.modes().at(1)});
    Outcome outcome;
    outcome.termination = Termination::found;
    outcome.plan = Plan{platform.modes().at(seen.power_w < 20 ? 0 : 1), 0, 0};
    return outcome;
  }
};

TEST_CASE("No policy's plan depends on anything that it did not profile") {
  std::set<std::string> covered;
  for (const Configured& configured : all_policies()) {
    CAPTURE(configured.text);
    covered.insert(Json::parse(configured.text)["policy"].get<std::string>());
    for (std::uint64_t seed = 1; seed <= 400; ++seed) {
      CAPTURE(seed);
      CHECK(blind_to_the_rest(*configured.policy, seed));
    }
  }
  const auto names = policy_names();
  CHECK(covered == std::set<std::string>(names.begin(), names.end()));  // a new policy belongs here too
}

TEST_CASE("The same policy object solves the same problem the same way again") {
  for (const Configured& configured : all_policies()) {
    CAPTURE(configured.text);
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      sim::RandomStream stream(seed, "problem");
      const Problem problem = random_problem(stream);
      const World world = [&](const Question& point) { return plausible_measurement(seed, point); };
      RecordingPlatform one(modes(), presets(), world), two(modes(), presets(), world);
      CHECK(same(configured.policy->solve(problem, one), configured.policy->solve(problem, two)));
    }
  }
}

TEST_CASE("A policy that peeks is caught by this test") {
  int caught = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) caught += blind_to_the_rest(Peeking(), seed) ? 0 : 1;
  CHECK(caught > 10);
}

// The headers of the house that `file` includes, directly and through others.
void collect_includes(const fs::path& root, const std::string& file, std::set<std::string>& seen) {
  if (!seen.insert(file).second) return;
  std::ifstream in(root / file);
  std::string line;
  while (std::getline(in, line)) {
    const std::string start = "#include \"";
    if (line.rfind(start, 0) != 0) continue;
    const std::string name = line.substr(start.size(), line.find('"', start.size()) - start.size());
    if (fs::exists(root / name)) collect_includes(root, name, seen);
  }
}

TEST_CASE("No file of the policies can see the ground truth, but for the optimum and the scorer") {
  const fs::path root = WATTLINE_SOURCE_DIR;
  const std::vector<std::string> hidden = {"devices/cost_model.hpp", "devices/roofline.hpp",
                                           "devices/table.hpp", "devices/operating_point.hpp"};
  std::size_t files = 0, seers = 0;
  for (const auto& entry : fs::recursive_directory_iterator(root / "policies")) {
    const std::string stem = entry.path().stem().string();
    const std::string extension = entry.path().extension().string();
    if (extension != ".cpp" && extension != ".hpp") continue;
    ++files;
    std::set<std::string> seen;
    collect_includes(root, fs::relative(entry.path(), root).string(), seen);
    for (const std::string& header : hidden) {
      CAPTURE(entry.path().filename().string(), header);
      REQUIRE(fs::exists(root / header));  // or the rule has gone stale
      if (stem == "optimum" || stem == "optimum_index" || stem == "score")
        seers += seen.count(header);
      else
        CHECK(seen.count(header) == 0);
    }
  }
  CHECK(files >= 18);
  CHECK(seers >= 4);  // the scan does see what optimum and score include
}

}  // namespace
}  // namespace wattline::policies
