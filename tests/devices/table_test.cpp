// The table model: what was measured, and nothing else.
#include "devices/table.hpp"

#include <rapidcheck.h>

#include <map>

#include "tests/catch.hpp"

namespace wattline::devices {
namespace {

using workloads::Role;

constexpr PowerMode mode_a{4, 1000, 2000, 3000, 0};
constexpr PowerMode mode_b{8, 1000, 2000, 3000, 0};

ProfileRow profile(std::size_t line, const PowerMode& mode, std::optional<double> time_ms,
                   std::optional<double> power_w) {
  ProfileRow row;
  row.device = "agx";
  row.workload = "resnet50";
  row.batch = 16;
  row.mode = mode;
  row.time_ms = time_ms;
  row.power_w = power_w;
  row.line = line;
  return row;
}

TableModel table_of(const std::vector<ProfileRow>& rows, double idle_w = 5) {
  const auto table = TableModel::make(rows, "t.csv", idle_w);
  INFO((table ? "" : table.error().message));
  REQUIRE(table.ok());
  return *table;
}

std::string make_error(const std::vector<ProfileRow>& rows) {
  const auto table = TableModel::make(rows, "t.csv", 5);
  return table ? "(accepted)" : table.error().message;
}

std::string error_at(const TableModel& table, const std::string& workload, Role role, int batch,
                     const PowerMode& mode) {
  const auto cost = table.minibatch(workload, role, batch, mode);
  return cost ? "(answered)" : cost.error().message;
}

TEST_CASE("A table answers a measured point with what was measured") {
  const TableModel table = table_of({profile(2, mode_a, 51.5, 30.25), profile(3, mode_b, 0.0000001, 31)});
  const auto cost = table.minibatch("resnet50", Role::infer, 16, mode_a);
  REQUIRE(cost.ok());
  CHECK(cost->time_ns == 51'500'000);
  CHECK(cost->power_w[0] == 30.25);
  CHECK(cost->total_power_w() == 30.25);
  CHECK(table.minibatch("resnet50", Role::infer, 16, mode_b)->time_ns == 1);  // never 0
  CHECK(table.rails() == std::vector<std::string>{"total"});
  CHECK(table.device() == "agx");
  CHECK(table.size() == 2);
  CHECK(table.idle_power_w(mode_a)->at(0) == 5);
  CHECK(table.modes() == std::vector<PowerMode>{mode_a, mode_b});
}

TEST_CASE("A profile does not say how many SMs were active, so any number will do") {
  const TableModel table = table_of({profile(2, mode_a, 1, 2)});
  PowerMode asked = mode_a;
  asked.active_sms = 16;
  CHECK(table.minibatch("resnet50", Role::infer, 16, asked).ok());
}

TEST_CASE("Any other point is an error that names it: nothing is interpolated") {
  const TableModel table = table_of({profile(2, mode_a, 1, 2), profile(3, mode_b, 3, 4)});
  CHECK(error_at(table, "resnet50", Role::infer, 16, {6, 1000, 2000, 3000, 0}) ==
        "t.csv: resnet50 (infer, batch 16) in mode 6c/1000/2000/3000 was not measured; a table answers only "
        "what it "
        "holds");
  CHECK(error_at(table, "resnet50", Role::train, 16, mode_a).find("resnet50 (train, batch 16)") !=
        std::string::npos);
  CHECK(error_at(table, "resnet50", Role::infer, 8, mode_a).find("(infer, batch 8)") != std::string::npos);
  CHECK(error_at(table, "resnet18", Role::infer, 16, mode_a).find("resnet18 ") != std::string::npos);
}

TEST_CASE("Half a measurement is told from none") {
  const TableModel table =
      table_of({profile(2, mode_a, std::nullopt, 2), profile(3, mode_b, 3, std::nullopt)});
  CHECK(error_at(table, "resnet50", Role::infer, 16, mode_a).find("has no measured time") !=
        std::string::npos);
  CHECK(error_at(table, "resnet50", Role::infer, 16, mode_b).find("has no measured power") !=
        std::string::npos);
}

TEST_CASE("The same point twice must agree, or both lines are named") {
  CHECK(table_of({profile(2, mode_a, 1, 2), profile(9, mode_a, 1, 2)}).size() == 1);
  CHECK(make_error({profile(2, mode_a, 1, 2), profile(3, mode_b, 1, 2), profile(9, mode_a, 1.5, 2)}) ==
        "t.csv: lines 2 and 9 disagree on resnet50 (infer, batch 16) in mode 4c/1000/2000/3000");
  CHECK(make_error({profile(2, mode_a, 1, 2), profile(9, mode_a, 1, 2.5)}).find("lines 2 and 9 disagree") !=
        std::string::npos);
  CHECK(make_error({profile(2, mode_a, 1, 2), profile(9, mode_a, 1, std::nullopt)})
            .find("lines 2 and 9 disagree") != std::string::npos);
}

TEST_CASE("A table is of one device and has a row") {
  std::vector<ProfileRow> rows = {profile(2, mode_a, 1, 2), profile(7, mode_b, 1, 2)};
  rows[1].device = "nano";
  CHECK(make_error(rows) ==
        "t.csv: line 7: device 'nano'; all rows must be of one device, and line 2 is of 'agx'");
  CHECK(make_error({}) == "t.csv: no profiles; at least one row is expected");
}

TEST_CASE("A table gives back every row that it was made of") {
  CHECK(rc::check("exactly, and no other point of the grid", [] {
    std::vector<ProfileRow> rows;
    std::map<std::pair<PowerMode, int>, double> expected;
    for (int i = *rc::gen::inRange(1, 30); i > 0; --i) {
      const PowerMode mode{*rc::gen::inRange(1, 4), *rc::gen::inRange(1, 4), 7, 9, 0};
      const int batch = *rc::gen::inRange(1, 4);
      const double power_w = *rc::gen::inRange(1, 1000) / 8.0;
      if (!expected.emplace(std::pair{mode, batch}, power_w).second) continue;
      ProfileRow row = profile(rows.size(), mode, power_w * 2, power_w);
      row.workload = "w";
      row.role = Role::train;
      row.batch = batch;
      rows.push_back(row);
    }
    const auto table = TableModel::make(rows, "t", 0);
    RC_ASSERT(table.ok());
    for (int cores = 1; cores < 4; ++cores) {
      for (int cpu = 1; cpu < 4; ++cpu) {
        for (int batch = 1; batch < 4; ++batch) {
          const PowerMode mode{cores, cpu, 7, 9, 0};
          const auto cost = table->minibatch("w", Role::train, batch, mode);
          const auto known = expected.find({mode, batch});
          RC_ASSERT(cost.ok() == (known != expected.end()));
          if (cost) RC_ASSERT(cost->total_power_w() == known->second);
          if (cost) RC_ASSERT(static_cast<double>(cost->time_ns) == known->second * 2e6);
        }
      }
    }
  }));
}

}  // namespace
}  // namespace wattline::devices
