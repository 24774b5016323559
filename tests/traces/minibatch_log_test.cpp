// The log of minibatches that a power log is joined with.
#include "traces/import/minibatch_log.hpp"

#include "tests/traces/outcome.hpp"

namespace wattline::traces {
namespace {

const std::string header = "start_s,end_s,workload,role,batch\n";

std::string error_in(const std::string& rows) {
  return error_of(parse_minibatch_log(header + rows, "m.csv"));
}

TEST_CASE("A minibatch has a start, an end, a workload, a role and a batch") {
  const auto rows = accepted(parse_minibatch_log(
      header + "1795428001.5,1795428001.75,resnet50,infer,16\n1795428001.75,1795428002,resnet18,train,8\n",
      "m.csv"));
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].start_s == 1795428001.5);
  CHECK(rows[0].end_s == 1795428001.75);
  CHECK(rows[0].workload == "resnet50");
  CHECK(rows[0].role == workloads::Role::infer);
  CHECK(rows[0].batch == 16);
  CHECK(rows[0].line == 2);
  CHECK(rows[1].role == workloads::Role::train);
}

TEST_CASE("Minibatches that end before they start, or overlap, are errors with their line") {
  CHECK(error_in("2,1,w,infer,1\n") == "m.csv: line 2: end_s: 1 is not after start_s, 2");
  CHECK(
      error_in("1,2,w,infer,1\n1.5,3,w,infer,1\n") ==
      "m.csv: line 3: start_s: 1.5 is before the row above has ended, 2; minibatches one after the other are "
      "expected");
  CHECK(mentions(error_in("1,2,w,inference,1\n"), "role: 'inference' is not a known role"));
  CHECK(mentions(error_in("1,2,w,infer,0\n"), "batch: '0' is not accepted"));
  CHECK(mentions(error_in("-1,2,w,infer,1\n"), "start_s: '-1' is not accepted"));
  CHECK(mentions(error_of(parse_minibatch_log("start_ms,end_s,workload,role,batch\n", "m.csv")),
                 "column 'start_ms' is in ms; 'start_s' is expected (divide by 1,000)"));
}

}  // namespace
}  // namespace wattline::traces
