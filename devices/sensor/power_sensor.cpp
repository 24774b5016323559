#include "devices/sensor/power_sensor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "devices/sensor/sensor_checks.hpp"
#include "sim/random.hpp"

namespace wattline::devices {

namespace {

std::vector<std::size_t> indices_of(const std::vector<std::string>& rails,
                                    const std::vector<std::string>& all) {
  std::vector<std::size_t> indices;
  for (const std::string& rail : rails)
    indices.push_back(static_cast<std::size_t>(std::find(all.begin(), all.end(), rail) - all.begin()));
  return indices;
}

double gain_of(const PowerSensorOptions& options, const SensorChannel& channel) {
  sim::RandomStream stream(options.seed, fmt::format("sensor/{}/{}", options.board, channel.name));
  return 1 + options.gain_error * (2 * stream.uniform() - 1);
}

}  // namespace

Result<PowerSensor> PowerSensor::make(const PowerSensorOptions& options, const sim::RailPowerUw& before_uw,
                                      Reader reader) {
  if (auto error = check_power_sensor(options)) return *std::move(error);
  return PowerSensor(options, before_uw, std::move(reader));
}

PowerSensor::PowerSensor(const PowerSensorOptions& options, const sim::RailPowerUw& before_uw, Reader reader)
    : reader_(std::move(reader)),
      scan_ns_(std::llround(options.chip.scanned_channels * 2 * options.chip.conversion_us * 1e3)),
      poll_ns_(std::llround(1e9 / options.poll_hz)),
      next_scan_ns_(scan_ns_),
      next_poll_ns_(poll_ns_),
      due_ns_(std::min(scan_ns_, poll_ns_)) {
  for (const SensorChannel& from : options.chip.channels) {
    Channel channel{indices_of(from.rails, options.rails),
                    gain_of(options, from) / (from.bus_v * 1e3),
                    quantised(from.bus_v * 1e3, options.bus_lsb_mv),
                    options.shunt_lsb_uv / from.shunt_mohm,
                    from.in_total,
                    {0, options.chip.samples}};
    channel.current_ma = {channel.input_ma(before_uw), options.chip.samples};
    channels_.push_back(std::move(channel));
  }
}

double PowerSensor::Channel::input_ma(const sim::RailPowerUw& power_uw) const {
  std::int64_t sum_uw = 0;
  for (const std::size_t rail : rails) sum_uw += power_uw[rail];
  return static_cast<double>(sum_uw) * ma_per_uw;
}

PowerReading PowerSensor::read() const {
  PowerReading reading;
  reading.at_ns = now_ns_;
  for (std::size_t i = 0; i < channels_.size(); ++i) {
    const Channel& channel = channels_[i];
    const double current_ma = quantised(channel.current_ma.value(), channel.lsb_ma);
    reading.channel_mw[i] = std::llround(channel.read_mv * current_ma / 1e3);
    if (channel.in_total) reading.total_mw += reading.channel_mw[i];
  }
  return reading;
}

void PowerSensor::scan(const sim::RailPowerUw& power_uw, std::int64_t scans) {
  for (Channel& channel : channels_) channel.current_ma.scan(channel.input_ma(power_uw), scans);
}

void PowerSensor::advance(const sim::RailPowerUw& power_uw, sim::TimeNs to_ns) {
  while (due_ns_ <= to_ns) {
    now_ns_ = std::min(to_ns, next_poll_ns_);
    if (next_scan_ns_ <= now_ns_) {
      const std::int64_t scans = (now_ns_ - next_scan_ns_) / scan_ns_ + 1;
      scan(power_uw, scans);
      next_scan_ns_ += scans * scan_ns_;
    }
    if (next_poll_ns_ <= to_ns) {
      if (reader_) reader_(read());
      next_poll_ns_ += poll_ns_;
    }
    due_ns_ = std::min(next_scan_ns_, next_poll_ns_);
  }
}

}  // namespace wattline::devices
