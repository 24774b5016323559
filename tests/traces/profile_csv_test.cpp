// The profile CSV: measured minibatches by workload, role, batch and mode.
#include "traces/profile_csv.hpp"

#include <fmt/format.h>

#include <rapidcheck.h>

#include "tests/catch.hpp"

namespace wattline::traces {
namespace {

const std::string header = "device,workload,role,batch,cores,cpu_khz,gpu_khz,emc_khz,time_ms,power_w\n";

std::vector<devices::ProfileRow> rows_of(const std::string& text) {
  const auto rows = parse_profile_csv(text, "p.csv");
  INFO((rows ? "" : rows.error().message));
  REQUIRE(rows.ok());
  return *rows;
}

std::string error_of(const std::string& text) {
  const auto rows = parse_profile_csv(text, "p.csv");
  return rows ? "(accepted)" : rows.error().message;
}

bool mentions(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("A profile is read field by field") {
  const auto rows = rows_of(header + "agx,resnet50,infer,16,12,2201600,1300500,3199000,51.56,53.5\n" +
                            "\nagx,resnet18,train,8,4,422400,114750,665600,1e3,9\n");
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].device == "agx");
  CHECK(rows[0].workload == "resnet50");
  CHECK(rows[0].role == workloads::Role::infer);
  CHECK(rows[0].batch == 16);
  CHECK(rows[0].mode == devices::PowerMode{12, 2'201'600, 1'300'500, 3'199'000, 0});
  CHECK(rows[0].time_ms == 51.56);
  CHECK(rows[0].power_w == 53.5);
  CHECK(rows[0].line == 2);
  CHECK(rows[1].role == workloads::Role::train);
  CHECK(rows[1].time_ms == 1000.0);
  CHECK(rows[1].line == 4);
}

TEST_CASE("Columns may stand in any order, and the optional ones may be there") {
  const auto rows = rows_of(
      "source,samples,power_std_w,time_std_ms,power_w,time_ms,emc_khz,gpu_khz,cpu_khz,cores,batch,role,"
      "workload,"
      "device\n\"lab, 2\",40,0.1,0.2,5,6,1,2,3,4,7,infer,w,d\n");
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].device == "d");
  CHECK(rows[0].batch == 7);
  CHECK(rows[0].mode == devices::PowerMode{4, 3, 2, 1, 0});
  CHECK(rows[0].time_ms == 6.0);
  CHECK(rows[0].power_w == 5.0);
}

TEST_CASE("An empty measured value means not measured") {
  const auto rows =
      rows_of(header + "d,w,infer,1,1,1,1,1,,5\n" + "d,w,infer,2,1,1,1,1,6,\n" + "d,w,infer,3,1,1,1,1,,\n");
  CHECK(rows[0].time_ms == std::nullopt);
  CHECK(rows[0].power_w == 5.0);
  CHECK(rows[1].time_ms == 6.0);
  CHECK(rows[1].power_w == std::nullopt);
  CHECK_FALSE((rows[2].time_ms || rows[2].power_w));
}

TEST_CASE("Every required column is missed by its name") {
  for (const char* column : {"device", "workload", "role", "batch", "cores", "cpu_khz", "gpu_khz", "emc_khz",
                             "time_ms", "power_w"}) {
    std::string kept;
    std::string rest = header.substr(0, header.size() - 1) + ",";
    for (std::size_t end = 0; (end = rest.find(',')) != std::string::npos; rest = rest.substr(end + 1)) {
      if (rest.substr(0, end) != column) kept += (kept.empty() ? "" : ",") + rest.substr(0, end);
    }
    CHECK(mentions(error_of(kept + "\n"), fmt::format("p.csv: line 1: column '{}' is missing", column)));
  }
}

