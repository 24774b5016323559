// Rows of foreign CSV files, read by the names of their columns.
#include "traces/row_reader.hpp"

#include "tests/traces/outcome.hpp"

namespace wattline::traces {
namespace {

// Reads a table of one column, "c", with one row.
template <class Read>
std::string error_from(const std::string& value, Read read) {
  const auto table = accepted(CsvTable::parse("c,d\n" + value + ",1\n", "f.csv"));
  RowReader in(table, table.rows().front());
  read(in);
  return in.error() ? in.error()->message : "(accepted)";
}

std::int32_t khz_of(const std::string& value, RowReader::Unit unit) {
  const auto table = accepted(CsvTable::parse("c,d\n" + value + ",1\n", "f.csv"));
  RowReader in(table, table.rows().front());
  const std::int32_t khz = in.clock_khz("c", unit);
  CHECK_FALSE(in.error());
  return khz;
}

TEST_CASE("Clocks in Hz, kHz and MHz become whole kHz") {
  CHECK(khz_of("1300500000", RowReader::Unit::hz) == 1'300'500);
  CHECK(khz_of("2201600", RowReader::Unit::khz) == 2'201'600);
  CHECK(khz_of("114.75", RowReader::Unit::mhz) == 114'750);
  CHECK(khz_of("1331.2", RowReader::Unit::mhz) == 1'331'200);
}

TEST_CASE("A clock in another unit than its column's is refused") {
  const auto clock_in = [](const std::string& value, RowReader::Unit unit) {
    return error_from(value, [&](RowReader& in) { (void)in.clock_khz("c", unit); });
  };
  CHECK(clock_in("1300500", RowReader::Unit::hz) ==
        "f.csv: line 2: c: '1300500' is not accepted; a clock in Hz from 10000000 to 5000000000, whole in "
        "kHz, is "
        "expected");
  CHECK(mentions(clock_in("1300500000", RowReader::Unit::khz), "a clock in kHz from 10000 to 5000000"));
  CHECK(mentions(clock_in("1300500", RowReader::Unit::mhz), "a clock in MHz from 10 to 5000"));
  CHECK(mentions(clock_in("1300500500", RowReader::Unit::hz), "whole in kHz"));
  CHECK(mentions(clock_in("fast", RowReader::Unit::hz), "'fast' is not accepted"));
  CHECK(mentions(clock_in("", RowReader::Unit::hz), "nothing is not accepted"));
}

TEST_CASE("A name of theirs becomes ours, and an unknown one is answered with the nearest") {
  const RowReader::Names names = {{"agx", "agx-xavier"}, {"nano", "jetson-nano"}};
  const auto table = accepted(CsvTable::parse("c\nnano\n", "f.csv"));
  RowReader in(table, table.rows().front());
  CHECK(in.renamed("c", names) == "jetson-nano");
  CHECK(error_from("nanu", [&](RowReader& bad) { (void)bad.renamed("c", names); }) ==
        "f.csv: line 2: c: 'nanu' is not a known c, did you mean 'nano'?; known: agx, nano");
}

TEST_CASE("Only the first error of a row is kept") {
  CHECK(mentions(error_from("x",
                            [](RowReader& in) {
                              (void)in.number("c", between(0, 1));
                              in.fail("d", "later");
                            }),
                 "c: 'x' is not accepted"));
}

TEST_CASE("An empty field or an absent column is nothing where that is allowed") {
  const auto table = accepted(CsvTable::parse("c,d\n,1\n", "f.csv"));
  RowReader in(table, table.rows().front());
  CHECK(in.optional_number("c", between(0, 9)) == std::nullopt);
  CHECK(in.optional_number("absent", between(0, 9)) == std::nullopt);
  CHECK(in.optional_integer("d", 0, 9) == 1);
  CHECK(in.optional_text("absent").empty());
  CHECK_FALSE(in.error());
}

}  // namespace
}  // namespace wattline::traces
