// Which of a run's configurations is in force, which is to be, and what the change from one to the other
// takes.
//
// Value type of one run; times are the caller's. Not thread-safe.
#pragma once

#include <optional>

#include "sim/configuration.hpp"

namespace wattline::sim {

class ConfigurationSequence {
 public:
  // `all`, not empty, is borrowed for the run; `switch_ns` may be empty (AcceleratorOptions::switch_ns).
  ConfigurationSequence(const std::vector<Configuration>& all, const SwitchTime& switch_ns)
      : all_(all), switch_ns_(switch_ns) {}

  const Configuration& current() const { return all_[current_]; }
  bool is_last() const { return current_ + 1 == all_.size(); }
  // Whether another is to be in force.
  bool change_is_wanted() const { return wanted_ != current_; }

  // When the next is to be, and that this instant has come.
  TimeNs next_start_ns() const { return wanted_ + 1 < all_.size() ? all_[wanted_ + 1].start_ns : never; }
  void want_next() { ++wanted_; }
  const Configuration& wanted() const { return all_[wanted_]; }

  // The one that is wanted is in force, or first one on the way to it that profiles. Precondition:
  // change_is_wanted().
  void change();

  // What the change takes: each stretch of profiling, then the switch, which draws what the device draws
  // idling; then nothing more.
  struct Stretch {
    Activity activity;
    TimeNs time_ns;
    const RailPowerUw* power_uw;  // null: idling
  };
  std::optional<Stretch> next_stretch();

 private:
  const std::vector<Configuration>& all_;
  const SwitchTime& switch_ns_;
  std::size_t current_ = 0;
  std::size_t wanted_ = 0;    // the one whose start has passed last
  std::size_t profiled_ = 0;  // stretches of the current one's profiling that have begun
  TimeNs left_to_switch_ns_ = 0;
};

}  // namespace wattline::sim
