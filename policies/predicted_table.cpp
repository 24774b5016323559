#include "policies/predicted_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace wattline::policies {

std::vector<std::size_t> random_modes(sim::RandomStream& stream, std::size_t modes, std::size_t count) {
  // A Fisher-Yates shuffle, as far as needed.
  std::vector<std::size_t> order(modes);
  std::iota(order.begin(), order.end(), std::size_t{0});
  count = std::min(count, modes);
  for (std::size_t i = 0; i < count; ++i) {
    std::swap(order[i], order[i + static_cast<std::size_t>(stream.below(modes - i))]);
  }
  order.resize(count);
  return order;
}

std::size_t profiles_a_mode(const Problem& problem) {
  return (problem.trains() ? 1u : 0u) + (problem.infers() ? problem.infer_batches.size() : 0u);
}

bool profile_mode(const Problem& problem, const devices::ModeSpace& modes, std::size_t mode,
                  const std::string& reason, Notebook& notebook, Sample& sample) {
  const devices::PowerMode at = modes.at(mode);
  if (problem.trains()) {
    const auto seen = notebook.train(at, reason);
    if (!seen) return false;
    sample.train.push_back({mode, 0, *seen});
  }
  if (!problem.infers()) return true;
  for (std::size_t batch = 0; batch < problem.infer_batches.size(); ++batch) {
    const auto seen = notebook.infer(at, problem.infer_batches[batch], reason);
    if (!seen) return false;
    sample.infer.push_back({mode, batch, *seen});
  }
  return true;
}

Sample random_sample(const Problem& problem, const devices::ModeSpace& modes, std::size_t profiles,
                     sim::RandomStream& stream, Notebook& notebook) {
  Sample sample;
  const std::size_t a_mode = std::max<std::size_t>(1, profiles_a_mode(problem));
  for (const std::size_t mode :
       random_modes(stream, modes.size(), std::max<std::size_t>(1, profiles / a_mode))) {
    if (!profile_mode(problem, modes, mode, "random mode of the sample", notebook, sample)) break;
  }
  return sample;
}

Measured predicted(double time_ms, double power_w) {
  // Beyond, a time would leave the range of whole nanoseconds where comparisons are exact.
  constexpr double longest_ms = 1e9;
  if (!(time_ms > 0 && time_ms < longest_ms && power_w > 0 && std::isfinite(power_w))) return {};
  return {std::max<sim::TimeNs>(1, std::llround(time_ms * 1e6)), power_w};
}

namespace {

// Compares with nothing, so that what is unknown is within no budget.
constexpr double unknown_w = std::numeric_limits<double>::quiet_NaN();

bool known(const Measured& cost) {
  return cost.time_ns > 0 && cost.power_w >= 0 && std::isfinite(cost.power_w);
}

}  // namespace

PredictedTable::Column PredictedTable::column(const std::vector<Measured>& predictions,
                                              const std::vector<Observed>& seen, std::size_t batch,
                                              double margin) const {
  Column column{std::vector<Measured>(modes_.size()), std::vector<double>(modes_.size(), unknown_w)};
  for (std::size_t mode = 0; mode < std::min(predictions.size(), modes_.size()); ++mode) {
    if (!known(predictions[mode])) continue;
    column.cost[mode] = predictions[mode];
    column.guarded_w[mode] = predictions[mode].power_w / (1 - margin);
  }
  for (const Observed& observed : seen) {
    if (observed.batch != batch) continue;
    column.cost[observed.mode] = observed.minibatch;
    column.guarded_w[observed.mode] = observed.minibatch.power_w;
  }
  return column;
}

PredictedTable::PredictedTable(const Problem& like, const devices::ModeSpace& modes,
                               const Predictions& predictions, const Sample& sample, double margin)
    : modes_(modes) {
  if (like.trains()) {
    train_ = column(predictions.train, sample.train, 0, margin);
    for (const Measured& cost : train_.cost)
      train_per_ns_.push_back(cost.time_ns > 0 ? 1 / static_cast<double>(cost.time_ns) : 0);
  }
  if (!like.infers()) return;
  for (std::size_t batch = 0; batch < like.infer_batches.size(); ++batch) {
    const bool given = batch < predictions.infer.size();
    infer_.push_back(
        column(given ? predictions.infer[batch] : std::vector<Measured>(), sample.infer, batch, margin));
  }
}

std::optional<Measured> PredictedTable::train(std::size_t mode) const {
  if (train_.cost.empty() || std::isnan(train_.guarded_w[mode])) return std::nullopt;
  return train_.cost[mode];
}

std::optional<Measured> PredictedTable::infer(std::size_t mode, std::size_t batch) const {
  if (infer_.empty() || std::isnan(infer_[batch].guarded_w[mode])) return std::nullopt;
  return infer_[batch].cost[mode];
}

