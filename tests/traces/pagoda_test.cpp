// The importer of Pagoda's inference measurements.
#include "traces/import/pagoda.hpp"

#include <set>

#include "tests/traces/outcome.hpp"
#include "traces/import/formats.hpp"

namespace wattline::traces {
namespace {

const std::string header =
    "model,cores,cpu_khz,gpu_hz,emc_hz,batch,time_ms,power_w,flops_per_minibatch,mem_bytes_per_minibatch,"
    "param_bytes\n";

std::string error_in(const std::string& row) {
  return error_of(parse_pagoda(header + row + "\n", "p.csv"));
}

TEST_CASE("A row of Pagoda is a profile of our catalogue's network") {
  const auto rows = accepted(parse_pagoda(
      header + "mobnet,12,2201600,1300500000,3199000000,16,28.11472,38.52,7186200960,1320550432,21805088\n",
      "p.csv"));
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].device == "orin-agx-64gb");
  CHECK(rows[0].workload == "mobilenet_v3_large");
  CHECK(rows[0].role == workloads::Role::infer);
  CHECK(rows[0].batch == 16);
  CHECK(rows[0].mode == devices::PowerMode{12, 2'201'600, 1'300'500, 3'199'000, 0});
  CHECK(rows[0].time_ms == 28.11472);
  CHECK(rows[0].power_w == 38.52);
  CHECK(rows[0].power_kind == devices::PowerKind::module_rails);
  CHECK(rows[0].flop == 7186200960.0);
  CHECK(rows[0].bytes == 1320550432.0);
  CHECK(rows[0].line == 2);
}

TEST_CASE("What Pagoda's file cannot hold is an error with its line") {
  CHECK(
      error_in("v/g,12,2201600,1300500000,3199000000,16,1,1,1,1,1") ==
      "p.csv: line 2: model: 'v/g' is not accepted; a name of letters, digits, '.', '_' and '-' is expected");
  CHECK(mentions(error_in("lstm,12,2201600,1300500,3199000000,16,1,1,1,1,1"),
                 "line 2: gpu_hz: '1300500' is not"));
  CHECK(
      mentions(error_in("lstm,13,2201600,1300500000,3199000000,16,1,1,1,1,1"), "line 2: cores: '13' is not"));
  CHECK(mentions(error_in("lstm,12,2201600,1300500000,3199000000,16,0,1,1,1,1"),
                 "line 2: time_ms: '0' is not"));
  CHECK(mentions(error_in("lstm,12,2201600,1300500000,3199000000,16,1,300,1,1,1"),
                 "line 2: power_w: '300' is"));
  CHECK(error_of(parse_pagoda(header, "p.csv")) == "p.csv: no rows; at least one is expected");
}

TEST_CASE("Pagoda's file has five networks at three batches, and linear FLOP") {
  const std::string path = measured_data("orin-agx-dnn/maxn_inference.csv");
  if (path.empty()) return;
  const auto rows = accepted(import_profiles("pagoda", path));
  REQUIRE(rows.size() == 15);
  std::set<std::string> workloads;
  for (const auto& row : rows) workloads.insert(row.workload);
  CHECK(workloads ==
        std::set<std::string>{"lstm", "yolov8n", "mobilenet_v3_large", "resnet50", "bert_large"});
  for (std::size_t i = 0; i < rows.size(); i += 3) {
    CHECK(*rows[i + 1].flop / *rows[i].flop == Approx(static_cast<double>(rows[i + 1].batch)).epsilon(0.07));
  }
  CHECK(rows[11].workload == "resnet50");
  CHECK(rows[11].batch == 64);
  CHECK(rows[11].time_ms == 191.631409);
}

}  // namespace
}  // namespace wattline::traces
