// One LSTM layer over a sequence, counted as one kernel.
//
// Every step multiplies its input and the state of the step before by the four gates' weights, 2 FLOP a
// multiply-accumulate. The weights of the input are read once a batch, for all steps at once; those of the
// state again at every step (the counting rules of Pagoda's repository, its refined LSTM formula). Pure.
#pragma once

#include <cstdint>
#include <string>

#include "workloads/kernel.hpp"

namespace wattline::workloads {

struct LstmShape {
  std::int64_t inputs = 0;  // values of one step's input
  std::int64_t hidden = 0;
  std::int64_t steps = 0;

  // Weights and two biases a gate, as cuDNN and PyTorch have it.
  std::int64_t parameters() const { return 4 * (hidden * (inputs + hidden) + 2 * hidden); }
};

Kernel lstm_layer(const std::string& name, const LstmShape& shape);

}  // namespace wattline::workloads
