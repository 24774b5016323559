#include "devices/cost_model.hpp"

#include <fmt/format.h>

#include <cmath>

namespace wattline::devices {

double Cost::total_power_w() const {
  double sum = 0;
  for (const double rail_w : power_w) sum += rail_w;
  return sum;
}

Result<sim::LoadingCpu> CostModel::loading_cpu(const PowerMode&) const {
  return failure("this cost model knows of minibatches only with the loading of their data");
}

sim::RailPowerUw to_microwatts(const RailPowerW& power_w) {
  sim::RailPowerUw power_uw{};
  for (std::size_t rail = 0; rail < power_w.size(); ++rail)
    power_uw[rail] = std::llround(power_w[rail] * 1e6);
  return power_uw;
}

std::vector<std::optional<Cost>> CostModel::minibatches(const std::string& workload, workloads::Role role,
                                                        std::int64_t batch,
                                                        std::span<const PowerMode> modes) const {
  std::vector<std::optional<Cost>> costs;
  costs.reserve(modes.size());
  for (const PowerMode& mode : modes) {
    const auto cost = minibatch(workload, role, batch, mode);
    costs.push_back(cost ? std::optional(*cost) : std::nullopt);
  }
  return costs;
}

Result<std::vector<sim::Phase>> CostModel::phases(const std::string& workload, workloads::Role, std::int64_t,
                                                  const PowerMode&) const {
  return bad_input(fmt::format(
      "what {} wants of the GPU's units is not known: only the roofline of a board counts kernels",
      workload));
}

MaybeError CostModel::check_workload(const std::string&, workloads::Role, std::optional<std::int64_t>) const {
  return {};
}

}  // namespace wattline::devices
