// Jetson TX2's power law against the rails of VGG-19 at 13 GPU clocks, to which it was fitted.
#include <filesystem>
#include <fstream>
#include <map>

#include "devices/device_spec.hpp"
#include "sim/base/text.hpp"
#include "tests/catch.hpp"

namespace wattline::devices {
namespace {

TEST_CASE("Jetson TX2's GPU rail follows the measured one within 10 % at every GPU clock") {
  const std::string path = WATTLINE_DATA_DIR "/tx2-gpu-emc/vgg19_power_vs_gpu_clock.csv";
  if (!std::filesystem::exists(path)) {
    WARN("skipped: " << path << " is not there");
    return;
  }
  const PowerParameters power = find_device("jetson-tx2")->power;
  constexpr double gflop_per_image = 39.3;  // VGG-19, 224x224
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  REQUIRE(line.rfind("gpu_mhz_set,emc_mhz_seen,gpu_mhz_seen,fps,trtexec_latency_ms,n_busy_samples,p_gpu_mw,",
                     0) == 0);
  int rows = 0;
  for (; std::getline(file, line); ++rows) {
    CAPTURE(line);
    const auto fields = split(line, ',');
    const double clock = *parse_double(fields[0]) / 1300.5;
    const double voltage = power.gpu.voltage_floor + (1 - power.gpu.voltage_floor) * clock;
    // pJ x GFLOP = mJ.
    const double flop_w = power.energy_per_flop_pj * gflop_per_image * *parse_double(fields[3]) * 1e-3;
    const double law_w = voltage * voltage * (power.gpu.leakage_w + power.gpu.clock_w * clock + flop_w);
    CHECK(law_w == Approx(*parse_double(fields[6]) * 1e-3).epsilon(0.105));
  }
  CHECK(rows == 13);
}

TEST_CASE("Jetson TX2's DRAM rail is a line in the traffic") {
  // 1.34 W at none and 80 mW a GB/s; at 1300.5 MHz 45.8 % of 59.7 GB/s make 3.54 W.
  const PowerParameters power = find_device("jetson-tx2")->power;
  for (const Rail& rail : power.rails) {
    if (rail.name != "VDD_SYS_DDR") continue;
    const double traffic_gb_per_s = 0.458 * 59.7;
    const double law_w =
        rail.memory_share * (power.memory_idle_w + power.energy_per_byte_pj * 1e-3 * traffic_gb_per_s);
    CHECK(law_w == Approx(3.544).epsilon(0.03));
    return;
  }
  FAIL("no VDD_SYS_DDR");
}

}  // namespace
}  // namespace wattline::devices
