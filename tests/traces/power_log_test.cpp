// A power log and a minibatch log become profiles.
#include "traces/import/power_log.hpp"

#include <fmt/format.h>

#include <cmath>

#include "tests/traces/outcome.hpp"

namespace wattline::traces {
namespace {

const std::string header = "start_s,end_s,workload,role,batch\n";

// One reading a second from 0, of an AGX Orin at its top with 12 cores.
PowerLog log_of(const std::vector<double>& powers_w) {
  PowerLog log;
  log.name = "t.log";
  log.source = "tegrastats";
  for (std::size_t i = 0; i < powers_w.size(); ++i) {
    PowerReading reading;
    reading.time_s = static_cast<double>(i);
    reading.power_w = powers_w[i];
    reading.cores = 12;
    reading.cpu_khz = 2'201'000;
    reading.gpu_khz = 1'300'000;
    reading.emc_khz = 3'199'000;
    reading.line = i + 1;
    log.readings.push_back(reading);
  }
  return log;
}

ImportOptions on_orin() {
  ImportOptions options;
  options.device = "orin-agx-64gb";
  return options;
}

Result<std::vector<devices::ProfileRow>> joined_with(const PowerLog& log, const std::string& rows,
                                                     const ImportOptions& options) {
  return join_minibatches(log, accepted(parse_minibatch_log(header + rows, "m.csv")), options);
}

const std::string three = "0.5,0.6,resnet50,infer,16\n0.6,0.8,resnet50,infer,16\n0.8,3.1,resnet50,infer,16\n";
const devices::PowerMode top = {12, 2'201'600, 1'300'500, 3'199'000, 0};

TEST_CASE("A run is one profile: median time, mean power of the readings inside, and their spreads") {
  const auto rows = accepted(joined_with(log_of({9, 30, 31, 33, 9}), three, on_orin()));
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].device == "orin-agx-64gb");
  CHECK(rows[0].workload == "resnet50");
  CHECK(rows[0].role == workloads::Role::infer);
  CHECK(rows[0].batch == 16);
  CHECK(rows[0].mode == top);
  CHECK(*rows[0].time_ms == Approx(200));  // of 100, 200 and 2300
  CHECK(
      *rows[0].time_std_ms ==
      Approx(std::sqrt((766.666667 * 766.666667 + 666.666667 * 666.666667 + 1433.333333 * 1433.333333) / 2)));
  CHECK(rows[0].samples == 3);
  CHECK(*rows[0].power_w == Approx(94.0 / 3));                // readings at 1, 2 and 3 s
  CHECK(*rows[0].power_std_w == Approx(std::sqrt(7.0 / 3)));  // deviations -4/3, -1/3, 5/3
  CHECK(rows[0].power_kind == devices::PowerKind::module_rails);
  CHECK(rows[0].source == "tegrastats");
  CHECK(rows[0].line == 2);
}

TEST_CASE("Readings of the settling time are left out") {
  ImportOptions options = on_orin();
  options.settle_s = 1;
  const auto rows = accepted(joined_with(log_of({9, 30, 31, 33, 9}), three, options));
  CHECK(*rows[0].power_w == Approx(32));  // at 2 and 3 s
  options.settle_s = 10;
  const auto none = accepted(joined_with(log_of({9, 30, 31, 33, 9}), three, options));
  CHECK(none[0].power_w == std::nullopt);
  CHECK(none[0].power_kind == devices::PowerKind::unstated);
  CHECK(none[0].samples == 3);
}

TEST_CASE("A run ends where the workload, the role, the batch or the clocks change, and at a long pause") {
  const auto runs = [](const std::string& rows, double longest_gap_s = 1) {
    ImportOptions options = on_orin();
    options.longest_gap_s = longest_gap_s;
    return accepted(joined_with(log_of({30, 30, 30, 30}), rows, options)).size();
  };
  CHECK(runs("0,1,w,infer,1\n1,2,w,infer,1\n") == 1);
  CHECK(runs("0,1,w,infer,1\n1,2,v,infer,1\n") == 2);
  CHECK(runs("0,1,w,infer,1\n1,2,w,train,1\n") == 2);
  CHECK(runs("0,1,w,infer,1\n1,2,w,infer,2\n2,3,w,infer,1\n") == 3);
  CHECK(runs("0,1,w,infer,1\n2,3,w,infer,1\n") == 1);
  CHECK(runs("0,1,w,infer,1\n2,3,w,infer,1\n", 0.5) == 2);
  PowerLog log = log_of({30, 30, 20, 20});
  log.readings[2].gpu_khz = log.readings[3].gpu_khz = 611'000;
  const auto rows =
      accepted(joined_with(log, "0,1,w,infer,1\n1,1.4,w,infer,1\n1.6,3,w,infer,1\n", on_orin()));
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].mode.gpu_khz == 1'300'500);
  CHECK(rows[0].samples == 2);
  CHECK(rows[1].mode.gpu_khz == 612'000);
  CHECK(*rows[1].power_w == Approx(20));
}

