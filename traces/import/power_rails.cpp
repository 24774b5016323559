#include "traces/import/power_rails.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/text.hpp"

namespace wattline::traces {

namespace {

const std::vector<std::vector<std::string>> rules = {{"VDD_IN"},
                                                     {"POM_5V_IN"},
                                                     {"VDD_GPU_SOC", "VDD_CPU_CV", "VIN_SYS_5V0"},
                                                     {"GPU", "CPU", "SOC", "CV", "VDDRQ", "SYS5V"}};

const RailReading* find_rail(std::span<const RailReading> readings, const std::string& rail) {
  const auto found = std::find_if(readings.begin(), readings.end(),
                                  [&](const RailReading& reading) { return reading.rail == rail; });
  return found == readings.end() ? nullptr : &*found;
}

}  // namespace

std::vector<std::string> rails_of_module(std::span<const RailReading> readings) {
  for (const auto& rule : rules) {
    const auto there = [&](const std::string& rail) { return find_rail(readings, rail) != nullptr; };
    if (std::all_of(rule.begin(), rule.end(), there)) return rule;
  }
  return {};
}

Result<double> total_power_w(std::span<const RailReading> readings, std::span<const std::string> rails) {
  double total_mw = 0;
  for (const std::string& rail : rails) {
    const RailReading* reading = find_rail(readings, rail);
    if (reading == nullptr) return bad_input(fmt::format("rail {} is missing", rail));
    total_mw += reading->power_mw;
  }
  if (total_mw < 100 || total_mw > 1e6) {
    return bad_input(
        fmt::format("{} mW in all ({}) is no power of a board; 100 mW to 1,000,000 mW is expected",
                    shortest(total_mw), joined(rails, " + ")));
  }
  return total_mw / 1000;
}

}  // namespace wattline::traces
