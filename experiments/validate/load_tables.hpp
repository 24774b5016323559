// The tables of a load validation. In text, percentages have one decimal; CSV and JSON hold all digits.
#pragma once

#include <string>

#include "experiments/report/result_table.hpp"
#include "experiments/validate/load.hpp"

namespace wattline::experiments {

// One row a board, model, mode and higher load: measured, predicted and error of every quantity.
ResultTable points_table(const LoadValidation& validation);
// One row a board, model and mode: the fitted parameters. `device`: only this one (empty: all).
ResultTable fits_table(const LoadValidation& validation, const std::string& device);
// One row a board (then over all) and quantity: median error, worst, bias, spread between repeats, target.
ResultTable summary_table(const LoadValidation& validation);
// What could not be determined, a line each; empty when all could.
std::string undetermined(const LoadValidation& validation, const std::string& device);

}  // namespace wattline::experiments
