// Lines and logs of tegrastats, of every generation of Jetson. The lines are of the forms that public logs
// show for each board.
#include "traces/import/tegrastats.hpp"

#include <fmt/format.h>

#include "tests/traces/outcome.hpp"
#include "traces/import/tegrastats_line.hpp"

namespace wattline::traces {
namespace {

const std::string nano =
    "RAM 534/3964MB (lfb 98x4MB) SWAP 5/1982MB (cached 1MB) IRAM 0/252kB(lfb 252kB) CPU "
    "[16%@204,9%@204,0%@204,0%@204] EMC_FREQ 0%@204 GR3D_FREQ 0%@76 APE 25 PLL@34C CPU@36.5C PMIC@100C "
    "GPU@36C "
    "AO@39.5C thermal@36.25C POM_5V_IN 1022/1100 POM_5V_GPU 0/0 POM_5V_CPU 204/204";
const std::string xavier =
    "RAM 721/31927MB (lfb 7291x4MB) SWAP 0/15963MB (cached 0MB) CPU "
    "[2%@1190,0%@1190,0%@1190,0%@1190,off,off,off,off] "
    "EMC_FREQ 0%@665 GR3D_FREQ 0%@318 APE 150 MTS fg 0% bg 0% AO@37.5C GPU@37.5C Tdiode@40C PMIC@100C "
    "AUX@36C "
    "CPU@37.5C thermal@36.9C Tboard@37C GPU 0/0 CPU 311/311 SOC 932/932 CV 0/0 VDDRQ 621/621 SYS5V 1482/1482";
const std::string orin =
    "11-23-2026 10:00:01 RAM 20642/62817MB (lfb 1x2MB) SWAP 0/31421MB (cached 0MB) CPU "
    "[23%@2201,10%@729,4%@729,14%@729,off,off,off,off,off,off,off,off] EMC_FREQ 3%@3199 GR3D_FREQ "
    "12%@[1300,1299] "
    "NVENC off NVDEC 79%@166 NVJPG off NVJPG1 off VIC 36%@115 OFA off NVDLA0 off NVDLA1 off PVA0_FREQ off "
    "APE 174 "
    "cpu@52.968C/52.968C soc2@-256C tj@52.562C VDD_GPU_SOC 5139mW/5139mW/6000mW VDD_CPU_CV 3268mW/3268mW "
    "VIN_SYS_5V0 5500mW VDDQ_VDD2_1V8AO 402mW/402mW";

std::string line_error(const std::string& line) {
  return error_of(parse_tegrastats_line(line));
}

std::string log_error(const std::string& text, const ImportOptions& options = {}) {
  return error_of(parse_tegrastats(text, "t.log", options));
}

ImportOptions starting_at(double start_s) {
  ImportOptions options;
  options.start_s = start_s;
  return options;
}

// A line of an Orin Nano with a time stamp of 10:00:0X.
std::string stamped(int second, const std::string& power = "VDD_IN 5000mW/1mW") {
  return fmt::format("11-23-2026 10:00:{:02d} RAM 1/2MB CPU [1%@729] {}\n", second, power);
}

TEST_CASE("A line of a Jetson Nano has milliwatts without a unit") {
  const auto line = accepted(parse_tegrastats_line(nano));
  CHECK(line.stamp_ns == std::nullopt);
  CHECK(line.cores == 4);
  CHECK(line.cpu_khz == 204'000.0);
  CHECK(line.gpu_khz == 76'000.0);
  CHECK(line.emc_khz == 204'000.0);
  REQUIRE(line.rails.size() == 3);
  CHECK(line.rails[0].rail == "POM_5V_IN");
  CHECK(line.rails[0].power_mw == 1022.0);  // now, not the mean
}

TEST_CASE("A line of an AGX Xavier has cores that are off, and rails called as its units are") {
  const auto line = accepted(parse_tegrastats_line(xavier));
  CHECK(line.cores == 4);
  CHECK(line.gpu_khz == 318'000.0);
  CHECK(line.emc_khz == 665'000.0);
  REQUIRE(line.rails.size() == 6);
  CHECK(line.rails[1].rail == "CPU");
  CHECK(accepted(total_power_w(line.rails, rails_of_module(line.rails))) == 3.346);  // 311 + 932 + 621 + 1482
}

TEST_CASE("A line of an AGX Orin has a time stamp, a clock for each GPC, and units") {
  const auto line = accepted(parse_tegrastats_line(orin));
  CHECK(line.stamp_ns == 1'795'428'001'000'000'000);
  CHECK(line.cores == 4);
  CHECK(line.cpu_khz == 2'201'000.0);  // of the fastest core
  CHECK(line.gpu_khz == 1'300'000.0);  // of the faster GPC
  CHECK(line.emc_khz == 3'199'000.0);
  CHECK(accepted(total_power_w(line.rails, rails_of_module(line.rails))) == 13.907);  // 5139 + 3268 + 5500
}

TEST_CASE("Blanks may be many, and inside lists, a clock may stand alone, behind all cores, or be missing") {
  const auto line =
      accepted(parse_tegrastats_line("RAM 1/2MB (lfb 3x4MB)   CPU [1%, 2%,off]@1497   EMC_FREQ @4266 "
                                     "GR3D_FREQ @[1098, 1099]\tNVENC      off"));
  CHECK(line.cores == 2);
  CHECK(line.cpu_khz == 1'497'000.0);
  CHECK(line.emc_khz == 4'266'000.0);
  CHECK(line.gpu_khz == 1'099'000.0);
  const auto bare = accepted(parse_tegrastats_line("RAM 1/2MB CPU [1%] GR3D_FREQ 0% cpu@37.5C"));
  CHECK_FALSE((bare.cpu_khz || bare.gpu_khz || bare.emc_khz));
  CHECK(bare.rails.empty());
}

TEST_CASE("A clock of zero is that of a gated engine, and is not stated") {
  const auto line = accepted(parse_tegrastats_line("CPU [1%@729] EMC_FREQ @0 GR3D_FREQ 0%@[0,0]"));
  CHECK_FALSE((line.gpu_khz || line.emc_khz));
}

TEST_CASE("What tegrastats does not print is refused") {
  CHECK(line_error("Error: cannot open") == "'cannot' is not what tegrastats prints");
  CHECK(line_error("CPU [1%@729] GR3D_FREQ 99%@1300500") == "'99%@1300500' is not what tegrastats prints");
  CHECK(line_error("CPU [101%@729]") == "'101%@729' is not what tegrastats prints");
  CHECK(line_error("CPU [off,off]") == "no core is online");
  CHECK(line_error("CPU [1%@729") == "the list of CPU does not end");
  CHECK(line_error("CPU [1%@729] VDD_IN") == "'VDD_IN' has no value");
  CHECK(line_error("CPU [1%@729] VDD_IN 5W/5W") == "'5W/5W' is not what tegrastats prints");
  CHECK(line_error("CPU [1%@729] VDD_IN 5mW/5mW VDD_IN 5mW/5mW") == "rail VDD_IN appears twice");
  CHECK(line_error("RAM 1/2MB (lfb 3x4MB CPU [1%@729]") ==
        "'1/2MB without its closing bracket' is not what tegrastats prints");
  CHECK(line_error("RAM 1/2MB EMC_FREQ 0%") == "no 'CPU [..]' in the line; a line of tegrastats has it");
  CHECK(line_error("2026-11-23 10:00:01 CPU [1%]") ==
        "'2026-11-23 10:00:01' is not accepted; a time stamp such as '11-23-2026 10:00:01' is expected");
  CHECK(line_error("MTS fg 0% CPU [1%]") == "'MTS without fg and bg' is not what tegrastats prints");
}

TEST_CASE("A log with time stamps has readings at them, or from the instant of the first line") {
  const std::string text = stamped(1) + "\n" + stamped(1, "VDD_IN 6000mW/1mW") + stamped(3);
  const auto log = accepted(parse_tegrastats(text, "t.log"));
  REQUIRE(log.readings.size() == 3);
  CHECK(log.readings[0].time_s == 1'795'428'001.0);
  CHECK(log.readings[1].time_s == 1'795'428'001.0);
  CHECK(log.readings[2].time_s == 1'795'428'003.0);
  CHECK(log.readings[0].power_w == 5.0);
  CHECK(log.readings[1].power_w == 6.0);
  CHECK(log.readings[1].line == 3);
  CHECK(accepted(parse_tegrastats(text, "t.log", starting_at(100))).readings[2].time_s == 102.0);
}

TEST_CASE("A log without time stamps needs the instant of its first line, and counts the interval") {
  CHECK(log_error(nano + "\n") ==
        "t.log: line 1: has no time stamp; give the instant of the first line with --start-s");
  ImportOptions options = starting_at(100);
  options.interval_s = 0.5;
  const auto log = accepted(parse_tegrastats(nano + "\n" + nano + "\n", "t.log", options));
  CHECK(log.readings[0].time_s == 100.0);
  CHECK(log.readings[1].time_s == 100.5);
  CHECK(log.readings[1].power_w == 1.022);
}

TEST_CASE("A log that changes its form, goes back in time, or is cut off is an error with its line") {
  CHECK(log_error(stamped(1) + nano + "\n") == "t.log: line 2: has no time stamp; the first line has one");
  CHECK(log_error(stamped(2) + stamped(1)) ==
        "t.log: line 2: its time stamp is before that of the line above");
  CHECK(log_error(stamped(1) + stamped(2, "")) ==
        "t.log: line 2: has no power rail; the first line has some");
  CHECK(log_error(stamped(1) + stamped(2, "VDD_SOC 5mW/5mW")) == "t.log: line 2: rail VDD_IN is missing");
  CHECK(log_error(stamped(1) + "11-23-2026 10:00:02 RAM 1/2MB CPU [1%@7") ==
        "t.log: line 2: the list of CPU does not end; the file ends here without a line break and looks cut "
        "off");
  CHECK(log_error("\n\n") == "t.log: empty; lines of tegrastats are expected");
}

TEST_CASE("Rails without a rule are refused, unless those to sum are named") {
  const std::string text = stamped(1, "VIN 9000mW/1mW VDD_GPU 5000mW/1mW");
  CHECK(log_error(text) ==
        "t.log: line 1: which of the rails VIN, VDD_GPU make up the module is not known; name those to sum "
        "with --rails");
  ImportOptions options;
  options.power_rails = {"VIN"};
  CHECK(accepted(parse_tegrastats(text, "t.log", options)).readings[0].power_w == 9.0);
  options.power_rails = {"VIM"};
  CHECK(log_error(text, options) == "t.log: line 1: rail VIM is missing");
}

TEST_CASE("A log without rails gives no power") {
  const auto log = accepted(parse_tegrastats(stamped(1, "") + stamped(2, ""), "t.log"));
  CHECK(log.readings[1].power_w == std::nullopt);
}

}  // namespace
}  // namespace wattline::traces
