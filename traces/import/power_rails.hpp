// Which rails of a Jetson add up to the power of the module. Boards differ, and rails are nested, so the
// sum of all that a log shows is wrong on most of them:
//
//   TX2, Xavier NX, Orin NX, Orin Nano  VDD_IN (the others are parts of it)
//   Jetson Nano                         POM_5V_IN (likewise)
//   AGX Orin                            VDD_GPU_SOC + VDD_CPU_CV + VIN_SYS_5V0 (VDDQ_VDD2_1V8AO is
//                                       believed to be fed from the last: NVIDIA's forum has it so)
//   AGX Xavier                          GPU + CPU + SOC + CV + VDDRQ + SYS5V
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sim/base/result.hpp"

namespace wattline::traces {

struct RailReading {
  std::string rail;
  double power_mw = 0;  // a rail with next to no load may read below 0
};

// The rails to sum: those of the first rule above whose rails are all there. Empty where there is none.
std::vector<std::string> rails_of_module(std::span<const RailReading> readings);

// In watts. An error where one of `rails` is not among the readings, or the sum is no power of a board in
// mW (100 mW to 1 kW).
Result<double> total_power_w(std::span<const RailReading> readings, std::span<const std::string> rails);

}  // namespace wattline::traces
