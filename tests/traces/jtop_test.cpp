// The importer of jtop's CSV logs. The columns are those that jtop.stats has on each board.
#include "traces/import/jtop.hpp"

#include "tests/traces/outcome.hpp"

namespace wattline::traces {
namespace {

const std::string nano_header =
    "time,uptime,CPU1,CPU2,CPU3,CPU4,CPU5,CPU6,RAM,SWAP,EMC,GPU,APE,NVDEC,NVJPG,NVJPG1,OFA,SE,VIC,Fan "
    "pwmfan0,Temp cpu,"
    "Temp cv0,Power VDD_CPU_GPU_CV,Power VDD_SOC,Power TOT,jetson_clocks,nvp model\n";
const std::string nano_row =
    "2026-11-23 10:00:01.500000,\"3 days, "
    "0:07:35.540000\",11,11,19,17,OFF,OFF,0.297,0.003,0,26.7,OFF,OFF,OFF,OFF,OFF,OFF,"
    "OFF,21.96,44.656,-256,881,1121,3852,ON,7W\n";

std::string error_in(const std::string& text) {
  return error_of(parse_jtop(text, "j.csv"));
}

TEST_CASE("A row of jtop has the module's power, the cores online and the preset, and no clocks") {
  const auto log = accepted(parse_jtop(nano_header + nano_row, "j.csv"));
  REQUIRE(log.readings.size() == 1);
  CHECK(log.readings[0].time_s == 1'795'428'001.5);
  CHECK(log.readings[0].power_w == 3.852);
  CHECK(log.readings[0].cores == 4);
  CHECK(log.readings[0].preset == "7W");
  CHECK_FALSE((log.readings[0].cpu_khz || log.readings[0].gpu_khz || log.readings[0].emc_khz));
  CHECK(log.source == "jtop");
}

TEST_CASE("On AGX Orin the three rails of the module are preferred to jtop's total of four") {
  const auto log =
      accepted(parse_jtop("time,CPU1,Power VDD_GPU_SOC,Power VDD_CPU_CV,Power VIN_SYS_5V0,Power "
                          "VDDQ_VDD2_1V8AO,Power TOT,jetson_clocks\n"
                          "2026-11-23 10:00:01,5,3000,400,4000,402,7802,OFF\n",
                          "j.csv"));
  CHECK(log.readings[0].power_w == 7.4);
  CHECK(log.source == "jtop, jetson_clocks OFF");
}

TEST_CASE("The instant of the first row may be given") {
  ImportOptions options;
  options.start_s = 10;
  const auto log = accepted(parse_jtop(
      "time,Power TOT\n2026-11-23 10:00:01.5,5000\n2026-11-23 10:00:02.25,5000\n", "j.csv", options));
  CHECK(log.readings[0].time_s == 10.0);
  CHECK(log.readings[1].time_s == 10.75);
}

TEST_CASE("Unknown columns, times, loads and powers are errors with their line") {
  CHECK(mentions(error_in("time,power cur\n"), "j.csv: line 1: 'power cur' is not a known column"));
  CHECK(mentions(error_in("Time,Power TOT\n"),
                 "j.csv: line 1: 'Time' is not a known column, did you mean 'time'?"));
  CHECK(error_in("time,Power TOT\n23.11.2026,5000\n") ==
        "j.csv: line 2: time: '23.11.2026' is not accepted; a time such as '2026-11-23 10:00:01.703152' is "
        "expected");
  CHECK(error_in("time,Power TOT\n2026-11-23 10:00:02,5000\n2026-11-23 10:00:01,5000\n") ==
        "j.csv: line 3: time: before the row above; ascending order is expected");
  CHECK(mentions(error_in("time,Power TOT\n2026-11-23 10:00:02,5.3\n"),
                 "5.3 mW in all (TOT) is no power of a board"));
  CHECK(mentions(error_in("time,CPU1\n2026-11-23 10:00:02,off\n"), "CPU1: 'off' is not accepted"));
  CHECK(mentions(error_in("time,CPU1\n2026-11-23 10:00:02,OFF\n"), "no core is online"));
  CHECK(error_in("time,Power TOT\n") == "j.csv: no rows; at least one is expected");
}

}  // namespace
}  // namespace wattline::traces
