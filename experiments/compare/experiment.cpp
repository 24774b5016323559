#include "experiments/compare/experiment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "experiments/compare/families.hpp"
#include "experiments/compare/reference.hpp"
#include "experiments/platforms/table.hpp"
#include "experiments/sensor_options.hpp"
#include "policies/registry.hpp"
#include "sim/base/text.hpp"

namespace wattline::experiments {

using policies::Problem;
using policies::ProblemKind;
using workloads::Role;

namespace {

// Of every problem and policy a verdict is held in memory, of those in the sample a few kilobytes.
constexpr std::size_t most_problems = 1'000'000;
constexpr std::size_t most_in_sample = 200'000;
constexpr std::size_t most_batches = 64;
constexpr std::size_t most_policies = 200;  // every two are compared
// Of a replay at the slowest rate: a board runs millions of minibatches in a day.
constexpr double longest_replay_s = 1e7;
constexpr std::int64_t most_replayed = 10'000'000;  // requests

ProblemKind read_kind(ObjectReader& in) {
  const ProblemKind kinds[] = {ProblemKind::train, ProblemKind::infer, ProblemKind::concurrent,
                               ProblemKind::infer_infer};
  const std::string name = in.choice("kind", {"train", "infer", "concurrent", "infer_infer"});
  for (const ProblemKind kind : kinds) {
    if (name == policies::name_of(kind)) return kind;
  }
  return ProblemKind::concurrent;
}

std::vector<int> read_batches(ObjectReader& in, const Board& board, const std::string& workload) {
  std::vector<int> batches;
  if (in.has("infer_batches")) {
    for (const std::int64_t batch : in.integers("infer_batches", 1, 1'000'000))
      batches.push_back(static_cast<int>(batch));
  } else if (!in.failed()) {
    batches = usual_infer_batches(board, workload);
    if (batches.empty())
      in.fail("infer_batches", fmt::format("missing; {} has no usual batch sizes", workload));
  }
  if (batches.size() > most_batches) {
    in.fail("infer_batches",
            fmt::format("{} batch sizes; at most {} are accepted", batches.size(), most_batches));
    batches.clear();
  }
  std::sort(batches.begin(), batches.end());
  batches.erase(std::unique(batches.begin(), batches.end()), batches.end());
  for (const int batch : batches) check_batch(in, "infer_batches", board, workload, Role::infer, batch);
  return batches;
}

// What one group of problems has in common, and the axes that are multiplied out.
struct ProblemGroup {
  Problem common;
  std::vector<double> rates_hz = {0};
  std::vector<double> latencies_ms = {0};
  std::vector<double> powers_w;
  std::vector<std::optional<double>> energies_j = {std::nullopt};  // per sample
};

ProblemGroup read_group(ObjectReader& in, const Board& board) {
  ProblemGroup group;
  Problem& common = group.common;
  common.kind = read_kind(in);
  if (common.trains()) {
    const bool trains = common.train_role() == Role::train;
    const char* workload = trains ? "train" : "background";
    const char* batch = trains ? "train_batch" : "background_batch";
    common.train_workload = read_workload(in, workload, board, common.train_role());
    common.train_batch = static_cast<int>(in.integer_or(batch, 1, 1'000'000, 16));
    check_batch(in, batch, board, common.train_workload, common.train_role(), common.train_batch);
  }
  if (common.infers()) {
    common.infer_workload = read_workload(in, "infer", board, Role::infer);
    common.infer_batches = read_batches(in, board, common.infer_workload);
    group.rates_hz = in.numbers("arrival_rates_hz", between(slowest_rate_hz, 1e6));
    group.latencies_ms = in.numbers("latency_budgets_ms", between(1e-6, 1e7));
  }
  group.powers_w = in.numbers("power_budgets_w", above(0, 1e4));
  if (in.choice_or("objective", {"speed", "energy"}, "speed") == "energy")
    common.objective = policies::Objective::energy;
  if (in.has("energy_budgets_j")) {
    group.energies_j.clear();
    for (const double energy_j : in.numbers("energy_budgets_j", above(0, 1e9)))
      group.energies_j.push_back(energy_j);
  }
  in.reject_unknown_keys();
  return group;
}

std::string id_of(const Problem& problem, double latency_ms) {
  std::string id = problem.train_workload;
  if (problem.infers()) {
    if (!id.empty()) id += problem.train_role() == Role::train ? "+" : "~";
    id += fmt::format("{}/{}rps/{}ms", problem.infer_workload, shortest(problem.arrival_rate_hz),
                      shortest(latency_ms));
  }
  id += fmt::format("/{}W", shortest(problem.power_budget_w));
  if (problem.energy_budget_j) id += fmt::format("/{}J", shortest(*problem.energy_budget_j));
  return problem.objective == policies::Objective::energy ? id + "/energy" : id;
}

// "/train 16/batches 1,4,16"
std::string batches_of(const Problem& problem) {
  std::string text;
  if (problem.trains())
    text += fmt::format("/{} {}", workloads::name_of(problem.train_role()), problem.train_batch);
  if (problem.infers()) text += fmt::format("/batches {}", fmt::join(problem.infer_batches, ","));
  return text;
}

void append_problems(const ProblemGroup& group, std::vector<Problem>& problems) {
  for (const double rate_hz : group.rates_hz) {
    for (const double latency_ms : group.latencies_ms) {
      for (const double power_w : group.powers_w) {
        for (const std::optional<double>& energy_j : group.energies_j) {
          Problem problem = group.common;
          problem.arrival_rate_hz = rate_hz;
          problem.latency_budget_ns = std::llround(latency_ms * 1e6);
          problem.power_budget_w = power_w;
          problem.energy_budget_j = energy_j;
          problem.id = id_of(problem, latency_ms);
          problems.push_back(std::move(problem));
        }
      }
    }
  }
}

void read_problems(Experiment& experiment, ObjectReader& in) {
  std::size_t count = 0;
  std::set<std::string> ids;
  std::map<std::string, std::set<std::string>> batches;
  for (ObjectReader& item : in.objects("problems")) {
    const ProblemGroup group = read_group(item, experiment.board);
    if (in.failed()) return;
    count +=
        group.rates_hz.size() * group.latencies_ms.size() * group.powers_w.size() * group.energies_j.size();
    if (count > most_problems) {
      return in.fail("problems",
                     fmt::format("{} problems or more; at most {} are accepted", count, most_problems));
    }
    append_problems(group, experiment.problems);
  }
  // Batches are told only where nothing else tells two problems apart.
  for (const Problem& problem : experiment.problems) batches[problem.id].insert(batches_of(problem));
  for (Problem& problem : experiment.problems) {
    if (batches[problem.id].size() > 1) problem.id += batches_of(problem);
    if (!ids.insert(problem.id).second)
      return in.fail("problems", fmt::format("{} appears twice", problem.id));
  }
}

void read_sample(Experiment& experiment, ObjectReader& in) {
  const auto most = static_cast<std::int64_t>(most_in_sample);
  const std::size_t all = experiment.problems.size();
  if (!in.has("sample_problems") && all > most_in_sample)
    return in.fail("sample_problems",
                   fmt::format("missing; of {} problems at most {} are kept in full", all, most));
  const std::int64_t count =
      in.integer_or("sample_problems", 1, most, static_cast<std::int64_t>(std::min(all, most_in_sample)));
  if (all > 0)
    experiment.sample =
        stratified_sample(experiment.problems, static_cast<std::size_t>(count), experiment.seed);
}

void read_policies(Experiment& experiment, ObjectReader& in) {
  std::set<std::string> labels;
  for (ObjectReader& item : in.objects("policies")) {
    if (experiment.policies.size() == most_policies)
      return in.fail("policies", fmt::format("more than {}", most_policies));
    ComparedPolicy compared;
    compared.policy = policies::make_policy(item, experiment.seed, read_reference);
    if (in.failed()) return;
    compared.label = item.text_or("label", item.text("policy"));
    compared.sample_only = item.choice_or("solves", {"all", "sample"}, "all") == "sample";
    item.reject_unknown_keys();
    if (compared.label == "optimum") item.fail("label", "'optimum' is the name of the optimum's own rows");
    if (!labels.insert(compared.label).second) {
      item.fail("label", fmt::format("'{}' appears twice; labels must differ", compared.label));
    }
    experiment.policies.push_back(std::move(compared));
  }
}

void read_mode_space(Experiment& experiment, ObjectReader& in) {
  const Board& board = experiment.board;
  if (board.table) {
    auto space = mode_space_of(*board.table);
    if (space)
      experiment.modes = *std::move(space);
    else
      in.fail("profiles", space.error().message);
    return;
  }
  auto space =
      devices::find_mode_space(*board.spec, in.text_or("mode_space", board.spec->mode_spaces.front().name()));
  if (!space) return in.fail("mode_space", space.error().message);
  experiment.presets = devices::presets_of(*board.spec, *space);
  experiment.modes = *std::move(space);
}

// The sensor that profiles are read from: the board's own, polled as the experiment says.
std::optional<SensedProfiling> read_sensed_profiling(ObjectReader& profiling, const Experiment& experiment) {
  if (!profiling.has("sensor")) return std::nullopt;
  ObjectReader in = profiling.object("sensor");
  SensedProfiling options;
  options.sensor = read_power_sensor(in, experiment.board, experiment.seed);
  options.idle_before_s = in.number_or("idle_before_s", between(0, 3600), options.idle_before_s);
  in.reject_unknown_keys();
  return options;
}

ProfilingOptions read_profiling(ObjectReader& in, const Experiment& experiment) {
  ProfilingOptions options;
  options.seed = experiment.seed;
  if (experiment.board.spec) {
    const devices::Switching& switching = experiment.board.spec->switching;
    options.settle_s = switching.settle_s;
    options.mode_switch_s = switching.mode_switch_ms * 1e-3;
    options.reboot_s = switching.reboot_s;
  }
  if (!in.has("profiling")) return options;
  ObjectReader fields = in.object("profiling");
  options.minibatches = static_cast<int>(fields.integer_or("minibatches", 1, 100'000, options.minibatches));
  if (experiment.board.spec) {
    options.settle_s = fields.number_or("settle_s", between(0, 3600), options.settle_s);
    options.mode_switch_s = fields.number_or("mode_switch_s", between(0, 3600), options.mode_switch_s);
    options.reboot_s = fields.number_or("reboot_s", between(0, 86'400), options.reboot_s);
    options.time_noise = fields.number_or("time_noise", between(0, 1), 0);
    options.power_noise = fields.number_or("power_noise", between(0, 1), 0);
    options.sensor = read_sensed_profiling(fields, experiment);
  }
  fields.reject_unknown_keys();
  return options;
}

// A replay that would not end in a lifetime is refused before anything runs.
void check_replay(const Experiment& experiment, ObjectReader& replay) {
  const ArrivalSource& arrivals = experiment.replay->arrivals;
  const auto requests =
      static_cast<double>(arrivals.kind == ArrivalSource::Kind::recorded
                              ? std::min<std::uint64_t>(arrivals.requests, arrivals.log_ns.size())
                              : arrivals.requests);
  double slowest_hz = std::numeric_limits<double>::infinity();
  for (const Problem& problem : experiment.problems) {
    if (problem.infers()) slowest_hz = std::min(slowest_hz, problem.arrival_rate_hz);
  }
  if (arrivals.kind == ArrivalSource::Kind::recorded && arrivals.log_ns.size() < 2)
    return replay.fail("arrivals", "the log has fewer than two requests, so no rate to be scaled");
  if (requests > static_cast<double>(most_replayed))
    return replay.fail("arrivals",
                       fmt::format("{} requests; at most {} are replayed", requests, most_replayed));
  if (requests / slowest_hz > longest_replay_s)
    replay.fail("arrivals",
                fmt::format("{} requests at the slowest rate of the problems, {} a second, take more "
                            "than {} s",
                            requests, shortest(slowest_hz), longest_replay_s));
}

}  // namespace

std::vector<InputFile> Experiment::inputs() const {
  std::vector<InputFile> all = board.inputs;
  if (replay) all.insert(all.end(), replay->arrivals.inputs.begin(), replay->arrivals.inputs.end());
  return all;
}

std::vector<std::string> Experiment::notes() const {
  Batches used;
  for (const Problem& problem : problems) {
    if (problem.trains()) used[{problem.train_workload, problem.train_role()}].insert(problem.train_batch);
    if (problem.infers())
      used[{problem.infer_workload, Role::infer}].insert(problem.infer_batches.begin(),
                                                         problem.infer_batches.end());
  }
  std::vector<std::string> all = notes_on(board, used);
  if (replay && !replay->arrivals.note.empty()) all.push_back(replay->arrivals.note);
  return all;
}

Result<Experiment> parse_experiment(const std::string& text, const std::string& name,
                                    const std::string& base) {
  const auto json = parse_json(text, name);
  if (!json) return json.error();
  MaybeError error;
  std::vector<Defaulted> defaults;
  ObjectReader in(*json, name, error, &defaults);
  in.choice("schema", {"wattline-experiment/1"});
  Experiment experiment;
  experiment.name = in.text("name");
  experiment.seed = static_cast<std::uint64_t>(in.integer_or("seed", 0, INT64_MAX, 1));
  experiment.board = read_board(in, base);
  if (error) return *error;
  read_mode_space(experiment, in);
  if (error) return *error;
  experiment.profiling = read_profiling(in, experiment);
  read_problems(experiment, in);
  if (error) return *error;
  read_sample(experiment, in);
  read_policies(experiment, in);
  if (in.has("replay")) {
    ObjectReader replay = in.object("replay");
    experiment.replay = ReplayOptions{read_arrival_source(replay.object("arrivals"), base, true)};
    replay.reject_unknown_keys();
    if (!error && !experiment.replay->arrivals.finite()) {
      replay.fail("arrivals", "'requests' is missing; a replay must end");
    }
    if (!error) check_replay(experiment, replay);
  }
  in.reject_unknown_keys();
  if (error) return *error;
  experiment.configuration = resolved_configuration(*json, name, defaults);
  return experiment;
}

Result<Experiment> read_experiment(const std::string& path) {
  const auto text = read_text_file(path);
  if (!text) return text.error();
  return parse_experiment(*text, path, directory_of(path));
}

}  // namespace wattline::experiments
