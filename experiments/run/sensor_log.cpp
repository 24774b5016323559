#include "experiments/run/sensor_log.hpp"

#include <utility>

namespace wattline::experiments {

void PollSums::add(const PollSums& next) {
  end_ns = next.end_ns;
  polls += next.polls;
  for (std::size_t i = 0; i < channel_mw.size(); ++i) channel_mw[i] += next.channel_mw[i];
  total_mw += next.total_mw;
  drawn_fj += next.drawn_fj;
  settled = settled && next.settled;
}

Result<SensorLog> SensorLog::make(const devices::PowerSensorOptions& sensor,
                                  const sim::RailPowerUw& before_uw, sim::TimeNs settle_ns) {
  auto made = devices::PowerSensor::make(sensor, before_uw, {});
  if (!made) return made.error();
  return SensorLog(*std::move(made), settle_ns);
}

SensorLog::SensorLog(devices::PowerSensor sensor, sim::TimeNs settle_ns)
    : sensor_(std::move(sensor)), settle_ns_(settle_ns), next_poll_ns_(sensor_.poll_ns()) {
  record_.poll_ns = sensor_.poll_ns();
}

void SensorLog::poll(sim::Activity activity) {
  const devices::PowerReading reading = sensor_.read();
  const bool settled = activity != sim::Activity::switching && next_poll_ns_ >= settled_from_ns_;
  const PollSums polled{next_poll_ns_, 1, reading.channel_mw, reading.total_mw, std::exchange(drawn_fj_, 0),
                        settled};
  record_.all.add(polled);
  row_.add(polled);
  if (row_.polls < polls_in_row_) return;
  std::vector<PollSums>& rows = record_.rows;
  rows.push_back(std::exchange(row_, {}));
  if (rows.size() < most_rows) return;
  // Two rows become one.
  for (std::size_t i = 0; i + 1 < rows.size(); i += 2) {
    rows[i].add(rows[i + 1]);
    rows[i / 2] = rows[i];
  }
  rows.resize(most_rows / 2);
  polls_in_row_ *= 2;
}

}  // namespace wattline::experiments
