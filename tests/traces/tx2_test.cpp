// The importers of the two data sets of a Jetson TX2.
#include <map>

#include "tests/traces/outcome.hpp"
#include "traces/import/formats.hpp"
#include "traces/import/tx2_cpu_gpu_emc.hpp"
#include "traces/import/tx2_gpu_emc.hpp"

namespace wattline::traces {
namespace {

const std::string sweep_header =
    "model,gpu_mhz,emc_mhz,fps,trtexec_latency_ms,p_gpu_mw,p_soc_mw,p_cpu_mw,p_ddr_mw,p_vdd_in_mw,emc_util_"
    "pct,"
    "n_power_samples\n";
const std::string power_header =
    "gpu_mhz_set,emc_mhz_seen,gpu_mhz_seen,fps,trtexec_latency_ms,n_busy_samples,p_gpu_mw,p_soc_mw,p_cpu_mw,"
    "p_ddr_mw,"
    "p_vdd_in_mw,emc_util_pct,gpu_temp_c,n_idle_samples,p_vdd_in_idle_mw\n";

TEST_CASE("A row of the TX2 sweep is a time at a GPU and an EMC clock, without power") {
  const auto rows =
      accepted(parse_tx2_gpu_emc(sweep_header + "vgg19,1032.75,1062.4,9.76,102.468,,,,,,,\n", "t.csv"));
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].device == "jetson-tx2");
  CHECK(rows[0].workload == "vgg19@tensorrt");
  CHECK(rows[0].batch == 1);
  CHECK(rows[0].mode == devices::PowerMode{6, 2'035'200, 1'032'750, 1'062'400, 0});
  CHECK(rows[0].time_ms == 102.468);
  CHECK(rows[0].power_w == std::nullopt);
  CHECK(rows[0].power_kind == devices::PowerKind::unstated);
}

TEST_CASE("A row of the TX2 power file has the power of the whole module") {
  const auto rows = accepted(parse_tx2_gpu_emc(
      power_header + "114.75,1866,114,1.73,576.655,885,543,952,1111,1524,5247,4.2,45.0,64,5291\n", "t.csv"));
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].workload == "vgg19@tensorrt");
  CHECK(rows[0].mode == devices::PowerMode{6, 2'035'200, 114'750, 1'866'000, 0});
  CHECK(rows[0].time_ms == 576.655);
  CHECK(rows[0].power_w == 5.247);
  CHECK(rows[0].power_kind == devices::PowerKind::module_rails);
}

TEST_CASE("Of a point that was measured twice the first is taken, unless both are asked for") {
  const std::string text = sweep_header + "vgg19,1300.5,1866.0,14.87,67.235124,,,,,,,\n" +
                           "vgg19,1300.5,1866.0,12.18,82.072405,,,,,,,\n" +
                           "resnet50,1300.5,1866.0,100,10,,,,,,,\n";
  const auto rows = accepted(parse_tx2_gpu_emc(text, "t.csv"));
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].time_ms == 67.235124);
  CHECK(rows[1].workload == "resnet50@tensorrt");
  ImportOptions options;
  options.keep_repeats = true;
  CHECK(accepted(parse_tx2_gpu_emc(text, "t.csv", options)).size() == 3);
}

TEST_CASE("A row of a TX2 whose rate and latency or whose clocks disagree is an error") {
  CHECK(error_of(parse_tx2_gpu_emc(sweep_header + "vgg19,1032.75,1062.4,9.76,90,,,,,,,\n", "t.csv")) ==
        "t.csv: line 2: fps: 9.76 does not agree with a latency of 90 ms");
  CHECK(error_of(parse_tx2_gpu_emc(
            power_header + "114.75,1866,216,1.73,576.655,885,543,952,1111,1524,5247,4.2,45.0,64,5291\n",
            "t.csv")) == "t.csv: line 2: gpu_mhz_seen: differs from gpu_mhz_set by more than 1 MHz");
  CHECK(mentions(
      error_of(parse_tx2_gpu_emc(sweep_header + "vgg19,1032750,1062.4,9.76,102.468,,,,,,,\n", "t.csv")),
      "gpu_mhz: '1032750' is not accepted"));
}

