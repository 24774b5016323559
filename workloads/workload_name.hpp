// The name of a workload: a network, and the software stack that runs it where one is asked for.
//
// "resnet50" is the network on the board's default stack, "resnet50@tensorrt-int8" on the stack of that
// name. Which networks and stacks there are is known to the catalogue and to the board. Pure.
#pragma once

#include <string>

#include "sim/base/result.hpp"

namespace wattline::workloads {

struct WorkloadName {
  std::string network;
  std::string stack;  // empty: the board's default
};

// Splits at the first '@'. An error where one of both sides of it is empty.
Result<WorkloadName> parse_workload_name(const std::string& name);

}  // namespace wattline::workloads
