#include "sim/configuration_sequence.hpp"

namespace wattline::sim {

void ConfigurationSequence::change() {
  const std::size_t before = current_;
  // What was overtaken is not entered, but the time of its profiling is spent all the same.
  do ++current_;
  while (current_ < wanted_ && current().profiling.empty());
  profiled_ = 0;
  if (switch_ns_)
    left_to_switch_ns_ = switch_ns_(before, current_);
  else
    left_to_switch_ns_ = current().point == all_[before].point ? 0 : current().switch_ns;
}

std::optional<ConfigurationSequence::Stretch> ConfigurationSequence::next_stretch() {
  const Configuration& now = current();
  if (profiled_ < now.profiling.size()) {
    const ProfilingStretch& stretch = now.profiling[profiled_++];
    left_to_switch_ns_ = now.switch_ns;
    return Stretch{Activity::profiling, stretch.time_ns, &stretch.power_uw};
  }
  if (left_to_switch_ns_ == 0) return std::nullopt;
  return Stretch{Activity::switching, std::exchange(left_to_switch_ns_, 0), nullptr};
}

}  // namespace wattline::sim