TEST_CASE("A slip of the unit in a column is answered with the right one") {
  const auto slipped = [](const std::string& from, const std::string& to) {
    std::string text = header;
    return error_of(text.replace(text.find(from), from.size(), to));
  };
  CHECK(mentions(slipped("gpu_khz", "gpu_hz"), "'gpu_hz' is not a known column, did you mean 'gpu_khz'?"));
  CHECK(mentions(slipped("cpu_khz", "cpu_mhz"), "did you mean 'cpu_khz'?"));
  CHECK(mentions(slipped("time_ms", "time_s"), "did you mean 'time_ms'?"));
  CHECK(mentions(slipped("power_w", "power_mw"), "did you mean 'power_w'?"));
}

TEST_CASE("A clock that is given in Hz is beyond what is accepted") {
  CHECK(
      error_of(header + "d,w,infer,1,12,2201600,1300500000,3199000,1,1\n") ==
      "p.csv: line 2: gpu_khz: '1300500000' is not accepted; a whole number from 1 to 100000000 is expected");
}

TEST_CASE("A bad field is an error with its line and column") {
  const auto with = [](const std::string& row) {
    return error_of(header + "d,w,infer,1,1,1,1,1,1,1\n" + row + "\n");
  };
  CHECK(with("d,w,inference,1,1,1,1,1,1,1") ==
        "p.csv: line 3: role: 'inference' is not accepted; train or infer is expected");
  CHECK(with(",w,infer,1,1,1,1,1,1,1") == "p.csv: line 3: device: empty; a name is expected");
  CHECK(with("d,,infer,1,1,1,1,1,1,1") == "p.csv: line 3: workload: empty; a name is expected");
  CHECK(with("d,w,,1,1,1,1,1,1,1") == "p.csv: line 3: role: empty; a name is expected");
  CHECK(mentions(with("d,w,infer,0,1,1,1,1,1,1"), "p.csv: line 3: batch: '0' is not accepted"));
  CHECK(mentions(with("d,w,infer,1.5,1,1,1,1,1,1"), "p.csv: line 3: batch: '1.5' is not accepted"));
  CHECK(mentions(with("d,w,infer,1,,1,1,1,1,1"), "p.csv: line 3: cores: nothing is not accepted"));
  CHECK(mentions(with("d,w,infer,1,1,-5,1,1,1,1"), "p.csv: line 3: cpu_khz: '-5' is not accepted"));
  CHECK(mentions(with("d,w,infer,1,1,1,1,1,0,1"),
                 "p.csv: line 3: time_ms: '0' is not accepted; a number above 0"));
  CHECK(mentions(with("d,w,infer,1,1,1,1,1,1,-1"), "p.csv: line 3: power_w: '-1' is not accepted"));
  CHECK(mentions(with("d,w,infer,1,1,1,1,1,nan,1"), "p.csv: line 3: time_ms: 'nan' is not accepted"));
  CHECK(mentions(with("d,w,infer,1,1,1,1,1,1"), "p.csv: line 3: 9 fields; the header has 10"));
}

TEST_CASE("Any measured row survives writing and reading") {
  CHECK(rc::check("knobs and values are as they were written", [] {
    const auto knob = [] { return *rc::gen::inRange<std::int32_t>(1, 100'000'000); };
    const devices::PowerMode mode{*rc::gen::inRange<std::int32_t>(1, 1024), knob(), knob(), knob(), 0};
    const int batch = *rc::gen::inRange(1, 1'000'000);
    const double time_ms = *rc::gen::inRange(1, 1'000'000'000) / 1024.0;
    const double power_w = *rc::gen::inRange(1, 10'000'000) / 1024.0;
    const auto rows =
        parse_profile_csv(header + fmt::format("d,w,train,{},{},{},{},{},{},{}\n", batch, mode.cores,
                                               mode.cpu_khz, mode.gpu_khz, mode.emc_khz, time_ms, power_w),
                          "p.csv");
    RC_ASSERT(rows.ok());
    RC_ASSERT(rows->front().mode == mode);
    RC_ASSERT(rows->front().batch == batch);
    RC_ASSERT(rows->front().time_ms == time_ms);
    RC_ASSERT(rows->front().power_w == power_w);
  }));
}

}  // namespace
}  // namespace wattline::traces
