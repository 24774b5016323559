#include "policies/policy.hpp"

#include <climits>

namespace wattline::policies {

using devices::PowerMode;
using workloads::Role;

const char* name_of(Termination termination) {
  switch (termination) {
    case Termination::found:
      return "found";
    case Termination::budget_exhausted:
      return "budget exhausted";
    case Termination::infeasible:
      return "infeasible";
    case Termination::error:
      return "error";
  }
  return "?";
}

namespace {

// A policy without a memory of its own: what it learnt is in the platform's session.
class Memoryless final : public Solver {
 public:
  Memoryless(const Policy& policy, Platform& platform) : policy_(policy), platform_(platform) {}
  Outcome solve(const Problem& problem) override { return policy_.solve(problem, platform_); }

 private:
  const Policy& policy_;
  Platform& platform_;
};

}  // namespace

std::unique_ptr<Solver> Policy::start(Platform& platform) const {
  return std::make_unique<Memoryless>(*this, platform);
}

Notebook::Notebook(const Problem& problem, Platform& platform, int max_profiles)
    : problem_(problem),
      platform_(platform),
      max_profiles_(max_profiles),
      spent_before_(platform.spent().profiles) {}

int Notebook::remaining() const {
  return max_profiles_ < 0 ? INT_MAX : max_profiles_ - used();
}

std::optional<Measured> Notebook::profile(const std::string& workload, Role role, int batch,
                                          const PowerMode& mode, const std::string& reason) {
  if (failed() || exhausted()) return std::nullopt;
  const auto observed = platform_.profile(workload, role, batch, mode);
  if (!observed) {
    failure_ = observed.error();
    return std::nullopt;
  }
  steps_.push_back({workload, role, batch, mode, observed->minibatch, observed->charged, reason});
  return observed->minibatch;
}

std::optional<Measured> Notebook::train(const PowerMode& mode, const std::string& reason) {
  if (const auto known = seen_train(mode)) return known;
  const auto seen =
      profile(problem_.train_workload, problem_.train_role(), problem_.train_batch, mode, reason);
  if (seen) train_.emplace(mode, *seen);
  return seen;
}

std::optional<Measured> Notebook::infer(const PowerMode& mode, int batch, const std::string& reason) {
  if (const auto known = seen_infer(mode, batch)) return known;
  const auto seen = profile(problem_.infer_workload, Role::infer, batch, mode, reason);
  if (seen) infer_.emplace(std::pair{mode, batch}, *seen);
  return seen;
}

std::optional<Measured> Notebook::seen_train(const PowerMode& mode) const {
  const auto known = train_.find(mode);
  return known == train_.end() ? std::nullopt : std::optional(known->second);
}

std::optional<Measured> Notebook::seen_infer(const PowerMode& mode, int batch) const {
  const auto known = infer_.find({mode, batch});
  return known == infer_.end() ? std::nullopt : std::optional(known->second);
}

std::optional<Evaluation> Notebook::seen(const PowerMode& mode, int batch) const {
  const auto trained = seen_train(mode);
  const auto inferred = seen_infer(mode, batch);
  if ((problem_.trains() && !trained) || (problem_.infers() && !inferred)) return std::nullopt;
  return evaluate(problem_, batch, trained, inferred);
}

std::optional<Plan> Notebook::best() const {
  std::optional<Plan> plan;
  Evaluation value;
  const auto consider = [&](const PowerMode& mode, int batch) {
    const auto candidate = seen(mode, batch);
    if (!candidate || !candidate->feasible()) return;
    if (plan && !better(problem_, *candidate, value)) return;
    value = *candidate;
    plan = Plan{mode, batch, candidate->train_per_cycle};
  };
  if (problem_.infers()) {
    for (const auto& [point, measured] : infer_) consider(point.first, point.second);
  } else {
    for (const auto& [mode, measured] : train_) consider(mode, 0);
  }
  return plan;
}

std::optional<Evaluation> Notebook::best_value() const {
  const auto plan = best();
  return plan ? seen(plan->mode, plan->infer_batch) : std::nullopt;
}

Outcome Notebook::conclude(bool search_complete) const {
  if (failed()) return {std::nullopt, Termination::error, steps_, failure_->message};
  const auto plan = best();
  if (!search_complete) return {plan, Termination::budget_exhausted, steps_, {}};
  return {plan, plan ? Termination::found : Termination::infeasible, steps_, {}};
}

Outcome Notebook::conclude_with(const Plan& plan) const {
  if (failed()) return {std::nullopt, Termination::error, steps_, failure_->message};
  return {plan, Termination::found, steps_, {}};
}

}  // namespace wattline::policies
