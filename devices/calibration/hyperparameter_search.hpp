// Hyperparameters of a residual process by maximum marginal likelihood with priors (Rasmussen and
// Williams 2006, section 5.4.1), by L-BFGS with the analytic gradient.
#pragma once

#include <vector>

#include "devices/calibration/residual_process.hpp"

namespace wattline::devices::calibration {

// Features that do not vary get no length; a component without a feature that varies is off.
// Precondition: not empty.
Hyperparameters search_hyperparameters(const std::vector<ResidualPoint>& points,
                                       const std::vector<double>& residuals, const ResidualPrior& prior,
                                       int iterations);

// Negative logarithm of marginal likelihood times priors, and its gradient with respect to the logarithms
// of what the search varies (amplitudes, lengths, noise, in this order, those that are on). For tests.
double negative_log_posterior(const std::vector<ResidualPoint>& points, const std::vector<double>& residuals,
                              const ResidualPrior& prior, const Hyperparameters& at,
                              std::vector<double>* gradient);

}  // namespace wattline::devices::calibration
