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

TEST_CASE("A column in another unit is answered with the right one and the factor") {
  const auto slipped = [](const std::string& from, const std::string& to) {
    std::string text = header;
    return error_of(text.replace(text.find(from), from.size(), to));
  };
  CHECK(slipped("gpu_khz", "gpu_hz") ==
        "p.csv: line 1: column 'gpu_hz' is in Hz; 'gpu_khz' is expected (divide by 1,000)");
  CHECK(mentions(slipped("gpu_khz", "gpu_mhz"), "in MHz; 'gpu_khz' is expected (multiply by 1,000)"));
  CHECK(mentions(slipped("cpu_khz", "cpu_mhz"), "'cpu_khz' is expected (multiply by 1,000)"));
  CHECK(mentions(slipped("cpu_khz", "cpu_hz"), "'cpu_khz' is expected (divide by 1,000)"));
  CHECK(mentions(slipped("emc_khz", "emc_hz"), "'emc_khz' is expected (divide by 1,000)"));
  CHECK(mentions(slipped("emc_khz", "emc_ghz"), "in GHz; 'emc_khz' is expected (multiply by 1,000,000)"));
  CHECK(mentions(slipped("time_ms", "time_s"), "in s; 'time_ms' is expected (multiply by 1,000)"));
  CHECK(mentions(slipped("time_ms", "time_us"), "in us; 'time_ms' is expected (divide by 1,000)"));
  CHECK(mentions(slipped("power_w", "power_mw"), "in mW; 'power_w' is expected (divide by 1,000)"));
  CHECK(mentions(slipped("power_w", "power"), "'power' is not a known column, did you mean 'power_w'?"));
}

TEST_CASE("A clock above 5 GHz is one in Hz") {
  CHECK(error_of(header + "d,w,infer,1,12,2201600,1300500000,3199000,1,1\n") ==
        "p.csv: line 2: gpu_khz: '1300500000' looks like Hz; kHz is expected (divide by 1,000)");
  CHECK(mentions(error_of(header + "d,w,infer,1,12,2201600,114750000,3199000,1,1\n"),
                 "gpu_khz: '114750000' looks like Hz"));
  CHECK(mentions(error_of(header + "d,w,infer,1,12,2201600000,1,1,1,1\n"),
                 "cpu_khz: '2201600000' looks like Hz"));
  CHECK(mentions(error_of(header + "d,w,infer,1,12,1,1,5000001,1,1\n"), "emc_khz: '5000001' looks like Hz"));
  CHECK(rows_of(header + "d,w,infer,1,12,5000000,5000000,5000000,1,1\n").size() == 1);
}

TEST_CASE("A clock that is no whole number is refused, not rounded") {
  CHECK(mentions(error_of(header + "d,w,infer,1,12,2201.6,1,1,1,1\n"),
                 "cpu_khz: '2201.6' is not accepted; a whole number from 1 to 5000000 is expected"));
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
  CHECK(mentions(with("d,w,infer,1,1,1,1,1,inf,1"), "p.csv: line 3: time_ms: 'inf' is not accepted"));
  CHECK(mentions(with("d,w,infer,1,1,1,1,1,1,10001"), "p.csv: line 3: power_w: '10001' is not accepted"));
  CHECK(with("d,w,infer,1,1,1,1,1,1") == "p.csv: line 3: 9 fields; the header has 10");
}

TEST_CASE("A file that was cut in the middle of a line says so") {
  CHECK(error_of(header + "d,w,infer,1,1,1,1,1,1,1\nd,w,infer,1,1,22") ==
        "p.csv: line 3: 6 fields; the header has 10; the file ends here without a line break and looks cut "
        "off");
  // The same line with its line break is somebody's mistake; a whole last line needs no line break.
  CHECK(error_of(header + "d,w,infer,1,1,22\n") == "p.csv: line 2: 6 fields; the header has 10");
  CHECK(rows_of(header + "d,w,infer,1,1,1,1,1,1,1").size() == 1);
}

const std::string wide_header = header.substr(0, header.size() - 1) +
                                ",time_std_ms,power_std_w,samples,source,active_sms,power_kind,flop,bytes\n";
const std::string point = "d,w,infer,1,1,1,1,1,1,1,";

