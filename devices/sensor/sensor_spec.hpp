// What a board measures of its own power: the channels of its INA3221 and how the chip is set.
//
// Value types; part of DeviceSpec. A channel need not be one of the rails that power is modelled on: VDD_IN
// of an Orin NX carries all of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace wattline::devices {

struct SensorChannel {
  std::string name;                // as the driver labels it ("VDD_IN")
  std::vector<std::string> rails;  // of DeviceSpec::power, whose sum the channel carries
  double bus_v = 0;                // at the shunt's supply side, taken as constant
  double shunt_mohm = 0;
  bool in_total = false;  // whether the board's power, as its users read it, includes the channel
};

struct SensorSpec {
  std::int32_t samples = 1;           // that the chip averages over: 1, 4, 16, 64, 128, 256, 512 or 1024
  double conversion_us = 0;           // of one voltage; a channel has two
  std::int32_t scanned_channels = 3;  // of the chip, one after the other; used or not
  std::vector<SensorChannel> channels;
};

}  // namespace wattline::devices
