#include "sim/energy_meter.hpp"

#include <numeric>

namespace wattline::sim {

const char* name_of(Activity activity) {
  switch (activity) {
    case Activity::idle:
      return "idle";
    case Activity::infer:
      return "infer";
    case Activity::train:
      return "train";
    case Activity::switching:
      return "switching";
    case Activity::profiling:
      return "profiling";
    case Activity::context_switch:
      return "context_switch";
    case Activity::shared:
      return "shared";
  }
  return "?";
}

namespace {

Int128 sum_uw(const RailPowerUw& power) {
  return std::accumulate(power.begin(), power.end(), Int128{0});
}

}  // namespace

void EnergyMeter::add(Activity activity, const RailPowerUw& power, TimeNs duration_ns) {
  const auto index = static_cast<std::size_t>(activity);
  Open& open = open_[index];
  // Without a way out of the loop, so that it takes few instructions.
  std::int64_t differs = 0;
  for (std::size_t rail = 0; rail < max_rails; ++rail) differs |= open.power[rail] ^ power[rail];
  if (differs != 0) {
    multiply(index);
    open.power = power;
  }
  open.time_ns += duration_ns;
  time_ns_[index] += duration_ns;
}

void EnergyMeter::add(Activity activity, const RailEnergyFj& energy_fj) {
  for (std::size_t rail = 0; rail < max_rails; ++rail) rail_fj_[rail] += energy_fj[rail];
  const Int128 sum_fj = std::accumulate(energy_fj.begin(), energy_fj.end(), Int128{0});
  activity_fj_[static_cast<std::size_t>(activity)] += sum_fj;
  total_fj_ += sum_fj;
}

void EnergyMeter::settle() {
  for (std::size_t activity = 0; activity < activity_count; ++activity) multiply(activity);
}

void EnergyMeter::multiply(std::size_t activity) {
  Open& open = open_[activity];
  Int128 sum_fj = 0;
  for (std::size_t rail = 0; rail < max_rails; ++rail) {
    const Int128 energy_fj = Int128{open.power[rail]} * open.time_ns;
    rail_fj_[rail] += energy_fj;
    sum_fj += energy_fj;
  }
  activity_fj_[activity] += sum_fj;
  total_fj_ += sum_uw(open.power) * open.time_ns;
  open.time_ns = 0;
}

Int128 EnergyMeter::rail_fj(std::size_t rail) const {
  Int128 energy_fj = rail_fj_[rail];
  for (const Open& open : open_) energy_fj += Int128{open.power[rail]} * open.time_ns;
  return energy_fj;
}

Int128 EnergyMeter::activity_fj(Activity activity) const {
  const auto index = static_cast<std::size_t>(activity);
  Int128 energy_fj = activity_fj_[index];
  for (const std::int64_t rail_uw : open_[index].power) energy_fj += Int128{rail_uw} * open_[index].time_ns;
  return energy_fj;
}

Int128 EnergyMeter::total_fj() const {
  Int128 energy_fj = total_fj_;
  for (const Open& open : open_) energy_fj += sum_uw(open.power) * open.time_ns;
  return energy_fj;
}

}  // namespace wattline::sim
