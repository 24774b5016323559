// Which rails of a board are the power of its module.
#include "traces/import/power_rails.hpp"

#include "tests/traces/outcome.hpp"

namespace wattline::traces {
namespace {

using Rails = std::vector<std::string>;

TEST_CASE("Each board has its rule, and rails that are parts of others are not counted twice") {
  const auto rails = [](std::vector<RailReading> readings) { return rails_of_module(readings); };
  CHECK(rails({{"VDD_CPU_GPU_CV", 500}, {"VDD_SOC", 600}, {"VDD_IN", 4000}}) == Rails{"VDD_IN"});
  CHECK(rails({{"POM_5V_IN", 2532}, {"POM_5V_GPU", 0}, {"POM_5V_CPU", 401}}) == Rails{"POM_5V_IN"});
  CHECK(rails({{"VDD_GPU_SOC", 1}, {"VDD_CPU_CV", 1}, {"VIN_SYS_5V0", 1}, {"VDDQ_VDD2_1V8AO", 1}}) ==
        Rails{"VDD_GPU_SOC", "VDD_CPU_CV", "VIN_SYS_5V0"});
  CHECK(rails({{"GPU", 1}, {"CPU", 1}, {"SOC", 1}, {"CV", 0}, {"VDDRQ", 1}, {"SYS5V", 1}}) ==
        Rails{"GPU", "CPU", "SOC", "CV", "VDDRQ", "SYS5V"});
  CHECK(rails({{"GPU", 1}, {"CPU", 1}}).empty());
}

TEST_CASE("The total is in watts, a rail below zero counts as it is") {
  const std::vector<RailReading> readings = {{"A", 1592}, {"B", -398}, {"C", 2624}};
  CHECK(accepted(total_power_w(readings, Rails{"A", "B", "C"})) == 3.818);
  CHECK(error_of(total_power_w(readings, Rails{"A", "D"})) == "rail D is missing");
}

TEST_CASE("A total that is no power of a board is in another unit") {
  const std::vector<RailReading> readings = {{"A", 15}, {"B", 15e6}};
  CHECK(error_of(total_power_w(readings, Rails{"A"})) ==
        "15 mW in all (A) is no power of a board; 100 mW to 1,000,000 mW is expected");
  CHECK(mentions(error_of(total_power_w(readings, Rails{"B"})), "15000000 mW in all (B)"));
}

}  // namespace
}  // namespace wattline::traces
