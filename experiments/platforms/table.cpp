#include "experiments/platforms/table.hpp"

#include <algorithm>
#include <cmath>
#include <set>

namespace wattline::experiments {

Result<policies::Observation> TablePlatform::measure(const std::string& workload, workloads::Role role,
                                                     int batch, const devices::PowerMode& mode) {
  const auto cost = table_.minibatch(workload, role, batch, mode);
  if (!cost) return cost.error();
  policies::Observation seen;
  seen.minibatch = {cost->time_ns, cost->total_power_w()};
  seen.samples = minibatches_;
  // A cost out of range is refused by who asked.
  const double cost_ns = static_cast<double>(cost->time_ns) * minibatches_;
  seen.cost_time_ns = std::llround(std::min(cost_ns, static_cast<double>(sim::longest_time_ns)));
  seen.cost_energy_j = sim::ns_to_seconds(seen.cost_time_ns) * seen.minibatch.power_w;
  return seen;
}

Result<devices::ModeSpace> mode_space_of(const devices::TableModel& table) {
  std::array<std::set<std::int32_t>, 4> values;
  for (const devices::PowerMode& mode : table.modes()) {
    values[0].insert(mode.cores);
    values[1].insert(mode.cpu_khz);
    values[2].insert(mode.gpu_khz);
    values[3].insert(mode.emc_khz);
  }
  std::array<std::vector<std::int32_t>, 4> axes;
  for (std::size_t i = 0; i < axes.size(); ++i) axes[i].assign(values[i].begin(), values[i].end());
  // A table answers for any number of active SMs; a mode space wants one.
  constexpr std::int32_t any_sms = 1;
  return devices::ModeSpace::make(table.device(), std::move(axes), any_sms);
}

}  // namespace wattline::experiments
