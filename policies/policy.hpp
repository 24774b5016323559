// Policies: solve a problem on a platform, within a number of profiles, and say what was tried.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "policies/platform.hpp"
#include "policies/problem.hpp"

namespace wattline::policies {

enum class Termination {
  found,             // came to its end with a plan: of a search, the best within the budgets as observed;
                     // of a fixed mode (MAXN, a nominal preset), that mode whatever the budgets
  budget_exhausted,  // out of profiles; a plan, if any, is the best seen
  infeasible,        // the search came to its end and nothing seen is within the budgets
  error              // a profile failed; `message` says why; there is no plan
};
const char* name_of(Termination termination);

// One profile: what was tried, what was seen, why.
struct Step {
  std::string workload;
  workloads::Role role = workloads::Role::infer;
  int batch = 0;
  devices::PowerMode mode;
  Measured seen;
  bool charged = true;
  std::string reason;
};

struct Outcome {
  std::optional<Plan> plan;
  Termination termination = Termination::infeasible;
  std::vector<Step> steps;
  std::string message;  // of an error
};

// What each minibatch is thought to take and draw. One that is not above 0 ns, or whose power is below 0 or
// no number, says that nothing is predicted there; a vector may be left empty for the same.
struct Predictions {
  std::vector<Measured> train;               // by mode
  std::vector<std::vector<Measured>> infer;  // by batch, then by mode
};

// A policy at work in one session: it solves one problem after the other and may use for the next what it
// learnt from those before. Not thread-safe.
class Solver {
 public:
  virtual ~Solver() = default;
  virtual Outcome solve(const Problem& problem) = 0;

  // What it predicts by now for problems that differ from `like` in budgets and rate alone, so that others
  // can say how far off that is. Nothing of a policy that does not predict, or has not learnt. Owned by the
  // solver.
  virtual const Predictions* predictions(const Problem& /*like*/) const { return nullptr; }
};

// Over which problems of a comparison a policy keeps its session and solver.
enum class Sharing {
  none,       // every problem begins with nothing known
  workloads,  // problems of the same kind on the same workloads and batches, in their order
};

// The same policy object may be used from several threads at once; sessions and solvers belong to one.
class Policy {
 public:
  virtual ~Policy() = default;

  // One problem, with nothing learnt but what `platform` remembers.
  virtual Outcome solve(const Problem& problem, Platform& platform) const = 0;

  // Borrows the policy and `platform`. A policy without a memory of its own calls solve().
  virtual std::unique_ptr<Solver> start(Platform& platform) const;

  virtual Sharing sharing() const { return Sharing::none; }
};

// What a policy has seen of a problem so far: profiles within a budget, logs each as a Step, and knows
// the best plan among the observed. Not thread-safe; lives in one solve().
class Notebook {
 public:
  // At most `max_profiles` charged profiles from now on; negative: without limit.
  Notebook(const Problem& problem, Platform& platform, int max_profiles);

  // Nothing when the budget is used up or the platform failed (failed() tells which).
  std::optional<Measured> train(const devices::PowerMode& mode, const std::string& reason);
  std::optional<Measured> infer(const devices::PowerMode& mode, int batch, const std::string& reason);

  // What is already known, without profiling.
  std::optional<Measured> seen_train(const devices::PowerMode& mode) const;
  std::optional<Measured> seen_infer(const devices::PowerMode& mode, int batch) const;
  // Nothing unless all that the problem needs was seen.
  std::optional<Evaluation> seen(const devices::PowerMode& mode, int batch) const;

  bool exhausted() const { return max_profiles_ >= 0 && used() >= max_profiles_; }
  bool failed() const { return failure_.has_value(); }
  // Profiles still to be had; large when there is no limit.
  int remaining() const;

  // The best feasible plan among all that was fully observed.
  std::optional<Plan> best() const;
  // What it comes to, as observed.
  std::optional<Evaluation> best_value() const;

  // The outcome with best() as its plan.
  Outcome conclude(bool search_complete) const;
  // The outcome with a plan that is right whatever was observed (a fixed mode).
  Outcome conclude_with(const Plan& plan) const;

 private:
  std::optional<Measured> profile(const std::string& workload, workloads::Role role, int batch,
                                  const devices::PowerMode& mode, const std::string& reason);
  int used() const { return platform_.spent().profiles - spent_before_; }

  const Problem& problem_;
  Platform& platform_;
  int max_profiles_;
  int spent_before_;
  std::map<devices::PowerMode, Measured> train_;
  std::map<std::pair<devices::PowerMode, int>, Measured> infer_;
  std::vector<Step> steps_;
  std::optional<Error> failure_;
};

}  // namespace wattline::policies