struct PredictedTable::Limits {
  sim::TimeNs cycle = 0;
  sim::TimeNs infer = std::numeric_limits<sim::TimeNs>::max();  // longest inference that serves
  sim::TimeNs beaten = infer;  // longer inference than that of the best known, by speed
  sim::TimeNs train = infer;   // the same of training
  double least_train = -1;     // training minibatches a cycle that the best known comes to
};

// Whether the point is sure to be worse than the best known, without evaluating it.
bool PredictedTable::outbid(const Problem& problem, const Limits& limits, std::size_t mode,
                            const Measured& infer) const {
  if (!problem.infers()) return train_.cost[mode].time_ns > limits.train;
  if (!problem.trains()) return infer.time_ns > limits.beaten;
  // As a product, where tau is a quotient rounded down: at least as large, but for the last bits.
  const double most = static_cast<double>(limits.cycle - infer.time_ns) * train_per_ns_[mode];
  return most * (1 + 1e-9) < limits.least_train;
}

void PredictedTable::scan(const Problem& problem, std::size_t batch, std::optional<Plan>& plan,
                          Evaluation& best) const {
  const bool infers = problem.infers();
  const int size = infers ? problem.infer_batches[batch] : 0;
  Limits limits;
  sim::TimeNs gathering = 0;
  if (infers) {
    gathering = gathering_ns(problem, size);
    limits.cycle = cycle_ns(problem, size);
    limits.infer = std::min(limits.cycle, problem.latency_budget_ns - gathering);
  }
  const auto tighten = [&] {
    if (!plan || problem.objective == Objective::energy) return;
    limits.beaten = best.latency_ns - gathering;
    limits.train = best.train_time_ns;
    limits.least_train = best.train_rate_hz / problem.arrival_rate_hz * size * (1 - 1e-9);
  };
  tighten();
  const Column* const inference = infers ? &infer_[batch] : nullptr;
  for (std::size_t mode = 0; mode < modes_.size(); ++mode) {
    if (inference && (!(inference->guarded_w[mode] <= problem.power_budget_w) ||
                      inference->cost[mode].time_ns > limits.infer))
      continue;
    if (problem.trains() && !(train_.guarded_w[mode] <= problem.power_budget_w)) continue;
    const Measured infer = inference ? inference->cost[mode] : Measured{};
    if (outbid(problem, limits, mode, infer)) continue;
    const Evaluation value =
        evaluate(problem, size, problem.trains() ? std::optional(train_.cost[mode]) : std::nullopt, infer);
    if (!value.feasible() || (plan && !better(problem, value, best))) continue;
    plan = Plan{modes_.at(mode), size, value.train_per_cycle};
    best = value;
    tighten();
  }
}

std::optional<Plan> PredictedTable::best(const Problem& problem) const {
  std::optional<Plan> plan;
  Evaluation best;
  const std::size_t columns = problem.infers() ? infer_.size() : 1;
  for (std::size_t batch = 0; batch < columns; ++batch) scan(problem, batch, plan, best);
  return plan;
}

std::string family_name(const Problem& problem) {
  std::string name;
  if (problem.trains())
    name = fmt::format("{}:{}:{}", problem.train_workload, workloads::name_of(problem.train_role()),
                       problem.train_batch);
  if (problem.infers()) name += "+" + problem.infer_workload;
  return name;
}

PredictingSolver::PredictingSolver(Platform& platform, int profiles, double margin, Learn learn)
    : platform_(platform), profiles_(profiles), margin_(margin), learn_(std::move(learn)) {}

PredictingSolver::Family PredictingSolver::family_of(const Problem& problem) {
  return {problem.kind, problem.trains() ? problem.train_workload : std::string(),
          problem.trains() ? problem.train_batch : 0,
          problem.infers() ? problem.infer_workload : std::string(),
          problem.infers() ? problem.infer_batches : std::vector<int>()};
}

const Predictions* PredictingSolver::predictions(const Problem& like) const {
  const auto known = families_.find(family_of(like));
  return known != families_.end() && known->second.table ? &known->second.predictions : nullptr;
}

Outcome PredictingSolver::solve(const Problem& problem) {
  const auto [place, is_new] = families_.try_emplace(family_of(problem));
  Knowledge& knowledge = place->second;
  Outcome outcome;
  if (is_new) {
    Notebook notebook(problem, platform_, profiles_);
    Learnt learnt = learn_(problem, platform_.modes(), notebook);
    outcome = notebook.conclude(true);
    if (notebook.failed())
      knowledge.failure = {std::nullopt, Termination::error, {}, outcome.message};
    else
      knowledge.table.emplace(problem, platform_.modes(), learnt.predictions, learnt.sample, margin_);
    knowledge.predictions = std::move(learnt.predictions);
  }
  if (!knowledge.table) {
    outcome.plan.reset();
    outcome.termination = Termination::error;
    outcome.message = knowledge.failure.message;
    return outcome;
  }
  outcome.plan = knowledge.table->best(problem);
  outcome.termination = outcome.plan ? Termination::found : Termination::infeasible;
  return outcome;
}

}  // namespace wattline::policies
