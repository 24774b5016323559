// The arithmetic of the surrogate network: one training step, and predictions, in single precision.
//
// What makes a step fast is that most of it is zero. Dropout and ReLU silence about 70 % of the first layer's
// outputs and 65 % of the second's at first, sample by sample, and more as training goes on; a silenced unit
// needs no weights forward, no gradient backward and passes none on. So all products are sums of whole rows
// of weights or of deltas, over the units that are not silent. The gradient of a row of weights is complete
// once its samples are summed; Adam then updates the row while it is in the cache, and no gradient is ever
// stored.
//
// Every sum has one order, fixed here and not by the compiler: over units and samples ascending; over a row
// in 16 partial sums. Nothing is contracted. So all instruction sets, compilers and machines give the same
// bits. Thread-safe as long as no two threads share a State or Workspace.
#pragma once

#include <cstddef>

#include "policies/surrogate/parameters.hpp"

namespace wattline::policies::surrogate {

inline constexpr std::size_t max_minibatch = 32;

enum class InstructionSet { baseline, avx2 };

// The fastest that this build and this processor have.
InstructionSet best_instruction_set();

// Adam (Kingma and Ba 2015), the bias corrections folded into the rate and epsilon:
//   m += gain1 (g - m),  v += gain2 (g^2 - v),  w -= rate m / (sqrt(v) + epsilon)
struct AdamStep {
  float rate = 0;   // learning rate x sqrt(1 - beta2^t) / (1 - beta1^t)
  float gain1 = 0;  // 1 - beta1
  float gain2 = 0;  // 1 - beta2
  float epsilon = 0;
};

// What training changes.
struct State {
  explicit State(Parameters initial)
      : weights(std::move(initial)), mean(weights.inputs), square(weights.inputs) {}
  Parameters weights;
  Parameters mean;    // Adam's m
  Parameters square;  // Adam's v
};

// Borrowed; standardised. Row-major by sample.
struct Minibatch {
  std::size_t size = 0;             // 1 .. max_minibatch
  const float* inputs = nullptr;    // size x inputs
  const float* targets = nullptr;   // size
  const float* factors1 = nullptr;  // size x units1: dropout behind the first layer, 0 or a factor above 0
  const float* factors2 = nullptr;  // size x units2
};

// Outputs and deltas of the layers, so that no step allocates.
struct Workspace {
  Floats output1 = Floats(max_minibatch * units1), output2 = Floats(max_minibatch * units2),
         output3 = Floats(max_minibatch * units3);
  Floats delta1 = Floats(max_minibatch * units1), delta2 = Floats(max_minibatch * units2),
         delta3 = Floats(max_minibatch * units3);
};

// One step of Adam on the mean squared error of a minibatch. Returns the sum of squared errors before it, not
// finite when training has diverged. With `last_layer_only` the other layers' weights stay.
double training_step(const Minibatch& minibatch, const AdamStep& adam, bool last_layer_only, State& state,
                     Workspace& workspace, InstructionSet instructions);

// `rows` predictions from rows x inputs standardised numbers, without dropout. A row's prediction depends on
// no other row.
void predict_standardised(const Parameters& weights, const float* inputs, std::size_t rows,
                          float* predictions, InstructionSet instructions);

}  // namespace wattline::policies::surrogate
