// Instants as foreign logs print them (those of the Azure traces are tested with their importer).
#include "traces/timestamp.hpp"

#include "sim/time.hpp"
#include "tests/catch.hpp"

namespace wattline::traces {
namespace {

TEST_CASE("Both forms of a time stamp count from 1970, without a time zone") {
  CHECK(parse_timestamp("1970-01-02 00:00:01.5") == 86'401 * sim::ns_per_s + sim::ns_per_s / 2);
  CHECK(parse_month_first_timestamp("01-02-1970 00:00:01") == 86'401 * sim::ns_per_s);
  CHECK(parse_month_first_timestamp("11-23-2026 10:00:01") == parse_timestamp("2026-11-23 10:00:01"));
}

TEST_CASE("A month-first time stamp is nothing else") {
  for (const char* text : {"23-11-2026 10:00:01", "2026-11-23 10:00:01", "11-23-2026 10:00:01.5",
                           "11/23/2026 10:00:01", "11-23-2026T10:00:01", "11-23-2026", ""}) {
    CAPTURE(text);
    CHECK(parse_month_first_timestamp(text) == std::nullopt);
  }
}

}  // namespace
}  // namespace wattline::traces
