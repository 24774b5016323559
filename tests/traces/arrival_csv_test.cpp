// The arrival CSV: one column of seconds, ascending.
#include "traces/arrival_csv.hpp"

#include <fmt/format.h>
#include <rapidcheck.h>

#include <algorithm>

#include "tests/catch.hpp"

namespace wattline::traces {
namespace {

using Instants = std::vector<sim::TimeNs>;

Instants instants_of(const std::string& text) {
  const auto instants = parse_arrival_csv(text, "log.csv");
  INFO((instants ? "" : instants.error().message));
  REQUIRE(instants.ok());
  return *instants;
}

std::string error_of(const std::string& text) {
  const auto instants = parse_arrival_csv(text, "log.csv");
  return instants ? "(accepted)" : instants.error().message;
}

TEST_CASE("Seconds become whole nanoseconds, equal instants are fine") {
  CHECK(instants_of("time_s\n0\n0.25\n0.25\n1e1\n86400.000000001\n") ==
        Instants{0, 250'000'000, 250'000'000, 10'000'000'000, 86'400'000'000'001});
}

TEST_CASE("Fractions of a nanosecond are rounded to the nearest") {
  CHECK(instants_of("time_s\n1.2345678904\n1.2345678906\n") == Instants{1'234'567'890, 1'234'567'891});
}

TEST_CASE("A log that goes back in time is an error that names its line") {
  CHECK(error_of("time_s\n1\n\n0.5\n") ==
        "log.csv: line 4: time_s: 0.5 comes after 1; arrivals must be in ascending order");
}

TEST_CASE("An instant that is no instant is an error that names its line") {
  for (const char* value : {"-1", "-1e-9", "nan", "inf", "1e999", "1s", "12:00", "\"\"", "3.2e9"}) {
    CAPTURE(value);
    const std::string message = error_of(std::string("time_s\n0\n") + value + "\n");
    CHECK(message.find("log.csv: line 3: time_s: ") == 0);
    CHECK(message.find("is not accepted; a number of at least 0 and at most 3162240000 is expected") !=
          std::string::npos);
  }
}

TEST_CASE("A log without requests, or of other columns, is an error") {
  CHECK(error_of("time_s\n") == "log.csv: no arrivals; at least one row is expected");
  CHECK(error_of("") == "log.csv: empty; a header line is expected");
  CHECK(error_of("time_ms\n1\n") ==
        "log.csv: line 1: column 'time_ms' is in ms; 'time_s' is expected (divide by 1,000)");
  CHECK(error_of("0.5\n1\n").find("log.csv: line 1: '0.5' is not a known column") == 0);
  CHECK(error_of("time_s,size\n1,2\n").find("'size' is not a known column") != std::string::npos);
}

TEST_CASE("Any ascending instants of some days survive writing and reading to the nanosecond") {
  CHECK(rc::check("printed with nine decimals", [] {
    // Below 2^50 ns (13 days) seconds in a double tell nanoseconds apart.
    auto expected = *rc::gen::container<Instants>(rc::gen::inRange<sim::TimeNs>(0, sim::TimeNs{1} << 50));
    RC_PRE(!expected.empty());
    std::sort(expected.begin(), expected.end());
    std::string text = "time_s\n";
    for (const sim::TimeNs t : expected)
      text += fmt::format("{}.{:09}\n", t / 1'000'000'000, t % 1'000'000'000);
    const auto read = parse_arrival_csv(text, "log.csv");
    RC_ASSERT(read.ok());
    RC_ASSERT(*read == expected);
  }));
}

}  // namespace
}  // namespace wattline::traces
