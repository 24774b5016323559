#include "devices/software_stack.hpp"

namespace wattline::devices {

const char* name_of(Precision precision) {
  switch (precision) {
    case Precision::fp32:
      return "fp32";
    case Precision::tf32:
      return "tf32";
    case Precision::fp16:
      return "fp16";
    case Precision::bf16:
      return "bf16";
    case Precision::int8:
      return "int8";
  }
  return "?";
}

std::vector<std::string> precision_names() {
  std::vector<std::string> names;
  for (const Precision precision : all_precisions) names.emplace_back(name_of(precision));
  return names;
}

double bytes_per_value(Precision precision) {
  switch (precision) {
    case Precision::fp32:
    case Precision::tf32:
      return 4;
    case Precision::fp16:
    case Precision::bf16:
      return 2;
    case Precision::int8:
      return 1;
  }
  return 4;
}

const Efficiency& SoftwareStack::efficiency_of(const std::string& network) const {
  const auto known = by_workload.find(network);
  return known == by_workload.end() ? typical : known->second;
}

}  // namespace wattline::devices
