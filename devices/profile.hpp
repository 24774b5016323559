// A profile: one measured point of (workload, role, batch, power mode), as a row of a profile CSV
// (traces/profile_csv.hpp) or of a foreign data set (traces/import/).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "devices/power_mode.hpp"
#include "workloads/dnn.hpp"

namespace wattline::devices {

// What a power reading is of. They differ by the supply's losses and the carrier board, so they never mix.
enum class PowerKind {
  unstated,
  module_rails,  // sum of the module's own rails
  board_meter,   // DC into the developer kit
  wall           // AC, supply included
};
const char* name_of(PowerKind kind);  // "", "module rails", "board meter", "wall"

struct ProfileRow {
  std::string device;
  std::string workload;  // "resnet50", or "resnet50@tensorrt-int8" with its software stack
  workloads::Role role = workloads::Role::infer;
  std::int64_t batch = 0;
  PowerMode mode;  // active_sms is 0 where the profile does not say (all of them)

  // An empty value was not measured.
  std::optional<double> time_ms;  // of one minibatch
  std::optional<double> power_w;  // mean over the profile
  std::optional<double> time_std_ms;
  std::optional<double> power_std_w;
  std::optional<std::int64_t> samples;  // minibatches behind the row

  PowerKind power_kind = PowerKind::unstated;
  // Of one minibatch, where the profile brings its own count: a workload that is not in the catalogue
  // needs both or neither (then its work is fitted).
  std::optional<double> flop;
  std::optional<double> bytes;

  std::string source;
  std::size_t line = 0;  // of the file, for messages
};

}  // namespace wattline::devices
