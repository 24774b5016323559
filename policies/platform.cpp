#include "policies/platform.hpp"

namespace wattline::policies {

Result<Observation> Platform::profile(const std::string& workload, workloads::Role role, int batch,
                                      const devices::PowerMode& mode) {
  const Point point{workload, role, batch, mode};
  if (const auto known = memory_.find(point); known != memory_.end()) {
    Observation remembered = known->second;
    remembered.cost_time_ns = 0;
    remembered.cost_energy_j = 0;
    remembered.charged = false;
    return remembered;
  }
  auto observed = measure(workload, role, batch, mode);
  if (!observed) return observed.error();
  observed->charged = true;
  memory_.emplace(point, *observed);
  profiled_modes_.insert(mode);
  ++spent_.profiles;
  spent_.modes = static_cast<int>(profiled_modes_.size());
  spent_.time_ns += observed->cost_time_ns;
  spent_.energy_j += observed->cost_energy_j;
  return observed;
}

}  // namespace wattline::policies
