#include "experiments/platforms/simulated.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "sim/elementary.hpp"
#include "sim/random.hpp"

namespace wattline::experiments {

namespace {

double total_w(const devices::RailPowerW& rails_w) {
  return std::accumulate(rails_w.begin(), rails_w.end(), 0.0);
}

// The mean of `count` minibatch times that vary around the true one without bias.
double mean_of_noisy_times(double true_ns, double relative_std, int count, sim::RandomStream& stream) {
  if (relative_std == 0) return true_ns;
  // Lognormal of mean 1 and this relative standard deviation.
  const double variance = sim::log(1 + relative_std * relative_std);
  const double sigma = std::sqrt(variance);
  double sum = 0;
  for (int i = 0; i < count; ++i) sum += stream.lognormal(-0.5 * variance, sigma);
  return true_ns * sum / count;
}

// At most a third of the longest time, so that the parts of a profile can be added.
sim::TimeNs whole_ns(double seconds) {
  return std::llround(std::min(seconds * 1e9, static_cast<double>(sim::longest_time_ns / 3)));
}

}  // namespace

SimulatedPlatform::SimulatedPlatform(const devices::CostModel& truth, devices::ModeSpace modes,
                                     std::vector<devices::Preset> presets, const ProfilingOptions& options)
    : Platform(std::move(modes), std::move(presets)), truth_(truth), options_(options) {
  current_ = this->modes().at(this->modes().size() - 1);
}

Result<policies::Observation> SimulatedPlatform::measure(const std::string& workload, workloads::Role role,
                                                         int batch, const devices::PowerMode& mode) {
  const auto cost = truth_.minibatch(workload, role, batch, mode);
  if (!cost) return cost.error();
  const auto idle_w = truth_.idle_power_w(mode);
  if (!idle_w) return idle_w.error();

  sim::RandomStream stream(options_.seed,
                           fmt::format("profile/{}/{}/{}/{}/{}", workload, workloads::name_of(role), batch,
                                       devices::to_text(mode), mode.active_sms));
  const double time_ns = mean_of_noisy_times(static_cast<double>(cost->time_ns), options_.time_noise,
                                             options_.minibatches, stream);
  const double true_w = cost->total_power_w();
  const double noise = 1 + options_.power_noise * stream.normal();

  const bool switches = mode != current_;
  const double reboot_s = mode.active_sms != current_.active_sms ? options_.reboot_s : 0;
  const double away_s = switches ? options_.mode_switch_s + reboot_s : 0;
  const double running_s = (switches ? options_.settle_s : 0) + time_ns * 1e-9 * options_.minibatches;
  double seen_w = true_w;
  if (options_.sensor) {
    const auto sensed_w =
        sensed_power_w(mode, *cost, *idle_w, running_s, time_ns * 1e-9 * options_.minibatches);
    if (!sensed_w) return sensed_w.error();
    seen_w = *sensed_w;
  }
  current_ = mode;

  policies::Observation seen;
  seen.minibatch = {std::max<sim::TimeNs>(1, std::llround(time_ns)), std::max(0.0, seen_w * noise)};
  seen.samples = options_.minibatches;
  seen.cost_time_ns = std::llround((away_s + running_s) * 1e9);
  seen.cost_energy_j = away_s * total_w(*idle_w) + running_s * true_w;
  return seen;
}

Result<double> SimulatedPlatform::sensed_power_w(const devices::PowerMode& mode, const devices::Cost& cost,
                                                 const devices::RailPowerW& idle_w, double running_s,
                                                 double counted_s) const {
  ProfileCourse course;
  course.switch_uw = devices::to_microwatts(idle_w);
  course.before_uw = course.switch_uw;
  // A reboot ends the log: a new one begins in the new mode.
  if (mode.active_sms == current_.active_sms) {
    const auto before_w = truth_.idle_power_w(current_);
    if (!before_w) return before_w.error();
    course.before_uw = devices::to_microwatts(*before_w);
  }
  if (mode != current_) course.switch_ns = whole_ns(options_.mode_switch_s);
  course.running_ns = whole_ns(running_s);
  course.running_uw = devices::to_microwatts(cost.power_w);
  course.counted_ns = whole_ns(counted_s);
  return experiments::sensed_power_w(*options_.sensor, course);
}

}  // namespace wattline::experiments
