// How the studies of these networks on Jetson boards use them: batch sizes and data loading.
#pragma once

#include <vector>

#include "workloads/dnn.hpp"

namespace wattline::workloads {

inline std::vector<int> studied_infer_batches() {
  return {1, 4, 16, 32, 64};
}
inline std::vector<int> studied_train_batches() {
  return {16};
}

// CPU work of `milliseconds` a training sample on one Cortex-A78AE at its highest clock on a Jetson AGX
// Orin, 2201.6 MHz, shared by the studies' 4 loader processes. Every value given to it is an estimate
// of ours, with its reason beside it; the studies publish none.
inline InputPipeline estimated_input_pipeline(double milliseconds) {
  constexpr double kCyclesPerMillisecond = 2201.6e3;
  return {milliseconds * kCyclesPerMillisecond, 4};
}

}  // namespace wattline::workloads