TEST_CASE("Every optional column is read") {
  const auto rows = rows_of(wide_header + point + "0.5,0.25,40,\"lab, 2\",8,board meter,8206316544,3.5e8\n");
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].time_std_ms == 0.5);
  CHECK(rows[0].power_std_w == 0.25);
  CHECK(rows[0].samples == 40);
  CHECK(rows[0].source == "lab, 2");
  CHECK(rows[0].mode == devices::PowerMode{1, 1, 1, 1, 8});
  CHECK(rows[0].power_kind == devices::PowerKind::board_meter);
  CHECK(rows[0].flop == 8206316544.0);
  CHECK(rows[0].bytes == 3.5e8);
}

TEST_CASE("An optional column that is empty, like one that is absent, says nothing") {
  for (const auto& rows :
       {rows_of(wide_header + point + ",,,,,,,\n"), rows_of(header + "d,w,infer,1,1,1,1,1,1,1\n")}) {
    CHECK_FALSE(
        (rows[0].time_std_ms || rows[0].power_std_w || rows[0].samples || rows[0].flop || rows[0].bytes));
    CHECK(rows[0].source.empty());
    CHECK(rows[0].mode.active_sms == 0);
    CHECK(rows[0].power_kind == devices::PowerKind::unstated);
  }
}

TEST_CASE("Power is of one of three kinds, and a slip of it is answered with the nearest") {
  CHECK(rows_of(wide_header + point + ",,,,,module rails,,\n")[0].power_kind ==
        devices::PowerKind::module_rails);
  CHECK(rows_of(wide_header + point + ",,,,,wall,,\n")[0].power_kind == devices::PowerKind::wall);
  CHECK(
      error_of(wide_header + point + ",,,,,module rail,,\n") ==
      "p.csv: line 2: power_kind: 'module rail' is not a known kind of power, did you mean 'module rails'?; "
      "known: module rails, board meter, wall");
}

TEST_CASE("FLOP and bytes come together, and not both of them are zero") {
  CHECK(error_of(wide_header + point + ",,,,,,5,\n") ==
        "p.csv: line 2: flop: given without bytes; a row has both or neither");
  CHECK(mentions(error_of(wide_header + point + ",,,,,,,5\n"), "bytes: given without flop"));
  CHECK(mentions(error_of(wide_header + point + ",,,,,,0,0\n"), "flop: 0, and bytes are 0 too"));
  CHECK(rows_of(wide_header + point + ",,,,,,0,5\n")[0].flop == 0.0);  // reshaping moves bytes only
}

TEST_CASE("Impossible optional values are errors with their line and column") {
  const auto with = [](const std::string& fields) { return error_of(wide_header + point + fields + "\n"); };
  CHECK(mentions(with("-0.1,,,,,,,"), "p.csv: line 2: time_std_ms: '-0.1' is not accepted"));
  CHECK(mentions(with(",nan,,,,,,"), "p.csv: line 2: power_std_w: 'nan' is not accepted"));
  CHECK(mentions(with(",,0,,,,,"), "p.csv: line 2: samples: '0' is not accepted"));
  CHECK(mentions(with(",,,,0,,,"), "p.csv: line 2: active_sms: '0' is not accepted"));
  CHECK(mentions(with(",,,,,,-1,1"), "p.csv: line 2: flop: '-1' is not accepted"));
}

TEST_CASE("Requests need no measured columns, and keep them where they are") {
  const std::string points = "device,workload,role,batch,cores,cpu_khz,gpu_khz,emc_khz";
  const auto bare = parse_profile_requests(points + "\nd,w,train,16,4,1,2,3\n", "r.csv");
  REQUIRE(bare.ok());
  REQUIRE(bare->size() == 1);
  CHECK(bare->front().mode == devices::PowerMode{4, 1, 2, 3, 0});
  CHECK(bare->front().role == workloads::Role::train);
  CHECK_FALSE((bare->front().time_ms || bare->front().power_w));
  const auto measured =
      parse_profile_requests(points + ",power_w,flop,bytes\nd,w,infer,1,4,1,2,3,9,7,8\n", "r.csv");
  REQUIRE(measured.ok());
  CHECK(measured->front().power_w == 9.0);
  CHECK(measured->front().flop == 7.0);
  CHECK(parse_profile_requests("device\nd\n", "r.csv").error().message ==
        "r.csv: line 1: column 'workload' is missing; the header has: device");
}

