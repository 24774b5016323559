#include "devices/sensor/sensor_reader.hpp"

#include "devices/sensor/sensor_checks.hpp"

namespace wattline::devices {

SensorSpec read_sensor(SourcedReader in, const std::vector<Rail>& rails) {
  SensorSpec sensor;
  sensor.samples = in.integer("samples", 1, 1024);
  sensor.conversion_us = in.number("conversion_us", between(140, 8244));
  sensor.scanned_channels = in.integer("scanned_channels", 1, 3);
  for (SourcedReader& from : in.group("channels")) {
    SensorChannel channel;
    channel.name = from.name();
    channel.rails = from.names("rails");
    channel.bus_v = from.number("bus_v", above(0, 26));
    channel.shunt_mohm = from.number("shunt_mohm", above(0, 1000));
    channel.in_total = from.boolean("in_total");
    from.done();
    sensor.channels.push_back(std::move(channel));
  }
  in.done();
  std::vector<std::string> names;
  for (const Rail& rail : rails) names.push_back(rail.name);
  if (in.failed()) return sensor;
  if (const auto wrong = check_sensor(sensor, names)) in.fail("", wrong->message);
  return sensor;
}

}  // namespace wattline::devices
