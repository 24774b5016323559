// The importers of the measurements under load, and of the closed-loop profiles beside them.
#include "traces/import/jetson_load.hpp"

#include <set>

#include "tests/traces/outcome.hpp"
#include "traces/import/formats.hpp"
#include "traces/import/single_stream.hpp"

namespace wattline::traces {
namespace {

const std::string clocks_header =
    "device,dvfs_mode,label,nvpmodel,cpu_max_khz,gpu_max_hz,cpu_cur_khz,gpu_cur_hz\n";
const std::string clocks_text =
    clocks_header + "jetson-nano,1,5W,NV Power Mode: 5W,921600,614400000,921600,614400000\n" +
    "orin-agx,2,MODE_30W,NV Power Mode: MODE_30W,1728000,612000000,1728000,612000000\n";
const std::string load_header =
    "device,model,dvfs_mode,mode_label,load_frac,run_idx,target_rps,achieved_rps,n_requests,errors,duration_"
    "s,mean_ms,"
    "p50_ms,p95_ms,p99_ms,std_ms,warm_idle_median_w,serving_median_w,serving_avg_w,n_power_samples\n";
const std::string capacity_header =
    "device,model,dvfs_mode,nvpmodel,cpu_max_khz,gpu_max_hz,rate_rps,achieved_rps,n_requests,errors,mean_ms,"
    "p50_ms,"
    "p95_ms,p99_ms,std_ms,capacity_ips\n";
const std::string single_header =
    "device,model,batch_size,dvfs_mode,n_infer,duration_s,ep,p_wall_avg_w,energy_per_inf_j,watts_idle,watts_"
    "active,"
    "latency_ms_mean,latency_ms_p50,latency_ms_p95,latency_ms_p99,latency_ms_std,throughput_ips,temp_cpu_"
    "before_c,"
    "temp_cpu_after_c,temp_gpu_before_c,temp_gpu_after_c\n";
const std::string agx_row =
    "orin-agx,mobilenet-v2-050,1,2,22529,45.0,TensorrtExecutionProvider,14.386,0.028736,10.9,14.386099,1."
    "9944,1.9789,"
    "2.0138,2.2932,0.0718,500.52,51.468,51.937,45.875,46.875\n";

std::vector<ObservedClocks> clocks() {
  return accepted(parse_observed_clocks(clocks_text, "c.csv"));
}

TEST_CASE("A row of the load sweep is read field by field") {
  const auto rows =
      accepted(parse_load_sweep(load_header + "jetson-nano,mobilenet-v2-050,0,MAXN,0.25,3,24.73,24.37,1462,0,"
                                              "60.0,13.42,12.36,20.53,27.44,3.28,3.0,"
                                              "3.92,3.91,113\n",
                                "l.csv"));
  REQUIRE(rows.size() == 1);
  const LoadRow& row = rows[0];
  CHECK(row.device == "jetson-nano");
  CHECK(row.workload == "mobilenet-v2-050@onnxruntime-tensorrt");
  CHECK(row.dvfs_mode == 0);
  CHECK(row.mode_label == "MAXN");
  CHECK(row.load_fraction == 0.25);
  CHECK(row.run == 3);
  CHECK(row.target_rate_hz == 24.73);
  CHECK(row.achieved_rate_hz == 24.37);
  CHECK(row.requests == 1462);
  CHECK(row.errors == 0);
  CHECK(row.duration_s == 60.0);
  CHECK(row.latency.mean_ms == 13.42);
  CHECK(row.latency.p50_ms == 12.36);
  CHECK(row.latency.p95_ms == 20.53);
  CHECK(row.latency.p99_ms == 27.44);
  CHECK(row.latency.std_ms == 3.28);
  CHECK(row.idle_power_w == 3.0);
  CHECK(row.median_power_w == 3.92);
  CHECK(row.mean_power_w == 3.91);
  CHECK(row.power_samples == 113);
}

TEST_CASE("An empty value of the load sweep is nothing") {
  const auto rows = accepted(
      parse_load_sweep(load_header + "orin-nano,efficientnet-b4,3,7W,1.0,0,5,,300,0,60,,,,,,,,,\n", "l.csv"));
  CHECK(rows[0].device == "orin-nano-8gb-super");
  CHECK_FALSE((rows[0].achieved_rate_hz || rows[0].latency.mean_ms || rows[0].latency.std_ms ||
               rows[0].idle_power_w || rows[0].mean_power_w || rows[0].power_samples));
}

TEST_CASE("Impossible rows of the load sweep are errors with their line") {
  const auto with = [](const std::string& fields) {
    return error_of(
        parse_load_sweep(load_header + "orin-nano,efficientnet-b4,3,7W," + fields + "\n", "l.csv"));
  };
  CHECK(with("1.0,0,5,5,300,301,60,,,,,,,,,") == "l.csv: line 2: errors: more than the 300 requests");
  CHECK(with("1.0,0,5,5,300,0,60,5,4,3,6,1,,,,") == "l.csv: line 2: p95_ms: below p50_ms");
  CHECK(with("1.0,0,5,5,300,0,60,5,4,6,5,1,,,,") == "l.csv: line 2: p99_ms: below p95_ms");
  CHECK(mentions(with("2.1,0,5,5,300,0,60,5,4,6,7,1,,,,"),
                 "load_frac: '2.1' is not accepted; a number above 0 and at most 2 is expected"));
  CHECK(mentions(with("0,0,5,5,300,0,60,5,4,6,7,1,,,,"), "load_frac: '0' is not accepted"));
  CHECK(mentions(
      error_of(parse_load_sweep(load_header + "tx1,efficientnet-b4,3,7W,1,0,5,,3,0,60,,,,,,,,,\n", "l.csv")),
      "device: 'tx1' is not a known device"));
}

TEST_CASE("A trial in which every request failed has no latency, and no capacity was found") {
  const auto rows = accepted(
      parse_capacity_search(capacity_header + "jetson-nano,efficientnet-b4,1,5W,921600,614400000,5.0,5.33,"
                                              "320,320,1000000.0,1000000.0,1000000.0,1000000.0,"
                                              "0.0,0.0\n"
                                              "jetson-nano,mobilenet-v2-050,1,5W,921600,614400000,45.0,45.62,"
                                              "2737,0,23.37,18.83,45.21,61.47,10.47,64.7\n",
                            "c.csv"));
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].errors == 320);
  CHECK_FALSE((rows[0].latency.mean_ms || rows[0].latency.p99_ms || rows[0].capacity_hz));
  CHECK(rows[1].rate_hz == 45.0);
  CHECK(rows[1].cpu_khz == 921'600);
  CHECK(rows[1].gpu_khz == 614'400);
  CHECK(rows[1].latency.p95_ms == 45.21);
  CHECK(rows[1].capacity_hz == 64.7);
}

TEST_CASE("Observed clocks are caps and what was seen, found by board and mode") {
  const auto rows = clocks();
  REQUIRE(rows.size() == 2);
  const ObservedClocks* nano = find_clocks(rows, "jetson-nano", 1);
  REQUIRE(nano != nullptr);
  CHECK(nano->label == "5W");
  CHECK(nano->cpu_khz == 921'600);
  CHECK(nano->gpu_seen_khz == 614'400);
  CHECK(find_clocks(rows, "jetson-nano", 2) == nullptr);
  CHECK(
      mentions(error_of(parse_observed_clocks(
                   clocks_header + "jetson-nano,1,5W,NV Power Mode: MAXN,921600,614400000,921600,614400000\n",
                   "c.csv")),
               "c.csv: line 2: nvpmodel: 'NV Power Mode: MAXN' is not of the label '5W'"));
}

TEST_CASE("An observed mode has the preset's cores, EMC clock and SMs, of the firmware with that GPU clock") {
  const auto rows = clocks();
  CHECK(accepted(observed_mode(accepted(devices::find_device("orin-agx-64gb")), rows[1])) ==
        devices::PowerMode{8, 1'728'000, 612'000, 3'199'000, 8});
  // The CPU clock is the one observed, whatever the preset says.
  ObservedClocks other = rows[0];
  other.cpu_khz = 1'036'800;
  CHECK(accepted(observed_mode(accepted(devices::find_device("jetson-nano")), other)) ==
        devices::PowerMode{2, 1'036'800, 614'400, 1'600'000, 1});
  other.label = "7W";
  CHECK(mentions(error_of(observed_mode(accepted(devices::find_device("jetson-nano")), other)),
                 "'7W' is not a known"));
}

TEST_CASE("A single stream is a profile of batch 1 with power at the wall") {
  const auto rows = accepted(parse_single_stream(single_header + agx_row, "s.csv", clocks()));
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].device == "orin-agx-64gb");
  CHECK(rows[0].workload == "mobilenet-v2-050@onnxruntime-tensorrt");
  CHECK(rows[0].batch == 1);
  CHECK(rows[0].mode == devices::PowerMode{8, 1'728'000, 612'000, 3'199'000, 8});
  CHECK(rows[0].time_ms == 1.9944);
  CHECK(rows[0].time_std_ms == 0.0718);
  CHECK(rows[0].samples == 22'529);
  CHECK(rows[0].power_w == 14.386);
  CHECK(rows[0].power_kind == devices::PowerKind::wall);
  CHECK(accepted(
            parse_single_stream(single_header + agx_row, "s.csv", clocks(), with_time("latency_ms_p50")))[0]
            .time_ms == 1.9789);
}

TEST_CASE("A single stream in a mode that was not observed is an error") {
  std::string row = agx_row;
  row.replace(row.find(",1,2,"), 5, ",1,3,");
  CHECK(error_of(parse_single_stream(single_header + row, "s.csv", clocks())) ==
        "s.csv: line 2: dvfs_mode: mode 3 of orin-agx-64gb is not among the observed clocks");
}

TEST_CASE("The load files have 1,030, 112 and 19 rows, over 19 modes of four boards") {
  const std::string path = measured_data("jetson-load/load_sweep.csv");
  if (path.empty()) return;
  const auto rows = accepted(read_load_sweep(path));
  CHECK(rows.size() == 1'030);
  std::set<std::pair<std::string, std::int64_t>> modes;
  for (const LoadRow& row : rows) modes.emplace(row.device, row.dvfs_mode);
  CHECK(modes.size() == 19);
  const auto seen = accepted(read_observed_clocks(measured_data("jetson-load/observed_clocks.csv")));
  CHECK(seen.size() == 19);
  for (const auto& [device, mode] : modes) {
    const ObservedClocks* clock = find_clocks(seen, device, mode);
    REQUIRE(clock != nullptr);
    CHECK(observed_mode(accepted(devices::find_device(device)), *clock).ok());
  }
  const auto capacity = accepted(read_capacity_search(measured_data("jetson-load/capacity_search.csv")));
  CHECK(capacity.size() == 112);
  CHECK(std::count_if(capacity.begin(), capacity.end(),
                      [](const CapacityRow& row) { return !row.latency.mean_ms; }) == 2);
}

TEST_CASE("The single streams are 21 profiles, in modes from the clocks beside their file") {
  const std::string path = measured_data("jetson-load/single_stream.csv");
  if (path.empty()) return;
  const auto rows = accepted(import_profiles("single-stream", path));
  REQUIRE(rows.size() == 21);
  for (const auto& row : rows) {
    if (row.device == "xavier-nx") CHECK(row.mode == devices::PowerMode{4, 1'907'200, 510'000, 1'600'000, 6});
    if (row.device == "jetson-nano")
      CHECK(row.mode == devices::PowerMode{4, 1'479'000, 921'600, 1'600'000, 1});
  }
  ImportOptions options;
  options.observed_clocks = path;
  CHECK(mentions(error_of(import_profiles("single-stream", path, options)),
                 "single_stream.csv: line 1: 'model' is not a known"));
}

}  // namespace
}  // namespace wattline::traces
