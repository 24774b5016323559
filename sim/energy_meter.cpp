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
  }
  return "?";
}

void EnergyMeter::add(Activity activity, const RailPowerUw& power, TimeNs duration_ns) {
  const auto index = static_cast<std::size_t>(activity);
  time_ns_[index] += duration_ns;
  Int128 sum_fj = 0;
  for (std::size_t rail = 0; rail < max_rails; ++rail) {
    const Int128 energy_fj = Int128{power[rail]} * duration_ns;
    rail_fj_[rail] += energy_fj;
    sum_fj += energy_fj;
  }
  activity_fj_[index] += sum_fj;
  total_fj_ += Int128{std::accumulate(power.begin(), power.end(), std::int64_t{0})} * duration_ns;
}

}  // namespace wattline::sim
