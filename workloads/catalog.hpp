// The built-in DNN workloads: one file each under models/, listed here in a fixed order.
#pragma once

#include <string>
#include <vector>

#include "sim/base/result.hpp"
#include "workloads/dnn.hpp"

namespace wattline::workloads {

// Built anew at each call (a few hundred kernels): callers keep what they need.
std::vector<Dnn> catalog();

// By the name of a workload, of which the software stack is ignored ("resnet50@tensorrt-int8" is ResNet-50:
// only a board knows its stacks). An unknown network is an error that names the nearest.
Result<Dnn> find_dnn(const std::string& name);

}  // namespace wattline::workloads
