// How minibatches vary from one to the next: a factor on the time and one on the power of each, both of mean
// 1 and lognormal.
//
// Common random numbers: the factors belong to the tenant and to its how many-th minibatch of the run, so
// that two runs that differ in dispatcher, mode or policy meet the same ones, and their differences are
// paired. Time and power of every tenant draw from streams of their own: turning one on never shifts another.
// Not thread-safe: one owner a run.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/operating_point.hpp"
#include "sim/random.hpp"

namespace wattline::sim {

// Relative standard deviations. Range 0 .. 1 each; 0: does not vary.
struct VariabilityOptions {
  double time_cv = 0;
  double power_cv = 0;
};

class Variability {
 public:
  Variability(const VariabilityOptions& options, std::uint64_t seed, std::size_t streams, std::size_t jobs);

  // What the tenant's next minibatch costs that costs `mean` in the mean. To be called once for each.
  MinibatchCost next(Tenant tenant, MinibatchCost mean);

 private:
  // Of mean 1: e^(sigma N - sigma^2 / 2).
  struct Factor {
    explicit Factor(double cv);
    double draw(RandomStream& stream) const { return stream.lognormal(mu, sigma); }
    double mu, sigma;
  };
  struct Draws {
    RandomStream times, powers;
  };

  Factor time_, power_;
  std::vector<Draws> streams_, jobs_;
};

}  // namespace wattline::sim
