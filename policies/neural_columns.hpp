// Surrogate networks over a mode space: from a sample of profiles to what every mode is thought to take and
// draw.
//
// One network for time and one for power of each role, as in PowerTrain (arXiv 2407.13944) and Fulcrum (arXiv
// 2509.20205): inputs are cores and clocks, of inference the batch too. Pure functions; deterministic for a
// seed.
#pragma once

#include "devices/mode_space.hpp"
#include "policies/predicted_table.hpp"
#include "policies/surrogate/training.hpp"

namespace wattline::policies {

struct NeuralOptions {
  int train_epochs = 200;   // of a training workload's networks. Range 1 .. 100,000
  int infer_epochs = 1000;  // of inference's. Range 1 .. 100,000
  // Learn the logarithm of time and power, so that errors are relative; the papers learn them as they are.
  bool logarithms = false;
  std::uint64_t seed = 1;
};

// A pair of networks.
struct TimeAndPower {
  surrogate::Network time, power;
};

// A reference: profiles of one workload over many modes (of another board, perhaps).
struct ReferenceProfile {
  devices::PowerMode mode;
  Measured minibatch;
};
using Reference = std::vector<ReferenceProfile>;

// Learns it with minibatches of 32. Errors: nothing to learn from, training that diverges.
Result<TimeAndPower> learn_reference(const Reference& reference, int epochs, bool logarithms,
                                     std::uint64_t seed);

// Predictions for all modes and batches of `like`'s family from networks trained on `sample` alone. Where
// there is nothing to learn from, or training diverges, nothing is predicted.
Predictions predict_from_sample(const Problem& like, const devices::ModeSpace& modes, const Sample& sample,
                                const NeuralOptions& options);

// The same by transfer from a reference: of training, and of inference at each batch, by itself (a reference
// knows no batches).
Predictions predict_by_transfer(const Problem& like, const devices::ModeSpace& modes, const Sample& sample,
                                const TimeAndPower& reference, int epochs, bool logarithms,
                                std::uint64_t seed);

}  // namespace wattline::policies
