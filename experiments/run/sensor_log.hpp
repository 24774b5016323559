// What the board's power sensor says during a run, poll by poll, beside what the board drew.
//
// The truth stays the engine's: the log is told of it as any observer, and of each stretch between two polls
// it keeps the energy of all rails, exactly. Before the run the board idled in its first mode for so long
// that the sensor's averages had settled (our reading). During a reboot polls go on, which on a board they do
// not.
//
// A reading is settled when it lies at least `settle_ns` after the end of the last mode switch, or no switch
// has begun: protocols of profiling discard the others. A switch that takes no time is none (as in
// sim::RunResult::mode_switches).
//
// Not thread-safe: one log a run.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "devices/sensor/power_sensor.hpp"
#include "sim/base/result.hpp"
#include "sim/run_observer.hpp"

namespace wattline::experiments {

// Of one poll, or of several in a row: the sums of what was read.
struct PollSums {
  sim::TimeNs end_ns = 0;  // the last poll
  std::int64_t polls = 0;
  std::array<std::int64_t, sim::max_rails> channel_mw{};  // in the order of the chip's channels
  std::int64_t total_mw = 0;                              // of the channels that are in the total
  sim::Int128 drawn_fj = 0;  // the truth: by all rails since the poll before the first, or the run's start
  bool settled = true;       // all of them

  void add(const PollSums& next);
};

struct SensorRecord {
  sim::TimeNs poll_ns = 0;
  PollSums all;                // of the whole run
  std::vector<PollSums> rows;  // in the order of time, each of the same number of polls
};

class SensorLog final : public sim::RunObserver {
 public:
  // `before_uw`: what the board drew before the run. `settle_ns` is at least 0. Errors: those of
  // PowerSensor::make.
  static Result<SensorLog> make(const devices::PowerSensorOptions& sensor, const sim::RailPowerUw& before_uw,
                                sim::TimeNs settle_ns);

  void spent(sim::Activity activity, const sim::RailPowerUw& power_uw, sim::TimeNs from_ns,
             sim::TimeNs to_ns) override {
    if (activity == sim::Activity::switching) [[unlikely]]
      settled_from_ns_ = to_ns + settle_ns_;
    for (; next_poll_ns_ <= to_ns; from_ns = next_poll_ns_, next_poll_ns_ += record_.poll_ns) {
      tell_sensor(activity, power_uw, from_ns, next_poll_ns_);
      poll(activity);
    }
    if (from_ns < to_ns) tell_sensor(activity, power_uw, from_ns, to_ns);
  }
  void served(std::size_t, sim::TimeNs, sim::TimeNs) override {}
  void trained(std::size_t, sim::TimeNs) override {}

  // A row a poll; of a long run, so many polls a row that at most `most_rows` are kept (2 MB). Polls after
  // the last full row are only in the sums of the whole run.
  static constexpr std::size_t most_rows = 10'000;
  const SensorRecord& record() const { return record_; }

 private:
  SensorLog(devices::PowerSensor sensor, sim::TimeNs settle_ns);

  void tell_sensor(sim::Activity activity, const sim::RailPowerUw& power_uw, sim::TimeNs from_ns,
                   sim::TimeNs to_ns) {
    sensor_.spent(activity, power_uw, from_ns, to_ns);
    std::int64_t total_uw = 0;
    for (const std::int64_t rail_uw : power_uw) total_uw += rail_uw;
    drawn_fj_ += sim::Int128{total_uw} * (to_ns - from_ns);
  }
  void poll(sim::Activity activity);

  devices::PowerSensor sensor_;
  sim::TimeNs settle_ns_;
  sim::TimeNs next_poll_ns_;
  sim::TimeNs settled_from_ns_ = 0;
  sim::Int128 drawn_fj_ = 0;  // since the last poll
  PollSums row_;              // that is open
  std::int64_t polls_in_row_ = 1;
  SensorRecord record_;
};

}  // namespace wattline::experiments
