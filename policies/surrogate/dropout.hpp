// Dropout (Srivastava et al. 2014), inverted: a unit is silenced with probability `rate`, else its output is
// multiplied by 1 / (1 - rate), so that predictions need no correction.
//
// Rates are resolved to 1/65,536, for one 64-bit draw decides on four units: with the paper's network a
// minibatch asks for thousands of decisions, and random numbers would else take as long as the arithmetic.
// Immutable; thread-safe.
#pragma once

#include <cstdint>
#include <span>

#include "sim/random.hpp"

namespace wattline::policies::surrogate {

class Dropout {
 public:
  // Precondition: 0 <= rate <= 0.95. With rate 0 nothing is drawn.
  explicit Dropout(double rate);

  // Sets each factor to 0 or 1 / (1 - rate), from the low 16 bits of a draw to the high ones. Precondition:
  // the number of factors is a multiple of 4.
  void draw(sim::RandomStream& random, std::span<float> factors) const;

 private:
  std::uint32_t silenced_;  // of 65,536
  float factor_;
};

}  // namespace wattline::policies::surrogate
