// The agenda against a sorted list of everything that is due.
#include "sim/agenda.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <utility>

#include "sim/random.hpp"
#include "tests/catch.hpp"

namespace wattline::sim {
namespace {

using Source = Agenda::Source;

TEST_CASE("Of an agenda in which nothing is due, nothing is first") {
  for (const std::size_t sources : {0, 1, 2, 3, 64}) {
    const Agenda agenda(sources);
    CHECK(agenda.first_due() == Agenda::never);
  }
}

TEST_CASE("What is due earlier comes first, whatever its number and whenever it was set") {
  Agenda agenda(3);
  agenda.set(0, 30);
  agenda.set(1, 20);
  agenda.set(2, 10);
  CHECK(agenda.first() == 2);
  CHECK(agenda.first_due() == 10);
  agenda.set(2, 40);
  CHECK(agenda.first() == 1);
  agenda.clear(1);
  CHECK(agenda.first() == 0);
  CHECK(agenda.due(1) == Agenda::never);
}

TEST_CASE("At one instant the source with the smallest number is first") {
  for (Source sources = 2; sources <= 9; ++sources) {
    CAPTURE(sources);
    Agenda agenda(sources);
    for (Source source = sources; source-- > 0;) agenda.set(source, 5);
    for (Source source = 0; source < sources; ++source) {
      CHECK(agenda.first() == source);
      agenda.clear(source);
    }
    CHECK(agenda.first_due() == Agenda::never);
  }
}

TEST_CASE("The end of the clock is before never") {
  Agenda agenda(2);
  agenda.set(1, longest_time_ns);
  CHECK(agenda.first() == 1);
  CHECK(agenda.first_due() == longest_time_ns);
}

// (instant, source) of all that is due, in order.
std::vector<std::pair<TimeNs, Source>> sorted(const std::vector<TimeNs>& due_ns) {
  std::vector<std::pair<TimeNs, Source>> list;
  for (Source source = 0; source < due_ns.size(); ++source)
    if (due_ns[source] != Agenda::never) list.emplace_back(due_ns[source], source);
  std::sort(list.begin(), list.end());
  return list;
}

TEST_CASE("Whatever is set and cleared, first and second are those of a sorted list") {
  rc::check("agenda and sorted list", [] {
    const auto sources = *rc::gen::inRange<std::size_t>(1, 40);
    RandomStream random(*rc::gen::arbitrary<std::uint64_t>(), "agenda");
    Agenda agenda(sources);
    std::vector<TimeNs> due_ns(sources, Agenda::never);
    for (int step = 0; step < 400; ++step) {
      const auto source = static_cast<Source>(random.below(sources));
      // Few instants, so that many are equal.
      const TimeNs at_ns = random.below(5) == 0 ? Agenda::never : static_cast<TimeNs>(random.below(12));
      agenda.set(source, at_ns);
      due_ns[source] = at_ns;
      const auto list = sorted(due_ns);
      RC_ASSERT(agenda.due(source) == at_ns);
      RC_ASSERT(agenda.first_due() == (list.empty() ? Agenda::never : list[0].first));
      if (!list.empty()) RC_ASSERT(agenda.first() == list[0].second);
    }
  });
}

TEST_CASE("Events of many sources come out in the order of a sorted list") {
  constexpr Source sources = 100;
  Agenda agenda(sources);
  std::vector<TimeNs> due_ns(sources);
  RandomStream gaps(1, "gaps");
  for (Source source = 0; source < sources; ++source) {
    due_ns[source] = static_cast<TimeNs>(gaps.below(1000));
    agenda.set(source, due_ns[source]);
  }
  for (int event = 0; event < 20'000; ++event) {
    const auto next = std::min_element(due_ns.begin(), due_ns.end());
    REQUIRE(agenda.first() == static_cast<Source>(next - due_ns.begin()));
    REQUIRE(agenda.first_due() == *next);
    *next += static_cast<TimeNs>(gaps.below(1000));
    agenda.set(agenda.first(), *next);
  }
}

}  // namespace
}  // namespace wattline::sim