TEST_CASE("What is written has only the columns that some row uses") {
  devices::ProfileRow row;
  row.device = "d";
  row.workload = "w";
  row.batch = 16;
  row.mode = {4, 1, 2, 3, 0};
  row.time_ms = 0.1;
  CHECK(write_profile_csv(std::vector{row}) == header + "d,w,infer,16,4,1,2,3,0.1,\n");
  devices::ProfileRow full = row;
  full.source = "a \"b\", c";
  full.mode.active_sms = 8;
  full.power_w = 5;
  CHECK(write_profile_csv(std::vector{row, full}) == header.substr(0, header.size() - 1) +
                                                         ",active_sms,source\nd,w,infer,16,4,1,2,3,0.1,,,\nd,"
                                                         "w,infer,16,4,1,2,3,0.1,5,8,\"a \"\"b\"\", c\"\n");
  full.source = "two\nlines";
  CHECK(mentions(write_profile_csv(std::vector{full}), ",two lines\n"));
  CHECK(write_profile_csv({}) == header);
}

template <class T>
std::optional<T> maybe(T value) {
  return *rc::gen::arbitrary<bool>() ? std::optional<T>(value) : std::nullopt;
}

// Any row that the reader accepts; numbers with all their digits, texts with blanks, quotes and commas.
devices::ProfileRow any_row() {
  const auto integer = [](std::int32_t high) { return *rc::gen::inRange<std::int32_t>(1, high); };
  const auto number = [&] { return integer(1'000'000'000) / 1048576.0 / 3; };
  const auto text = [] {
    return "x" + *rc::gen::container<std::string>(rc::gen::element('a', ' ', ',', '"', '@', '\t', '/'));
  };
  devices::ProfileRow row;
  row.device = text();
  row.workload = text() + " ";
  row.role = *rc::gen::arbitrary<bool>() ? workloads::Role::train : workloads::Role::infer;
  row.batch = integer(1'000'000);
  row.mode = {integer(1024), integer(5'000'000), integer(5'000'000), integer(5'000'000), 0};
  row.mode.active_sms = maybe(integer(1024)).value_or(0);
  row.time_ms = maybe(number());
  row.power_w = maybe(number());
  row.time_std_ms = maybe(number());
  row.power_std_w = maybe(number());
  row.samples = maybe(std::int64_t{integer(1'000'000)});
  row.power_kind = *rc::gen::element(devices::PowerKind::unstated, devices::PowerKind::module_rails,
                                     devices::PowerKind::board_meter, devices::PowerKind::wall);
  row.flop = maybe(number() * 1e9);
  if (row.flop) row.bytes = number() * 1e6;
  row.source = *rc::gen::arbitrary<bool>() ? text() : "";
  return row;
}

bool same(const devices::ProfileRow& a, const devices::ProfileRow& b) {
  return a.device == b.device && a.workload == b.workload && a.role == b.role && a.batch == b.batch &&
         a.mode == b.mode && a.time_ms == b.time_ms && a.power_w == b.power_w &&
         a.time_std_ms == b.time_std_ms && a.power_std_w == b.power_std_w && a.samples == b.samples &&
         a.power_kind == b.power_kind && a.flop == b.flop && a.bytes == b.bytes && a.source == b.source;
}

TEST_CASE("Any rows survive writing and reading, to the last bit") {
  CHECK(rc::check("read(write(rows)) == rows", [] {
    const auto count = *rc::gen::inRange<std::size_t>(0, 5);
    std::vector<devices::ProfileRow> rows;
    for (std::size_t i = 0; i < count; ++i) rows.push_back(any_row());
    const std::string text = write_profile_csv(rows);
    const auto back = parse_profile_csv(text, "p.csv");
    RC_ASSERT(back.ok());
    RC_ASSERT(back->size() == rows.size());
    for (std::size_t i = 0; i < count; ++i) RC_ASSERT(same(rows[i], (*back)[i]));
    RC_ASSERT(write_profile_csv(*back) == text);
  }));
}

}  // namespace
}  // namespace wattline::traces
