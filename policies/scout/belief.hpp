// What scout believes of a board: many hypotheses, each a set of the law's parameters that agrees with the
// profiles. Where they differ, more is to be learnt.
//
// Hypotheses are drawn by randomised maximum likelihood (Oliver, He and Reynolds 1996): each is the most
// probable set of parameters around its own draw from the prior and for its own disturbance of the profiles,
// found by Levenberg-Marquardt from where it was before. For a linear law that samples the posterior exactly.
#pragma once

#include <vector>

#include "policies/scout/law.hpp"
#include "sim/random.hpp"

namespace wattline::policies::scout {

struct BeliefOptions {
  int hypotheses = 256;     // Range 2 .. 4,096
  double deviation = 0.01;  // relative, of a profile from the best law. Range above 0 .. 1
  int iterations = 8;       // most per update. Range 1 .. 1,000
};

class Belief {
 public:
  // Of a board of that size. The draws' random numbers depend on `seed` alone.
  Belief(const BeliefOptions& options, std::uint64_t seed, const Size& size);

  // A profile of one stream; logarithms of milliseconds and watts.
  void observe(const Minibatch& minibatch, const Knobs& knobs, const Prediction& seen);

  // Takes in what was observed since.
  void update();

  std::size_t profiles() const { return profiles_.size(); }
  const std::vector<Parameters>& hypotheses() const { return hypotheses_; }

 private:
  struct Profile {
    Minibatch minibatch;
    Knobs knobs;
    Prediction seen;
  };
  struct State;
  struct Fit {
    Parameters parameters;
    double cost = 0;  // minus the log posterior
  };

  State state_of(const Parameters& parameters, std::size_t hypothesis) const;
  Fit fit_from(const Parameters& start, std::size_t hypothesis) const;

  BeliefOptions options_;
  Prior prior_;
  sim::RandomStream random_;
  std::vector<Profile> profiles_;
  std::vector<Parameters> draws_;
  std::vector<Parameters> hypotheses_;
  std::vector<std::vector<Prediction>> disturbances_;  // [profile][hypothesis]
};

}  // namespace wattline::policies::scout
