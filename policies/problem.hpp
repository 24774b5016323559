// Problems and plans, and the formulas that say how good a plan is.
//
// Formulas: Fulcrum (arXiv 2509.20205), problem formulation, in our reading (docs/architecture.md).
// With arrival rate alpha, inference batch beta, minibatch times t and powers p:
//   latency   (beta - 1) / alpha + t_in(beta)         the first request of a batch waits for the last
//   keeps up  t_in(beta) <= beta / alpha
//   tau       floor((beta / alpha - t_in) / t_tr)     training minibatches between inference minibatches;
//             fewer where energy asks for it
//   power     max(p_tr, p_in)                         they alternate, in one power mode
//   energy    (p_in t_in + tau p_tr t_tr) / (beta + tau beta_tr), per sample; without the idle rest of a
//   cycle,
//             which no profile shows
//   objective train: least t_tr; infer: least latency; concurrent and infer_infer: most tau alpha / beta;
//             or, of any kind, least energy per sample
// In infer_infer (urgent and non-urgent inference) the non-urgent minibatches take training's place, and all
// that is said of training holds for them.
// Times are whole nanoseconds, so that tau and every comparison are exact. Value types.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "devices/power_mode.hpp"
#include "sim/time.hpp"
#include "workloads/dnn.hpp"

namespace wattline::policies {

enum class ProblemKind { train, infer, concurrent, infer_infer };
const char* name_of(ProblemKind kind);

enum class Objective { speed, energy };
const char* name_of(Objective objective);

struct Problem {
  std::string id;
  ProblemKind kind = ProblemKind::concurrent;
  Objective objective = Objective::speed;
  std::string train_workload;  // train, concurrent; infer_infer: the non-urgent inference
  int train_batch = 16;
  std::string infer_workload;             // infer, concurrent; infer_infer: the urgent inference
  std::vector<int> infer_batches;         // ascending
  double arrival_rate_hz = 0;             // where it infers: above 0
  sim::TimeNs latency_budget_ns = 0;      // where it infers: above 0
  double power_budget_w = 0;              // above 0
  std::optional<double> energy_budget_j;  // per sample; above 0

  // Whether something runs in training's place, and as what it is profiled.
  bool trains() const { return kind != ProblemKind::infer; }
  workloads::Role train_role() const {
    return kind == ProblemKind::infer_infer ? workloads::Role::infer : workloads::Role::train;
  }
  bool infers() const { return kind != ProblemKind::train; }
  // Both: training minibatches between inference minibatches.
  bool interleaves() const { return trains() && infers(); }
  bool minds_energy() const { return objective == Objective::energy || energy_budget_j.has_value(); }
};

struct Plan {
  devices::PowerMode mode;
  int infer_batch = 0;               // 0: no inference
  std::int64_t train_per_cycle = 0;  // tau; 0 unless the problem interleaves
  bool operator==(const Plan&) const = default;
};

// Time and mean power of one minibatch, as measured or as it truly is.
struct Measured {
  sim::TimeNs time_ns = 0;
  double power_w = 0;
};

// What a (mode, batch) comes to under a problem. Fields that the problem has no use for are 0.
struct Evaluation {
  double power_w = 0;
  sim::TimeNs latency_ns = 0;
  std::int64_t train_per_cycle = 0;
  double train_rate_hz = 0;  // training minibatches per second (tau alpha / beta)
  sim::TimeNs train_time_ns = 0;
  double energy_j = 0;  // per sample
  bool within_power = true;
  bool within_latency = true;
  bool within_energy = true;
  bool keeps_up = true;

  bool feasible() const { return within_power && within_latency && within_energy && keeps_up; }
};

// Preconditions: `train` is given when the problem trains, `infer` and infer_batch when it infers.
// At most `max_train_per_cycle` training minibatches run between inference minibatches. Negative: as many as
// serve the objective best, which is as many as fit, unless fewer keep the energy budget or, where energy is
// the objective, none takes less energy per sample (then training costs more per sample than inference).
Evaluation evaluate(const Problem& problem, int infer_batch, const std::optional<Measured>& train,
                    const std::optional<Measured>& infer, std::int64_t max_train_per_cycle = -1);

// Whether `a` has the strictly better objective; equal objectives are decided by lower power, then
// lower latency. Both feasible.
bool better(const Problem& problem, const Evaluation& a, const Evaluation& b);

// Relative loss of `value`'s objective against `best`'s: 0 is as good, 0.1 is 10 % slower, 10 % less
// throughput or 10 % more energy. 0 when the best throughput is 0.
double regret(const Problem& problem, const Evaluation& value, const Evaluation& best);

// The time that gathering `batch` requests takes from the first to the last, and the time between the
// starts of two batches, rounded to the nanosecond.
sim::TimeNs gathering_ns(const Problem& problem, int batch);
sim::TimeNs cycle_ns(const Problem& problem, int batch);

}  // namespace wattline::policies
