#include "devices/sensor/sensor_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "sim/base/text.hpp"

namespace wattline::devices {

namespace {

constexpr std::array<std::int32_t, 8> accepted_samples = {1, 4, 16, 64, 128, 256, 512, 1024};

// Also false of what is no number.
bool within(double value, double low, double high) {
  return value >= low && value <= high;
}

Error out_of_range(const char* name, double value, const char* accepted) {
  return bad_input(fmt::format("{}: {} is not accepted; {} is expected", name, shortest(value), accepted));
}

MaybeError check_channel(const SensorChannel& channel, const std::vector<std::string>& rails,
                         std::set<std::string>& in_total) {
  const auto wrong = [&](const std::string& message) {
    return bad_input(fmt::format("channel '{}': {}", channel.name, message));
  };
  if (!(channel.bus_v > 0 && channel.bus_v <= 26))
    return wrong(out_of_range("bus_v", channel.bus_v, "more than 0 and at most 26").message);
  if (!(channel.shunt_mohm > 0 && channel.shunt_mohm <= 1000))
    return wrong(out_of_range("shunt_mohm", channel.shunt_mohm, "more than 0 and at most 1000").message);
  if (channel.rails.empty()) return wrong("it measures no rail");
  std::set<std::string> own;
  for (const std::string& rail : channel.rails) {
    if (std::find(rails.begin(), rails.end(), rail) == rails.end())
      return wrong(fmt::format("the power has no rail '{}'; it has {}", rail, joined(rails)));
    if (!own.insert(rail).second) return wrong(fmt::format("rail '{}' appears twice", rail));
    if (channel.in_total && !in_total.insert(rail).second)
      return wrong(fmt::format("rail '{}' is in the total twice", rail));
  }
  return std::nullopt;
}

}  // namespace

MaybeError check_sensor(const SensorSpec& chip, const std::vector<std::string>& rails) {
  if (std::find(accepted_samples.begin(), accepted_samples.end(), chip.samples) == accepted_samples.end())
    return out_of_range("samples", chip.samples, "1, 4, 16, 64, 128, 256, 512 or 1024");
  if (!within(chip.conversion_us, 140, 8244))
    return out_of_range("conversion_us", chip.conversion_us, "140 to 8244");
  if (chip.scanned_channels < 1 || chip.scanned_channels > 3)
    return out_of_range("scanned_channels", chip.scanned_channels, "1 to 3");
  if (chip.channels.empty() || chip.channels.size() > sim::max_rails)
    return bad_input(fmt::format("{} channels are not accepted; 1 to {} are expected", chip.channels.size(),
                                 sim::max_rails));
  std::set<std::string> names;
  std::set<std::string> in_total;
  for (const SensorChannel& channel : chip.channels) {
    if (!names.insert(channel.name).second)
      return bad_input(fmt::format("channel '{}' appears twice", channel.name));
    if (auto error = check_channel(channel, rails, in_total)) return error;
  }
  if (in_total.empty()) return bad_input("no channel is in_total");
  return std::nullopt;
}

MaybeError check_power_sensor(const PowerSensorOptions& options) {
  if (options.rails.size() > sim::max_rails)
    return bad_input(fmt::format("{} rails; at most {} are accepted", options.rails.size(), sim::max_rails));
  if (!within(options.poll_hz, 0.001, 100)) return out_of_range("poll_hz", options.poll_hz, "0.001 to 100");
  if (!within(options.gain_error, 0, 0.05))
    return out_of_range("gain_error", options.gain_error, "0 to 0.05");
  if (!(options.bus_lsb_mv > 0 && options.bus_lsb_mv <= 100))
    return out_of_range("bus_lsb_mv", options.bus_lsb_mv, "more than 0 and at most 100");
  if (!(options.shunt_lsb_uv > 0 && options.shunt_lsb_uv <= 1000))
    return out_of_range("shunt_lsb_uv", options.shunt_lsb_uv, "more than 0 and at most 1000");
  return check_sensor(options.chip, options.rails);
}

}  // namespace wattline::devices
