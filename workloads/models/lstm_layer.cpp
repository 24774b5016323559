#include "workloads/models/lstm_layer.hpp"

namespace wattline::workloads {

namespace {

constexpr std::int64_t kGates = 4;
constexpr std::int64_t kBytesPerValue = 4;

}  // namespace

Kernel lstm_layer(const std::string& name, const LstmShape& shape) {
  const auto [inputs, hidden, steps] = shape;
  const std::int64_t products = kGates * (hidden * inputs + hidden * hidden);
  const std::int64_t gate_sums = 4 * kGates * hidden;
  const std::int64_t sigmoids = 3 * 4 * hidden;
  const std::int64_t tanh = 5 * hidden;
  const std::int64_t cell_update = (3 + 1) * hidden;  // three products, one sum
  const std::int64_t flop_per_step = 2 * products + gate_sums + sigmoids + tanh + cell_update;

  const std::int64_t input_weights = kGates * (inputs * hidden + hidden);
  const std::int64_t recurrent_weights = kGates * (hidden * hidden + hidden);
  const std::int64_t activations_per_step = inputs + hidden + 2 * hidden;  // input, output, state
  return {name,
          KernelKind::recurrent,
          {0, steps * flop_per_step},
          {kBytesPerValue * (input_weights + steps * recurrent_weights),
           kBytesPerValue * steps * activations_per_step},
          // One call into cuDNN, which launches about one kernel a step.
          static_cast<int>(steps)};
}

}  // namespace wattline::workloads
