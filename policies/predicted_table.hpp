// Policies that predict: they profile a sample of a family's modes once, learn from it what every minibatch
// takes and draws in every mode, and answer each problem of the family by one look through those predictions.
//
// A family is what problems share that differ in budgets and arrival rate alone: kind, workloads, training
// batch and inference batches. A policy of this sort is a Learn (what to profile, how to predict); all else
// is here. Where a minibatch was profiled, what was seen stands in for what is predicted, so no plan is
// returned that the policy's own profiles contradict; where it was not, a plan may break a budget.
//
// Modes are named by their place in the mode space, batches by their place in Problem::infer_batches.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "policies/policy.hpp"
#include "sim/random.hpp"

namespace wattline::policies {

// One profile. `batch` is 0 for training (and what takes its place).
struct Observed {
  std::size_t mode = 0;
  std::size_t batch = 0;
  Measured minibatch;
};

struct Sample {
  std::vector<Observed> train;
  std::vector<Observed> infer;
};

// `count` different modes out of 0 .. modes-1, or all if there are fewer, in random order.
std::vector<std::size_t> random_modes(sim::RandomStream& stream, std::size_t modes, std::size_t count);

// Profiles that tell all there is to see of one mode: training, and inference at every batch.
std::size_t profiles_a_mode(const Problem& problem);

// Makes them, and appends them to `sample`. False when the notebook's profiles ran out or one failed.
bool profile_mode(const Problem& problem, const devices::ModeSpace& modes, std::size_t mode,
                  const std::string& reason, Notebook& notebook, Sample& sample);

// As many random modes as `profiles` suffice for, in full (at least one, as far as it goes).
Sample random_sample(const Problem& problem, const devices::ModeSpace& modes, std::size_t profiles,
                     sim::RandomStream& stream, Notebook& notebook);

// A prediction from real numbers: no prediction unless both are above 0 and finite, and the time is below
// 1e6 s. Times are rounded to the nanosecond.
Measured predicted(double time_ms, double power_w);

// What is predicted, or was seen, of one family's every point (mode, batch). Immutable; thread-safe.
class PredictedTable {
 public:
  // `margin` is the share of the power budget that points which were only predicted must leave unused, for
  // predictions err; what was seen may use all of it. Range 0 to below 1.
  PredictedTable(const Problem& like, const devices::ModeSpace& modes, const Predictions& predictions,
                 const Sample& sample, double margin);

  // The best plan within all budgets of a problem of the family, by evaluate() and better(); of equals the
  // one with the smaller batch, then the lower mode. Linear in the points; below 100 us for 441 modes and 5
  // batches.
  std::optional<Plan> best(const Problem& problem) const;

  // What a point's halves are taken to be; nothing where neither seen nor predicted. `mode` < modes' size,
  // `batch` < number of batches.
  std::optional<Measured> train(std::size_t mode) const;
  std::optional<Measured> infer(std::size_t mode, std::size_t batch) const;

 private:
  // Of training, or of inference at one batch; by mode.
  struct Column {
    std::vector<Measured> cost;
    std::vector<double> guarded_w;  // power with the margin added; no number where nothing is known
  };
  // What a problem asks of a point, in the numbers of the columns.
  struct Limits;

  Column column(const std::vector<Measured>& predictions, const std::vector<Observed>& seen,
                std::size_t batch, double margin) const;
  void scan(const Problem& problem, std::size_t batch, std::optional<Plan>& plan, Evaluation& best) const;
  bool outbid(const Problem& problem, const Limits& limits, std::size_t mode, const Measured& infer) const;

  devices::ModeSpace modes_;
  Column train_;
  std::vector<double> train_per_ns_;  // 1 / training time, by mode
  std::vector<Column> infer_;         // by batch
};

// What a policy learnt of a family.
struct Learnt {
  Predictions predictions;
  Sample sample;
};

// Profiles through `notebook`, which knows the policy's limit of profiles, and predicts. `like` is the
// family's first problem: only what the family shares may count, so that it does not matter which problem
// comes first. What is returned after a failed profile is ignored.
using Learn = std::function<Learnt(const Problem& like, const devices::ModeSpace& modes, Notebook& notebook)>;

// "resnet18:train:16+mobilenet_v3_large": names a family's random streams, after the policy's name.
std::string family_name(const Problem& problem);

// Learns each family at its first problem; later problems of it cost no profile. Ends with found or
// infeasible by the table, or, for all problems of a family that could not be learnt, with that error.
class PredictingSolver final : public Solver {
 public:
  // Borrows `platform`. At most `profiles` charged profiles a family.
  PredictingSolver(Platform& platform, int profiles, double margin, Learn learn);
  Outcome solve(const Problem& problem) override;
  const Predictions* predictions(const Problem& like) const override;

 private:
  // Kind, training's workload and batch, inference's workload and batches; those that the kind has.
  using Family = std::tuple<ProblemKind, std::string, int, std::string, std::vector<int>>;
  struct Knowledge {
    Predictions predictions;
    std::optional<PredictedTable> table;
    Outcome failure;  // without a table: what became of learning
  };

  static Family family_of(const Problem& problem);

  Platform& platform_;
  int profiles_;
  double margin_;
  Learn learn_;
  std::map<Family, Knowledge> families_;
};

}  // namespace wattline::policies
