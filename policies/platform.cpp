#include "policies/platform.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace wattline::policies {

namespace {

// An instrument that failed, whatever the board. Nothing is said of values that are merely unlikely.
bool credible(const Observation& seen) {
  return seen.minibatch.time_ns > 0 && std::isfinite(seen.minibatch.power_w) && seen.minibatch.power_w >= 0;
}

// Eleven days; beyond, something is wrong with a table or with the number of minibatches.
constexpr double longest_profile_ns = 1e15;

}  // namespace

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
  if (!credible(*observed)) {
    return Error{fmt::format("profile of {} in {} (batch {}) at {}: {} ms at {} W cannot be", workload,
                             workloads::name_of(role), batch, devices::to_text(mode),
                             sim::ns_to_ms(observed->minibatch.time_ns), observed->minibatch.power_w),
                 Error::Kind::failed};
  }
  if (static_cast<double>(observed->minibatch.time_ns) * observed->samples > longest_profile_ns) {
    return Error{
        fmt::format("profile of {} in {} (batch {}) at {}: {} minibatches of {} ms take more than {:g} s",
                    workload, workloads::name_of(role), batch, devices::to_text(mode), observed->samples,
                    sim::ns_to_ms(observed->minibatch.time_ns), longest_profile_ns * 1e-9),
        Error::Kind::failed};
  }
  observed->charged = true;
  memory_.emplace(point, *observed);
  profiled_modes_.insert(mode);
  ++spent_.profiles;
  spent_.modes = static_cast<int>(profiled_modes_.size());
  spent_.time_ns += std::min(observed->cost_time_ns, sim::longest_time_ns - spent_.time_ns);
  spent_.energy_j += observed->cost_energy_j;
  return observed;
}

}  // namespace wattline::policies
