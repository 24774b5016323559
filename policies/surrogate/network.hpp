// A trained surrogate: a small neural network that predicts one number (a minibatch's time or power) from a
// few (knobs of a power mode, perhaps a batch). Value type; predict() is thread-safe.
#pragma once

#include <Eigen/Core>
#include <vector>

#include "policies/surrogate/parameters.hpp"
#include "policies/surrogate/standardiser.hpp"
#include "sim/base/result.hpp"

namespace wattline::policies::surrogate {

struct Network {
  Standardiser inputs;  // by input column
  Standardiser target;  // of one column
  Parameters parameters;
};

// One prediction a row, in the target's unit. A row's prediction depends on that row alone, so it is the same
// to the bit in whatever company, thread or machine it is asked for. Nothing is allocated a row. Errors:
// another number of columns than the network was trained on; an input, or a prediction, that is not finite.
Result<std::vector<double>> predict(const Network& network, const Eigen::MatrixXd& rows);

}  // namespace wattline::policies::surrogate
