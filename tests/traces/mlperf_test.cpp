// The importer of MLPerf's Jetson results.
#include "traces/import/mlperf.hpp"

#include <algorithm>

#include "tests/traces/outcome.hpp"

namespace wattline::traces {
namespace {

const std::string header =
    "round,submitter,system_name,framework,model,scenario,valid,samples_per_second,qps,samples_per_query,"
    "mean_latency_ms,"
    "p50_ms,p90_ms,p99_ms,avg_wall_power_W,energy_J,energy_per_query_mJ\n";

MlperfRow row_of(const std::string& system, const std::string& scenario) {
  return accepted(parse_mlperf(header + "v1.1,NVIDIA,\"" + system + "\",f,bert-99," + scenario +
                                   ",VALID,,,1,3,2,4,5,,,\n",
                               "m.csv"))
      .at(0);
}

TEST_CASE("A result of MLPerf is read field by field") {
  const auto rows = accepted(parse_mlperf(
      header +
          "v2.0,NVIDIA,\"NVIDIA Orin (MaxQ, TensorRT)\",\"JetPack 5.0, TensorRT 8.4.0, CUDA "
          "11.4\",bert-99,Offline,VALID,"
          "394.328,,323400,500065.290648,533278.958486,781767.538901,817789.279787,53.594,43953.72,135.912\n",
      "m.csv"));
  REQUIRE(rows.size() == 1);
  const MlperfRow& row = rows[0];
  CHECK(row.round == "v2.0");
  CHECK(row.device == "orin-agx-64gb");
  CHECK(row.maxq);
  CHECK(row.framework == "JetPack 5.0, TensorRT 8.4.0, CUDA 11.4");
  CHECK(row.model == "bert-99");
  CHECK(row.scenario == MlperfScenario::offline);
  CHECK(row.valid);
  CHECK(row.samples_per_second == 394.328);
  CHECK(row.queries_per_second == std::nullopt);
  CHECK(row.samples_per_query == 323'400);
  CHECK(row.p99_ms == 817789.279787);
  CHECK(row.mean_wall_power_w == 53.594);
  CHECK(row.energy_j == 43953.72);
}

TEST_CASE("Systems become our boards, and rounds spell their scenarios in two ways") {
  CHECK(row_of("Auvidea JNX30 Xavier NX (MaxQ, TensorRT)", "SingleStream").device == "xavier-nx");
  CHECK(row_of("NVIDIA Jetson AGX Xavier 32GB (TensorRT)", "Single Stream").device == "agx-xavier");
  CHECK_FALSE(row_of("NVIDIA Orin (TensorRT)", "SingleStream").maxq);
  CHECK(row_of("NVIDIA Orin (TensorRT)", "Multi Stream").scenario == MlperfScenario::multi_stream);
  CHECK(row_of("NVIDIA Orin (TensorRT)", "MultiStream").scenario == MlperfScenario::multi_stream);
  CHECK(row_of("NVIDIA Orin (TensorRT)", "Single Stream").scenario == MlperfScenario::single_stream);
  CHECK(row_of("NVIDIA Orin (TensorRT)", "Single Stream").mean_wall_power_w == std::nullopt);
}

TEST_CASE("A system, scenario or percentile that cannot be is an error with its line") {
  const auto with = [](const std::string& system, const std::string& fields) {
    return error_of(parse_mlperf(header + "v1.1,NVIDIA," + system + ",f,bert-99," + fields + "\n", "m.csv"));
  };
  CHECK(mentions(with("NVIDIA A100", "Offline,VALID,1,,1,3,2,4,5,,,"),
                 "m.csv: line 2: system_name: 'NVIDIA A100'"));
  CHECK(mentions(with("NVIDIA Orin", "Server,VALID,1,,1,3,2,4,5,,,"),
                 "scenario: 'Server' is not a known scenario"));
  CHECK(with("NVIDIA Orin", "Offline,VALID,1,,1,3,4,2,5,,,") == "m.csv: line 2: p90_ms: below p50_ms");
}

TEST_CASE("The file of MLPerf has 233 results, 72 of them with MaxQ and all of these with power") {
  const std::string path = measured_data("mlperf/jetson_closed.csv");
  if (path.empty()) return;
  const auto rows = accepted(read_mlperf(path));
  CHECK(rows.size() == 233);
  CHECK(std::count_if(rows.begin(), rows.end(), [](const MlperfRow& row) { return row.maxq; }) == 72);
  for (const MlperfRow& row : rows) {
    if (row.maxq) CHECK(row.mean_wall_power_w.has_value());
    if (row.scenario == MlperfScenario::offline) CHECK(row.samples_per_second.has_value());
  }
}

}  // namespace
}  // namespace wattline::traces
