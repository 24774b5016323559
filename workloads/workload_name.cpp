#include "workloads/workload_name.hpp"

#include <fmt/format.h>

namespace wattline::workloads {

Result<WorkloadName> parse_workload_name(const std::string& name) {
  const auto at = name.find('@');
  if (at == std::string::npos) return WorkloadName{name, ""};
  if (at == 0 || at + 1 == name.size()) {
    return bad_input(fmt::format("'{}' is no workload; \"network\" or \"network@stack\" is expected", name));
  }
  return WorkloadName{name.substr(0, at), name.substr(at + 1)};
}

}  // namespace wattline::workloads
