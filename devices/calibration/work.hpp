// The work of a minibatch as calibration sees it: a few classes of kernels instead of hundreds.
//
// Kernels are merged when their arithmetic intensities agree within about 30 % both at batch 1 and at
// large batches, so that a class is bound by compute or by memory as its members would be.
#pragma once

#include <vector>

#include "devices/calibration/law.hpp"
#include "workloads/kernel.hpp"

namespace wattline::devices::calibration {

// Linear in the batch size, as a kernel's counts are.
struct WorkClass {
  double flop_fixed = 0;
  double flop_per_sample = 0;
  double bytes_fixed = 0;
  double bytes_per_sample = 0;
};

struct Work {
  std::vector<WorkClass> classes;
  double launches = 1;
  double concentration = 0;  // at large batches: sum of squared shares of the kernels in the FLOP
  double pipeline_cycles_per_sample = 0;  // of training; a prior
  double pipeline_workers = 4;
};

// `value_bytes`: bytes per value in the stack's precision; kernels count 4.
std::vector<WorkClass> merged(const std::vector<workloads::Kernel>& kernels, double value_bytes = 4);

double concentration(const std::vector<workloads::Kernel>& kernels);

std::vector<ClassWork> at_batch(const std::vector<WorkClass>& classes, double batch);

}  // namespace wattline::devices::calibration
