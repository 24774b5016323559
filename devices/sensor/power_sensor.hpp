// What a reader of the board's INA3221 sees of a run, as the run happens.
//
// The truth arrives as stretches of constant power per rail (sim::RunObserver). A scan takes the power that
// is drawn just before its end: scans end at multiples of the scan time (scanned channels x 2 conversions;
// Linux driver [public]) since the start of the run, and the reader polls at multiples of its period. A
// stretch without either costs a few nanoseconds, a long one O(log scans) a poll. Both at one instant: the
// scan comes first. The chip's integration within a conversion and the offset of the scan between channels
// are left out.
//
// Gain: each channel is off by one constant factor, 1 + u with u uniform within +-gain_error, which belongs
// to the board (seed, board and channel; stream "sensor/BOARD/CHANNEL") and shifts no other draw. NVIDIA
// states 5 % (thermal design guide of AGX Xavier as quoted by xavier-power-profiling [public]). How it is
// distributed is our reading.
//
// Not thread-safe: one sensor a run. The truth is not changed and stays with the engine.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "devices/sensor/ina3221.hpp"
#include "devices/sensor/sensor_spec.hpp"
#include "sim/base/result.hpp"
#include "sim/run_observer.hpp"

namespace wattline::devices {

struct PowerSensorOptions {
  SensorSpec chip;                 // 1 .. sim::max_rails channels
  std::vector<std::string> rails;  // of the truth, in the order of its powers
  double poll_hz = 1;     // as jtop and tegrastats [public]. Range 0.001 .. 100, beyond which a reader
                          // cannot keep up (4.4 ms for the registers of AGX Orin [public])
  double gain_error = 0;  // Range 0 .. 0.05
  double bus_lsb_mv = ina3221_bus_lsb_mv;      // Range above 0 .. 100
  double shunt_lsb_uv = ina3221_shunt_lsb_uv;  // Range above 0 .. 1000
  std::string board;                           // its name; with the seed, whose gain it is
  std::uint64_t seed = 1;
};

// Whole milliwatts, as the drivers give them.
struct PowerReading {
  sim::TimeNs at_ns = 0;
  std::array<std::int64_t, sim::max_rails> channel_mw{};  // in the order of the channels
  std::int64_t total_mw = 0;                              // of the channels that are in_total
};

class PowerSensor final : public sim::RunObserver {
 public:
  // Called at each poll, in the order of time. The sensor keeps no reading; one that is kept takes 80 bytes.
  using Reader = std::function<void(const PowerReading&)>;

  // Before the run the board drew `before_uw` for so long that the averages had settled. Errors: an option
  // out of range, a channel on a rail that the truth does not have.
  static Result<PowerSensor> make(const PowerSensorOptions& options, const sim::RailPowerUw& before_uw,
                                  Reader reader);

  // What a poll would give now, after all that spent() has told; at_ns: the end of the last stretch that had
  // a scan or a poll.
  PowerReading read() const;

  void spent(sim::Activity, const sim::RailPowerUw& power_uw, sim::TimeNs, sim::TimeNs to_ns) override {
    if (to_ns >= due_ns_) advance(power_uw, to_ns);
  }
  void served(std::size_t, sim::TimeNs, sim::TimeNs) override {}
  void trained(std::size_t, sim::TimeNs) override {}

  sim::TimeNs scan_ns() const { return scan_ns_; }
  sim::TimeNs poll_ns() const { return poll_ns_; }

 private:
  struct Channel {
    std::vector<std::size_t> rails;
    double ma_per_uw = 0;  // with the gain
    double read_mv = 0;    // of the bus
    double lsb_ma = 0;
    bool in_total = false;
    AveragedRegister current_ma;

    double input_ma(const sim::RailPowerUw& power_uw) const;
  };

  PowerSensor(const PowerSensorOptions& options, const sim::RailPowerUw& before_uw, Reader reader);
  void advance(const sim::RailPowerUw& power_uw, sim::TimeNs to_ns);
  void scan(const sim::RailPowerUw& power_uw, std::int64_t scans);

  std::vector<Channel> channels_;
  Reader reader_;
  sim::TimeNs scan_ns_;
  sim::TimeNs poll_ns_;
  sim::TimeNs next_scan_ns_;
  sim::TimeNs next_poll_ns_;
  sim::TimeNs due_ns_;  // the earlier of the two
  sim::TimeNs now_ns_ = 0;
};

}  // namespace wattline::devices
