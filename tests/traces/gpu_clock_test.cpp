// The importers of emwjacobson's measurements over the GPU clock: MobileNet on Triton, and cuBLAS GEMM.
#include <map>
#include <tuple>

#include "tests/traces/outcome.hpp"
#include "traces/import/cublas_gemm.hpp"
#include "traces/import/formats.hpp"
#include "traces/import/triton_mobilenet.hpp"

namespace wattline::traces {
namespace {

const std::string triton_header =
    "board,engine,swept_key,swept_value,batch,gpu_mhz,concurrency,inferences_per_s,client_send_us,network_us,"
    "server_queue_us,compute_input_us,compute_infer_us,compute_output_us,client_recv_us,p50_us,p90_us,p95_us,"
    "p99_us,"
    "n_power_samples,mean_wall_power_w\n";
const std::string nano_row =
    "nano,gpu,Frequency,921600000,8,921.6,1,53.3333,130,512,44,2547,146127,38,0,149341,150420,150537,150689,"
    "47,7.668\n";

devices::ProfileRow triton_row(const std::string& time) {
  return accepted(parse_triton_mobilenet(triton_header + nano_row, "t.csv", with_time(time))).at(0);
}

std::string triton_error(const std::string& row) {
  return error_of(parse_triton_mobilenet(triton_header + row, "t.csv"));
}

const std::string gemm_header =
    "board,dtype,n,cublas_mode,gpu_mhz,flops_per_s,iterations,seconds,n_power_samples,mean_wall_power_w,"
    "max_wall_power_w\n";

TEST_CASE("A row of Triton is a profile at the GPU clock that was set, the other knobs at the top") {
  const auto row = triton_row("");
  CHECK(row.device == "jetson-nano");
  CHECK(row.workload == "mobilenet@triton-gpu");
  CHECK(row.batch == 8);
  CHECK(row.mode == devices::PowerMode{4, 1'479'000, 921'600, 1'600'000, 1});
  CHECK(row.power_w == 7.668);
  CHECK(row.power_kind == devices::PowerKind::board_meter);
  CHECK(row.source == "emwjacobson/JetsonEfficiencyTesting, Triton, clock sweep");
}

TEST_CASE("The time of a row of Triton is the network's, the server's, the client's or the loop's") {
  CHECK(triton_row("").time_ms == 146.127);
  CHECK(triton_row("compute_infer_us").time_ms == 146.127);
  CHECK(triton_row("server_us").time_ms == 148.756);  // 44 + 2547 + 146127 + 38
  CHECK(triton_row("p50_us").time_ms == 149.341);
  CHECK(*triton_row("closed_loop").time_ms == Approx(150.00009375).epsilon(1e-9));  // 8 / 53.3333
}

TEST_CASE("A row of Triton that contradicts itself is an error") {
  const auto changed = [](std::string from, const std::string& to) {
    std::string row = nano_row;
    return triton_error(row.replace(row.find(from), from.size(), to));
  };
  CHECK(changed("Frequency,921600000", "Frequency,844800000") ==
        "t.csv: line 2: swept_value: differs from the row's own 921600000");
  CHECK(
      mentions(changed("Frequency,921600000", "Batch Size,16"), "swept_value: differs from the row's own 8"));
  CHECK(mentions(changed("921.6,1,", "921.6,2,"), "concurrency: '2' is not accepted"));
  CHECK(mentions(changed("nano", "tx2"), "board: 'tx2' is not a known board"));
  CHECK(mentions(changed("921.6,", "921600,"), "gpu_mhz: '921600' is not accepted"));
}

TEST_CASE("Triton's file has 219 rows, and 24 points twice that differ little") {
  const std::string path = measured_data("jetson-gpu-clock/triton_mobilenet.csv");
  if (path.empty()) return;
  const auto rows = accepted(import_profiles("triton-mobilenet", path));
  CHECK(rows.size() == 219);
  std::map<std::tuple<std::string, std::string, std::int64_t, devices::PowerMode>, double> first;
  std::size_t repeats = 0;
  for (const auto& row : rows) {
    const auto [at, is_new] =
        first.emplace(std::tuple(row.device, row.workload, row.batch, row.mode), *row.time_ms);
    if (is_new) continue;
    ++repeats;
    CHECK(*row.time_ms == Approx(at->second).epsilon(0.046));
  }
  CHECK(repeats == 24);
}

TEST_CASE("The median at the client is the time of the closed loop") {
  const std::string path = measured_data("jetson-gpu-clock/triton_mobilenet.csv");
  if (path.empty()) return;
  const auto client = accepted(import_profiles("triton-mobilenet", path, with_time("p50_us")));
  const auto loop = accepted(import_profiles("triton-mobilenet", path, with_time("closed_loop")));
  for (std::size_t i = 0; i < client.size(); ++i)
    CHECK(*client[i].time_ms == Approx(*loop[i].time_ms).epsilon(0.08));
}

TEST_CASE("A multiplication of n x n matrices has 2 n^3 FLOP and moves three matrices") {
  const auto rows = accepted(parse_cublas_gemm(
      gemm_header + "Nano,float,64,tensor,76.8,2097152000,73894,19.997486,21,2.753,2.9\n", "g.csv"));
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].device == "jetson-nano");
  CHECK(rows[0].workload == "gemm-64@cublas-fp32");
  CHECK(rows[0].batch == 1);
  CHECK(rows[0].mode == devices::PowerMode{4, 1'479'000, 76'800, 1'600'000, 1});
  CHECK(rows[0].flop == 524'288.0);                        // 2 * 64^3
  CHECK(rows[0].bytes == 49'152.0);                        // 3 * 4 * 64^2
  CHECK(*rows[0].time_ms == Approx(0.25).epsilon(1e-12));  // 524288 / 2097152000 s
  CHECK(rows[0].power_w == 2.753);
  CHECK(rows[0].power_kind == devices::PowerKind::board_meter);
}

TEST_CASE("Values of a GEMM are as wide as its type, and work off the tensor cores is a stack of its own") {
  const auto read = [](const std::string& row) {
    return accepted(parse_cublas_gemm(gemm_header + row + "\n", "g.csv")).front();
  };
  const auto half = read("AGX,half,64,tensor,114.75,1e9,1,20,21,2,3");
  CHECK(half.workload == "gemm-64@cublas-fp16");
  CHECK(half.bytes == 24'576.0);  // 3 * 2 * 64^2
  CHECK(read("AGX,half,64,nontensor,114.75,1e9,1,20,21,2,3").workload == "gemm-64@cublas-nontensor-fp16");
  const auto wide = read("AGX,double,64,tensor,114.75,1e9,1,20,21,2,3");
  CHECK(wide.workload == "gemm-64@cublas-fp64");
  CHECK(wide.bytes == 98'304.0);  // 3 * 8 * 64^2
}

TEST_CASE("A GEMM of another type or with impossible power is an error") {
  const auto with = [](const std::string& row) {
    return error_of(parse_cublas_gemm(gemm_header + row + "\n", "g.csv"));
  };
  CHECK(mentions(with("Nano,int,64,tensor,76.8,1e9,1,20,21,2,3"),
                 "g.csv: line 2: dtype: 'int' is not a known dtype"));
  CHECK(
      mentions(with("Nano,float,64,default,76.8,1e9,1,20,21,2,3"), "cublas_mode: 'default' is not a known"));
  CHECK(with("Nano,float,64,tensor,76.8,1e9,1,20,21,3,2") ==
        "g.csv: line 2: max_wall_power_w: below mean_wall_power_w");
}

TEST_CASE("The GEMM file has 480 rows, and at n = 2048 nearly the peak of the CUDA cores") {
  const std::string path = measured_data("jetson-gpu-clock/gemm_square.csv");
  if (path.empty()) return;
  const auto rows = accepted(import_profiles("cublas-gemm", path));
  CHECK(rows.size() == 480);
  for (const auto& row : rows) {
    if (row.workload != "gemm-2048@cublas-fp32") continue;
    const double flop_per_clock = *row.flop / *row.time_ms / row.mode.gpu_khz;
    CHECK(flop_per_clock / (row.device == "agx-xavier" ? 2 * 512 : 2 * 128) == Approx(0.96).margin(0.04));
  }
}

}  // namespace
}  // namespace wattline::traces
