// Simulated annealing (Kirkpatrick, Gelatt and Vecchi, Science 220, 1983) over points (mode, batch).
//
// From the middle of every axis it moves by one or a few positions along one axis, or to another batch, and
// profiles the point arrived at. A point's energy is its loss of the objective relative to the best point
// seen, plus a penalty for each budget times the share by which it is broken; a move that raises it by d is
// kept with probability e^(-d / T), and T falls geometrically with the profiles spent. When moves lead only
// to points already seen, it goes on from the unseen one nearest to the best. The plan is the best that was
// observed within the budgets, wherever the walk ends.
#pragma once

#include <cstdint>

#include "policies/policy.hpp"

namespace wattline::policies {

struct AnnealingOptions {
  int profiles = 50;                 // to spend; an interleaving point costs two. Range 1 .. 100,000
  double initial_temperature = 0.3;  // relative loss that is kept once in e at the start. Range 1e-6 .. 100
  double cooling = 0.93;             // factor on the temperature for each profile. Range 0.01 .. 1
  double penalty = 5;                // loss that a budget broken by all of itself counts as. Range 0 .. 1,000
  std::uint64_t seed = 1;            // the walk depends on it and on the problem's id alone
};

class Annealing final : public Policy {
 public:
  explicit Annealing(AnnealingOptions options) : options_(options) {}
  Outcome solve(const Problem& problem, Platform& platform) const override;

 private:
  AnnealingOptions options_;
};

}  // namespace wattline::policies
