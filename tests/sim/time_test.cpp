// The clock: conversions from seconds, by hand.
#include "sim/time.hpp"

#include <cmath>
#include <limits>
#include <string>

#include "tests/catch.hpp"

namespace wattline::sim {

TEST_CASE("Seconds become the nearest nanosecond, halves away from zero") {
  CHECK(*seconds_to_ns(0, "time") == 0);
  CHECK(*seconds_to_ns(-0.0, "time") == 0);
  CHECK(*seconds_to_ns(1, "time") == 1'000'000'000);
  CHECK(*seconds_to_ns(0.035, "time") == 35'000'000);
  CHECK(*seconds_to_ns(1.0 / 3, "time") == 333'333'333);
  CHECK(*seconds_to_ns(2.0 / 3, "time") == 666'666'667);
  CHECK(*seconds_to_ns(0.4e-9, "time") == 0);
  CHECK(*seconds_to_ns(0.5e-9, "time") == 1);
  CHECK(*seconds_to_ns(0x1p-10, "time") == 976'563);  // 976,562.5
}

TEST_CASE("A hundred years are accepted and no more") {
  const double longest_s = 100.0 * 366 * 86'400;
  CHECK(*seconds_to_ns(longest_s, "time") == longest_time_ns);
  CHECK_FALSE(seconds_to_ns(longest_s + 1, "time").ok());
  // No sum of an instant and a duration overflows.
  CHECK(longest_time_ns <= std::numeric_limits<TimeNs>::max() - longest_time_ns);
}

TEST_CASE("A time that is negative or no number is refused by name") {
  for (const double seconds : {-1.0, -1e-12, std::nan(""), std::numeric_limits<double>::infinity(), 1e300}) {
    CAPTURE(seconds);
    const auto time_ns = seconds_to_ns(seconds, "duration_s");
    REQUIRE_FALSE(time_ns.ok());
    CHECK(time_ns.error().kind == Error::Kind::bad_input);
    CHECK(time_ns.error().message.find("duration_s: ") == 0);
    CHECK(time_ns.error().message.find("100 years") != std::string::npos);
  }
}

TEST_CASE("Nanoseconds are shown in seconds and milliseconds") {
  CHECK(ns_to_seconds(1'500'000'000) == Approx(1.5));
  CHECK(ns_to_ms(1'500'000) == Approx(1.5));
  CHECK(ns_per_s == 1000 * ns_per_ms);
}

}  // namespace wattline::sim
