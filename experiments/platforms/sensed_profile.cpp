#include "experiments/platforms/sensed_profile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "devices/sensor/stabilisation.hpp"
#include "sim/base/median.hpp"
#include "sim/base/text.hpp"

namespace wattline::experiments {

namespace {

constexpr double most_readings = 1e7;

struct Log {
  std::vector<sim::TimeNs> at_ns;
  std::vector<std::int64_t> total_mw;
};

// Index of the first reading that counts; the log's size: none does.
std::size_t first_counted(const Log& log, sim::TimeNs last_from_ns) {
  if (const auto found = devices::stabilised_from(log.total_mw)) return *found;
  const auto in_last = std::upper_bound(log.at_ns.begin(), log.at_ns.end(), last_from_ns);
  return static_cast<std::size_t>(in_last - log.at_ns.begin());
}

}  // namespace

Result<double> sensed_power_w(const SensedProfiling& options, const ProfileCourse& course) {
  Log log;
  auto sensor =
      devices::PowerSensor::make(options.sensor, course.before_uw, [&](const devices::PowerReading& reading) {
        log.at_ns.push_back(reading.at_ns);
        log.total_mw.push_back(reading.total_mw);
      });
  if (!sensor) return sensor.error();
  const double logged_s =
      options.idle_before_s + sim::ns_to_seconds(course.switch_ns) + sim::ns_to_seconds(course.running_ns);
  if (logged_s * options.sensor.poll_hz > most_readings)
    return failure(fmt::format("a profile of {} s at {} readings a second; at most {} readings are kept",
                               shortest(logged_s), shortest(options.sensor.poll_hz),
                               shortest(most_readings)));
  sim::TimeNs now_ns = 0;
  const auto spend = [&](sim::Activity activity, const sim::RailPowerUw& power_uw, sim::TimeNs time_ns) {
    if (time_ns == 0) return;
    sensor->spent(activity, power_uw, now_ns, now_ns + time_ns);
    now_ns += time_ns;
  };
  spend(sim::Activity::idle, course.before_uw, std::llround(options.idle_before_s * 1e9));
  spend(sim::Activity::switching, course.switch_uw, course.switch_ns);
  spend(sim::Activity::profiling, course.running_uw, course.running_ns);

  const std::size_t first = first_counted(log, now_ns - course.counted_ns);
  std::vector<double> counted_mw(log.total_mw.begin() + static_cast<std::ptrdiff_t>(first),
                                 log.total_mw.end());
  if (counted_mw.empty()) counted_mw.push_back(static_cast<double>(sensor->read().total_mw));
  return median(std::move(counted_mw)) * 1e-3;
}

}  // namespace wattline::experiments
