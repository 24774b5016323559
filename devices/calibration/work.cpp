#include "devices/calibration/work.hpp"

#include <cmath>
#include <map>

namespace wattline::devices::calibration {

namespace {

// The class of a kernel: its intensities at both ends, in steps of half a natural logarithm.
std::pair<long, long> class_of(const workloads::Kernel& kernel) {
  constexpr double step = 0.5;
  constexpr std::int64_t large_batch = 256;
  const auto bin = [&](std::int64_t batch) -> long {
    const auto flop = static_cast<double>(kernel.flop.at(batch));
    const auto bytes = static_cast<double>(kernel.bytes.at(batch));
    if (flop <= 0) return -1000;
    if (bytes <= 0) return 1000;
    return std::lround(std::log(flop / bytes) / step);
  };
  return {bin(1), bin(large_batch)};
}

}  // namespace

std::vector<WorkClass> merged(const std::vector<workloads::Kernel>& kernels, double value_bytes) {
  constexpr double counted_value_bytes = 4;
  const double scale = value_bytes / counted_value_bytes;
  std::map<std::pair<long, long>, WorkClass> classes;
  for (const workloads::Kernel& kernel : kernels) {
    WorkClass& sum = classes[class_of(kernel)];
    sum.flop_fixed += static_cast<double>(kernel.flop.fixed);
    sum.flop_per_sample += static_cast<double>(kernel.flop.per_sample);
    sum.bytes_fixed += scale * static_cast<double>(kernel.bytes.fixed);
    sum.bytes_per_sample += scale * static_cast<double>(kernel.bytes.per_sample);
  }
  std::vector<WorkClass> list;
  list.reserve(classes.size());
  for (const auto& [key, sum] : classes) list.push_back(sum);
  return list;
}

double concentration(const std::vector<workloads::Kernel>& kernels) {
  double sum = 0;
  double squares = 0;
  for (const workloads::Kernel& kernel : kernels) {
    const auto flop = static_cast<double>(kernel.flop.per_sample);
    sum += flop;
    squares += flop * flop;
  }
  return sum > 0 ? squares / (sum * sum) : 0;
}

std::vector<ClassWork> at_batch(const std::vector<WorkClass>& classes, double batch) {
  std::vector<ClassWork> list;
  list.reserve(classes.size());
  for (const WorkClass& work : classes) {
    list.push_back(
        {work.flop_fixed + work.flop_per_sample * batch, work.bytes_fixed + work.bytes_per_sample * batch});
  }
  return list;
}

}  // namespace wattline::devices::calibration