TEST_CASE("A clock far from every one of the board is refused, but only where a minibatch ran") {
  PowerLog log = log_of({30, 30, 30});
  log.readings[0].gpu_khz = 1'000;  // idle, before the run
  CHECK(joined_with(log, "0.9,2,w,infer,1\n", on_orin()).ok());
  CHECK(error_of(joined_with(log, "0,0.2,w,infer,1\n", on_orin())) ==
        "t.log: line 1: GPU clock 1000 kHz is not one of orin-agx-64gb; nearest: 114750");
  log.readings[1].cores = 13;
  CHECK(error_of(joined_with(log, "0.9,1.2,w,infer,1\n", on_orin())) ==
        "t.log: line 2: 13 cores are online; orin-agx-64gb has 12");
}

TEST_CASE("Knobs that no line states must come from the options, which win over the log") {
  PowerLog log = log_of({30, 30});
  for (PowerReading& reading : log.readings) reading.gpu_khz = reading.emc_khz = std::nullopt;
  ImportOptions options = on_orin();
  CHECK(error_of(joined_with(log, "0,1,w,infer,1\n", options)) ==
        "t.log: no line states the GPU clock or the EMC clock (tegrastats tells some clocks to root only); "
        "give them with --gpu-khz and --emc-khz");
  options.mode = {0, 0, 930'750, 2'133'000, 14};
  CHECK(accepted(joined_with(log, "0,1,w,infer,1\n", options))[0].mode ==
        devices::PowerMode{12, 2'201'600, 930'750, 2'133'000, 14});
  options.mode.cores = 4;
  options.mode.cpu_khz = 1'036'800;
  CHECK(accepted(joined_with(log, "0,1,w,infer,1\n", options))[0].mode ==
        devices::PowerMode{4, 1'036'800, 930'750, 2'133'000, 14});
}

TEST_CASE("With the whole mode given a board of one's own needs no file, else it must be known") {
  ImportOptions options;
  options.device = "my-board";
  CHECK(mentions(error_of(joined_with(log_of({30, 30}), "0,1,w,infer,1\n", options)),
                 "'my-board' is not a known device"));
  options.mode = {4, 1, 2, 3, 0};
  CHECK(accepted(joined_with(log_of({30, 30}), "0,1,w,infer,1\n", options))[0].mode == options.mode);
  options.mode = {};
  options.board = accepted(devices::find_device("orin-agx-64gb"));
  const auto rows = accepted(joined_with(log_of({30, 30}), "0,1,w,infer,1\n", options));
  CHECK(rows[0].device == "my-board");
  CHECK(rows[0].mode == top);
  CHECK(error_of(joined_with(log_of({30, 30}), "0,1,w,infer,1\n", {})) ==
        "t.log: the log does not name its board; give it with --device");
}

TEST_CASE("A log that names the preset has its mode, with its SMs, if one firmware's only") {
  PowerLog log = log_of({30, 30});
  for (PowerReading& reading : log.readings) {
    reading.cpu_khz = reading.gpu_khz = reading.emc_khz = std::nullopt;
    reading.cores = 4;
    reading.preset = "MODE_10W_DESKTOP";
  }
  ImportOptions options;
  options.device = "xavier-nx";
  CHECK(accepted(joined_with(log, "0,1,w,infer,1\n", options))[0].mode ==
        devices::PowerMode{4, 1'907'200, 510'000, 1'600'000, 6});
  log.readings[0].cores = log.readings[1].cores = 6;
  CHECK(error_of(joined_with(log, "0,1,w,infer,1\n", options)) ==
        "t.log: line 1: 6 cores are online; preset MODE_10W_DESKTOP has 4");
  log.readings[0].preset = log.readings[1].preset = "MODE_30W";
  CHECK(mentions(error_of(joined_with(log, "0,1,w,infer,1\n", options)),
                 "t.log: line 1: 'MODE_30W' is not a known"));
  CHECK(error_of(joined_with(log, "0,1,w,infer,1\n", on_orin())) ==
        "t.log: line 1: 'MODE_30W' may be MODE_30W or MODE_30W_JP6 of orin-agx-64gb; give the mode with "
        "--cores, --cpu-khz, --gpu-khz and --emc-khz");
}

TEST_CASE("Logs that do not overlap count in two clocks") {
  CHECK(error_of(joined_with(log_of({30, 30}), "100,101,w,infer,1\n", on_orin())) ==
        "t.log: the log is of 0.000 to 1.000 s and the minibatches of 100.000 to 101.000 s; both must count "
        "in the "
        "same clock");
}

}  // namespace
}  // namespace wattline::traces
