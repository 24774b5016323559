// The importer of branes-ai's sub-graph latencies.
#include "traces/import/branes_subgraphs.hpp"

#include <fmt/format.h>

#include <map>

#include "tests/traces/outcome.hpp"
#include "traces/import/formats.hpp"

namespace wattline::traces {
namespace {

const std::string header =
    "power_mode,precision,model,batch,subgraph_id,op_type,fusion_pattern,flops,bytes,lat_mean_ms,lat_std_ms,"
    "lat_min_ms,samples\n";
const std::string row30 =
    "30W,FP32,resnet50,4,3,conv2d_batchnorm,Conv2d_BatchNorm2d_ReLU,924844032,6570496,1.312011,0.231876,1."
    "077056,50\n";

TEST_CASE("A sub-graph is a workload of its own, in a preset of JetPack 6 with its SMs") {
  const auto rows = accepted(parse_branes_subgraphs(header + row30, "s.csv"));
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].device == "orin-agx-64gb");
  CHECK(rows[0].workload == "resnet50/3@pytorch-fp32");
  CHECK(rows[0].batch == 4);
  CHECK(rows[0].mode == devices::PowerMode{8, 1'728'000, 612'000, 3'199'000, 8});
  CHECK(rows[0].time_ms == 1.312011);
  CHECK(rows[0].time_std_ms == 0.231876);
  CHECK(rows[0].samples == 50);
  CHECK(rows[0].flop == 924844032.0);
  CHECK(rows[0].bytes == 6570496.0);
  CHECK(rows[0].power_w == std::nullopt);
  CHECK(rows[0].source == "branes-ai/graphs, conv2d_batchnorm Conv2d_BatchNorm2d_ReLU");
}

TEST_CASE("The least latency can be taken, without the spread about the mean") {
  const auto rows = accepted(parse_branes_subgraphs(header + row30, "s.csv", with_time("lat_min_ms")));
  CHECK(rows[0].time_ms == 1.077056);
  CHECK(rows[0].time_std_ms == std::nullopt);
  CHECK(error_of(parse_branes_subgraphs(header + row30, "s.csv", with_time("lat_mins_ms"))) ==
        "'lat_mins_ms' is not a known time of this format, did you mean 'lat_min_ms'?; known: lat_mean_ms, "
        "lat_min_ms");
}

TEST_CASE("A sub-graph without FLOP is accepted, one without bytes or with an impossible latency is not") {
  const auto with = [](const std::string& fields) {
    const std::string row = fmt::format("MAXN,BF16,vgg16,1,0,unfused,Unfused,{}\n", fields);
    return error_of(parse_branes_subgraphs(header + row, "s.csv"));
  };
  CHECK(with("0,1843200,0.122,0.011,0.112,50") == "(accepted)");
  CHECK(mentions(with("0,0,0.122,0.011,0.112,50"), "s.csv: line 2: bytes: '0' is not accepted"));
  CHECK(with("0,1,0.1,0.011,0.112,50") == "s.csv: line 2: lat_min_ms: above lat_mean_ms");
  CHECK(mentions(with("0,1,0,0,0,50"), "s.csv: line 2: lat_mean_ms: '0' is not accepted"));
}

TEST_CASE("The sub-graphs' FLOP are of the whole minibatch, and so are their bytes but for the weights") {
  const std::string path = measured_data("orin-agx-subgraphs/subgraph_latency.csv");
  if (path.empty()) return;
  const auto rows = accepted(import_profiles("branes-subgraphs", path));
  REQUIRE(rows.size() == 17'964);
  std::map<std::string, const devices::ProfileRow*> single;
  for (const auto& row : rows) {
    if (row.batch == 1) single[row.workload] = &row;
  }
  std::size_t without_flop = 0;
  for (const auto& row : rows) {
    const auto& one = *single.at(row.workload);
    const auto batch = static_cast<double>(row.batch);
    without_flop += *row.flop == 0 ? 1 : 0;
    if (*row.flop != batch * *one.flop || *row.bytes > batch * *one.bytes || *row.bytes < *one.bytes)
      FAIL(row.line);
  }
  CHECK(without_flop == 2'004);
}

}  // namespace
}  // namespace wattline::traces