TEST_CASE("The TX2 files have 52 points and 13, which agree, the repeats of the first do not") {
  const std::string sweep_path = measured_data("tx2-gpu-emc/gpu_emc_sweep.csv");
  const std::string power_path = measured_data("tx2-gpu-emc/vgg19_power_vs_gpu_clock.csv");
  if (sweep_path.empty() || power_path.empty()) return;
  const auto sweep = accepted(import_profiles("tx2-gpu-emc", sweep_path));
  const auto power = accepted(import_profiles("tx2-gpu-emc", power_path));
  CHECK(sweep.size() == 52);
  CHECK(power.size() == 13);
  std::map<devices::PowerMode, double> times;
  for (const auto& row : sweep) times[row.mode] = *row.time_ms;
  for (const auto& row : power) CHECK(*row.time_ms == Approx(times.at(row.mode)).epsilon(0.025));
  ImportOptions options;
  options.keep_repeats = true;
  const auto all = accepted(import_profiles("tx2-gpu-emc", sweep_path, options));
  CHECK(all.size() == 65);
  double worst = 0;
  for (const auto& row : all) worst = std::max(worst, *row.time_ms / times.at(row.mode) - 1);
  CHECK(worst == Approx(0.25).margin(0.01));
}

TEST_CASE("A row of Inception-v3 is a time at all four knobs") {
  const std::string header = "model,image_size,cores,cpu_khz,gpu_hz,emc_hz,inference_time_s\n";
  const auto rows = accepted(
      parse_tx2_cpu_gpu_emc(header + "inceptionv3,200x200,3,1113600,140250000,1062400000,0.25\n", "i.csv"));
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].device == "jetson-tx2");
  CHECK(rows[0].workload == "inceptionv3-200x200@tensorflow");
  CHECK(rows[0].mode == devices::PowerMode{3, 1'113'600, 140'250, 1'062'400, 0});
  CHECK(rows[0].time_ms == 250.0);
  CHECK(rows[0].power_w == std::nullopt);
  CHECK(mentions(error_of(parse_tx2_cpu_gpu_emc(
                     header + "inceptionv3,300x,3,1113600,140250000,1062400000,0.25\n", "i.csv")),
                 "i.csv: line 2: image_size: '300x' is not accepted; WIDTHxHEIGHT in pixels"));
}

TEST_CASE("Networks and image sizes that we have no measurement of are read as those are") {
  const std::string header = "model,image_size,cores,cpu_khz,gpu_hz,emc_hz,inference_time_s\n";
  const auto rows = accepted(
      parse_tx2_cpu_gpu_emc(header + "xception,320x240,3,1113600,140250000,1062400000,0.25\n", "i.csv"));
  CHECK(rows[0].workload == "xception-320x240@tensorflow");
  CHECK(mentions(
      error_of(parse_tx2_cpu_gpu_emc(header + "a@b,200x200,3,1113600,140250000,1062400000,0.25\n", "i.csv")),
      "i.csv: line 2: model: 'a@b' is not accepted; a name of letters"));
}

TEST_CASE("The file of Inception-v3 is a full grid of 3,072 points") {
  const std::string path = measured_data("tx2-cpu-gpu-emc/inceptionv3.csv");
  if (path.empty()) return;
  const auto rows = accepted(import_profiles("tx2-cpu-gpu-emc", path));
  CHECK(rows.size() == 3'072);
  std::map<std::pair<std::string, devices::PowerMode>, int> points;
  for (const auto& row : rows) ++points[{row.workload, row.mode}];
  CHECK(points.size() == 4 * 4 * 12 * 4 * 4);
}

}  // namespace
}  // namespace wattline::traces
