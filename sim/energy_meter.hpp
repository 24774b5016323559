// Energy per rail and per activity, integrated exactly.
//
// Power is a whole number of microwatts and time a whole number of nanoseconds, so each interval
// adds a whole number of femtojoules (1 uW x 1 ns = 1 fJ), kept in 128 bits: no rounding at all,
// whatever the length of the run. Reported in nanojoules (rounded down) and joules.
//
// An activity mostly draws what it drew the last time, so that time is summed as long as the power stays the
// same and multiplied once.
#pragma once

#include <array>
#include <cstdint>

#include "sim/statistics.hpp"
#include "sim/time.hpp"

namespace wattline::sim {

inline constexpr std::size_t max_rails = 8;

// Microwatts per rail; rails that a device does not have stay 0.
using RailPowerUw = std::array<std::int64_t, max_rails>;
// Femtojoules per rail.
using RailEnergyFj = std::array<Int128, max_rails>;

// What the device is doing; it does exactly one of these at any time.
// `switching` is to another power mode, `context_switch` to another process; `shared`: inference and training
// at once.
enum class Activity : std::uint8_t { idle, infer, train, switching, profiling, context_switch, shared };
inline constexpr std::size_t activity_count = 7;
inline constexpr std::array<Activity, activity_count> all_activities = {
    Activity::idle,      Activity::infer,          Activity::train, Activity::switching,
    Activity::profiling, Activity::context_switch, Activity::shared};
const char* name_of(Activity activity);

class EnergyMeter {
 public:
  // Precondition: duration_ns >= 0.
  void add(Activity activity, const RailPowerUw& power, TimeNs duration_ns);
  // Drawn besides during that activity.
  void add(Activity activity, const RailEnergyFj& energy_fj);

  // Multiplies what is open, at the end of a run; changes no figure.
  void settle();

  TimeNs time_ns(Activity activity) const { return time_ns_[static_cast<std::size_t>(activity)]; }
  Int128 rail_fj(std::size_t rail) const;
  Int128 activity_fj(Activity activity) const;
  Int128 total_fj() const;

  double rail_j(std::size_t rail) const { return static_cast<double>(rail_fj(rail)) * 1e-15; }
  double total_j() const { return static_cast<double>(total_fj()) * 1e-15; }

 private:
  // Time at a power that is not multiplied yet.
  struct Open {
    RailPowerUw power{};
    TimeNs time_ns = 0;
  };
  void multiply(std::size_t activity);

  std::array<TimeNs, activity_count> time_ns_{};
  std::array<Open, activity_count> open_{};
  std::array<Int128, max_rails> rail_fj_{};
  std::array<Int128, activity_count> activity_fj_{};
  Int128 total_fj_ = 0;  // from the sum of the rails' powers: an account of its own, to check the others
};

}  // namespace wattline::sim
