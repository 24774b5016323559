#include "policies/surrogate/network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "policies/surrogate/kernels.hpp"

namespace wattline::policies::surrogate {

namespace {

// Rows whose standardised inputs stay in the first-level cache.
constexpr std::size_t block_rows = 64;

}  // namespace

Result<std::vector<double>> predict(const Network& network, const Eigen::MatrixXd& rows) {
  const std::size_t columns = network.parameters.inputs;
  if (static_cast<std::size_t>(rows.cols()) != columns)
    return bad_input(
        fmt::format("the network was trained on {} columns; {} were given", columns, rows.cols()));
  const auto count = static_cast<std::size_t>(rows.rows());
  const InstructionSet instructions = best_instruction_set();
  std::vector<double> predictions(count);
  Floats inputs(block_rows * columns);
  Floats outputs(block_rows);
  for (std::size_t begin = 0; begin < count; begin += block_rows) {
    const std::size_t size = std::min(block_rows, count - begin);
    for (std::size_t column = 0; column < columns; ++column) {
      const auto c = static_cast<Eigen::Index>(column);
      for (std::size_t i = 0; i < size; ++i)
        inputs[i * columns + column] =
            static_cast<float>(network.inputs.standard(c, rows(static_cast<Eigen::Index>(begin + i), c)));
    }
    predict_standardised(network.parameters, inputs.data(), size, outputs.data(), instructions);
    for (std::size_t i = 0; i < size; ++i) {
      const double prediction = network.target.original(0, outputs[i]);
      // ReLU turns the NaN of an input into a number, so both are looked at.
      const float* const row = inputs.data() + i * columns;
      if (!std::isfinite(prediction) ||
          !std::all_of(row, row + columns, [](float input) { return std::isfinite(input); }))
        return bad_input(
            fmt::format("row {}: an input is not finite, or too far from the samples", begin + i + 1));
      predictions[begin + i] = prediction;
    }
  }
  return predictions;
}

}  // namespace wattline::policies::surrogate
