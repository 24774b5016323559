// The energy meter against hand computation and whole-number products.
#include "sim/energy_meter.hpp"

#include <rapidcheck.h>

#include <cstdint>
#include <random>
#include <string>

#include "tests/catch.hpp"

namespace wattline::sim {
namespace {

constexpr Activity kActivities[] = {Activity::idle, Activity::infer, Activity::train, Activity::switching,
                                    Activity::profiling};

}  // namespace

TEST_CASE("Energy per rail and activity is as computed by hand") {
  EnergyMeter meter;
  meter.add(Activity::idle, {1000, 200}, 5);
  meter.add(Activity::infer, {7000, 300, 11}, 10);
  meter.add(Activity::idle, {1000, 200}, 1);
  meter.add(Activity::train, {0, 0, 0, 0, 0, 0, 0, 9}, 100);
  meter.add(Activity::switching, {2000}, 4);

  CHECK(meter.time_ns(Activity::idle) == 6);
  CHECK(meter.time_ns(Activity::infer) == 10);
  CHECK(meter.time_ns(Activity::train) == 100);
  CHECK(meter.time_ns(Activity::switching) == 4);

  CHECK((meter.rail_fj(0) == 6 * 1000 + 10 * 7000 + 4 * 2000));
  CHECK((meter.rail_fj(1) == 6 * 200 + 10 * 300));
  CHECK((meter.rail_fj(2) == 110));
  CHECK((meter.rail_fj(3) == 0));
  CHECK((meter.rail_fj(7) == 900));

  CHECK((meter.activity_fj(Activity::idle) == 7200));
  CHECK((meter.activity_fj(Activity::infer) == 73'110));
  CHECK((meter.activity_fj(Activity::train) == 900));
  CHECK((meter.activity_fj(Activity::switching) == 8000));
  CHECK((meter.total_fj() == 89'210));
}

TEST_CASE("A new meter shows nothing, and no time adds nothing") {
  EnergyMeter meter;
  meter.add(Activity::train, {1, 2, 3}, 0);
  CHECK((meter.total_fj() == 0));
  for (std::size_t rail = 0; rail < max_rails; ++rail) CHECK((meter.rail_fj(rail) == 0));
  for (const Activity activity : kActivities) {
    CHECK(meter.time_ns(activity) == 0);
    CHECK((meter.activity_fj(activity) == 0));
  }
}

TEST_CASE("Ten watts for an hour are 36 kilojoules") {
  EnergyMeter meter;
  meter.add(Activity::infer, {4'000'000, 6'000'000}, 3600 * ns_per_s);
  CHECK(meter.total_j() == Approx(36'000).epsilon(1e-12));
  CHECK(meter.rail_j(0) == Approx(14'400).epsilon(1e-12));
  CHECK(meter.rail_j(1) == Approx(21'600).epsilon(1e-12));
}

TEST_CASE("A hundred years are integrated without rounding") {
  // 8 rails of about 60 W; the total, 1.5e27 fJ, is far beyond 64 bits. In one piece and in pieces of
  // 3,162,239,999,999,989 ns and a rest, the last of 1000 pieces, the sum must be the same to the femtojoule.
  RailPowerUw power{};
  std::int64_t sum_uw = 0;
  for (std::size_t rail = 0; rail < max_rails; ++rail) {
    power[rail] = 60'000'001 + static_cast<std::int64_t>(rail);
    sum_uw += power[rail];
  }
  const TimeNs piece_ns = longest_time_ns / 1000 - 11;
  EnergyMeter whole, pieces;
  whole.add(Activity::infer, power, longest_time_ns);
  TimeNs rest_ns = longest_time_ns;
  for (; rest_ns > piece_ns; rest_ns -= piece_ns) pieces.add(Activity::infer, power, piece_ns);
  pieces.add(Activity::infer, power, rest_ns);

  const Int128 expected_fj = Int128{480'000'036} * longest_time_ns;  // 8 x 60,000,001 + 0 + 1 + ... + 7
  REQUIRE(sum_uw == 480'000'036);
  for (const EnergyMeter* meter : {&whole, &pieces}) {
    CHECK((meter->total_fj() == expected_fj));
    CHECK((meter->activity_fj(Activity::infer) == expected_fj));
    CHECK((meter->rail_fj(7) == Int128{60'000'008} * longest_time_ns));
    CHECK(meter->time_ns(Activity::infer) == longest_time_ns);
  }
}

TEST_CASE("Rails and activities both sum to the total, whatever was added") {
  CHECK(rc::check("rails = activities = total", [](std::uint64_t seed) {
    const int intervals = *rc::gen::inRange(0, 200);
    std::mt19937_64 generator(seed);
    EnergyMeter meter;
    Int128 expected_fj = 0;
    Int128 expected_ns = 0;
    for (int i = 0; i < intervals; ++i) {
      const auto duration_ns = static_cast<TimeNs>(generator() % 10'000'000'000'000'000u);
      RailPowerUw power{};
      for (std::int64_t& rail_uw : power) {
        rail_uw = static_cast<std::int64_t>(generator() % 100'000'000);
        expected_fj += Int128{rail_uw} * duration_ns;
      }
      expected_ns += duration_ns;
      meter.add(kActivities[generator() % activity_count], power, duration_ns);
    }
    Int128 rails_fj = 0, activities_fj = 0, time_ns = 0;
    for (std::size_t rail = 0; rail < max_rails; ++rail) rails_fj += meter.rail_fj(rail);
    for (const Activity activity : kActivities) {
      activities_fj += meter.activity_fj(activity);
      time_ns += meter.time_ns(activity);
    }
    RC_ASSERT((rails_fj == expected_fj));
    RC_ASSERT((activities_fj == expected_fj));
    RC_ASSERT((meter.total_fj() == expected_fj));
    RC_ASSERT((time_ns == expected_ns));
  }));
}

TEST_CASE("Activities have names") {
  CHECK(std::string(name_of(Activity::idle)) == "idle");
  CHECK(std::string(name_of(Activity::infer)) == "infer");
  CHECK(std::string(name_of(Activity::train)) == "train");
  CHECK(std::string(name_of(Activity::switching)) == "switching");
}

}  // namespace wattline::sim
