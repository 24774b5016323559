// Training of surrogates, from samples alone and by transfer from a network of another workload or board.
//
// PowerTrain (arXiv 2407.13944): a base network learns one workload over many power modes; for another one
// its last layer is replaced and all layers are trained on a few dozen modes. Fulcrum (arXiv 2509.20205)
// trains the same network from scratch (NN250). What is theirs and what is our reading:
// docs/policies/surrogates.md.
//
// Inputs and target are standardised; the loss is the mean squared error of the standardised target. A target
// whose relative errors count is given as its logarithm, by the caller. The same samples, options and seed
// give the same bytes, in whichever thread and on whichever machine. Random streams: "surrogate/weights",
// "surrogate/split", "surrogate/order", "surrogate/dropout" (sample by sample, the first layer before the
// second). Functions without shared state: thread-safe.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <optional>
#include <vector>

#include "policies/surrogate/network.hpp"
#include "sim/base/result.hpp"

namespace wattline::policies::surrogate {

// Adam's small constant, which keeps the step of a weight without gradient finite.
enum class Epsilon {
  keras,   // 1e-7, added to the square root of the uncorrected second moment
  pytorch  // 1e-8, added to that of the corrected one
};

struct TrainingOptions {
  int epochs = 200;             // at most. Range 1 .. 1,000,000
  int minibatch = 16;           // samples a step; an epoch's last may be smaller. Range 1 .. 32
  double learning_rate = 1e-3;  // Adam's. Range 1e-12 .. 1
  Epsilon epsilon = Epsilon::keras;
  double dropout1 = 0.4;          // behind the first layer. Range 0 .. 0.95, resolved to 1/65,536
  double dropout2 = 0.3;          // behind the second. The same
  double validation_share = 0.2;  // of the samples, rounded; at least one is trained on. Range 0 .. 0.9
  int patience = 0;               // epochs without a lower validation loss before it stops; 0: never stops.
                                  // Range 0 .. 1,000,000. Without validation samples it has no effect
  bool restore_best = true;       // keep the weights of the least validation loss instead of the last ones
  std::uint64_t seed = 1;
};

struct TransferOptions {
  // Which standardisation the inputs get. The base's keeps what its layers learnt of the inputs' units, but
  // another board's knobs may lie far outside it. The target's is always made anew: the last layer is new.
  enum class InputScale { base, samples };
  InputScale input_scale = InputScale::base;
  bool last_layer_only = false;  // leave the base's layers as they are
};

enum class Termination {
  epochs_done,
  stopped_early,  // patience ran out
  diverged        // a loss or weight was no longer finite; the network is that of the epochs before
};
const char* name_of(Termination termination);

// One epoch. Losses are of the standardised target.
struct Step {
  int epoch = 0;                          // from 1 on
  double training_loss = 0;               // mean over the epoch's samples, each before its step, with dropout
  std::optional<double> validation_loss;  // after the epoch, without dropout; where there are such samples
  bool kept = false;                      // the best so far, or the last if that is not asked for
};

struct Trained {
  Network network;  // all weights finite
  std::vector<Step> steps;
  Termination termination = Termination::epochs_done;
  std::int64_t minibatches = 0;  // Adam's steps
};

// Inputs: n x d, d of 1 .. 64; targets: n; n >= 1. Standardisations are of the samples trained on, without
// those for validation. Errors: another shape, a number that is not finite, options out of range, training
// that diverges in its first epoch.
Result<Trained> train(const Eigen::MatrixXd& inputs, const Eigen::VectorXd& targets,
                      const TrainingOptions& options);

// The same, from `base` with a new last layer. Error also: another number of columns than the base's.
Result<Trained> transfer(const Network& base, const Eigen::MatrixXd& inputs, const Eigen::VectorXd& targets,
                         const TrainingOptions& options, const TransferOptions& how);

}  // namespace wattline::policies::surrogate
