// The agenda under the hold model: the first event happens and its source is due again later.
#include <benchmark/benchmark.h>

#include "sim/agenda.hpp"
#include "sim/random.hpp"

namespace wattline::sim {
namespace {

// Increments drawn beforehand, so that drawing is not what is measured.
class Increments {
 public:
  // Of `in_hundred` the increment is 0: due again at the current instant.
  explicit Increments(std::uint64_t zero_in_hundred) {
    RandomStream draws(1, "increments");
    for (TimeNs& increment_ns : drawn_)
      increment_ns = draws.below(100) < zero_in_hundred ? 0 : static_cast<TimeNs>(draws.below(1'000'000));
  }
  TimeNs next() { return drawn_[place_++ & (drawn_.size() - 1)]; }

 private:
  std::array<TimeNs, 4096> drawn_;
  std::size_t place_ = 0;
};

void hold(benchmark::State& state, std::uint64_t zero_in_hundred) {
  const auto pending = static_cast<std::size_t>(state.range(0));
  Increments increments(zero_in_hundred);
  Agenda agenda(pending);
  for (std::size_t i = 0; i < pending; ++i) agenda.set(static_cast<Agenda::Source>(i), increments.next());
  for (auto _ : state) {
    const TimeNs now_ns = agenda.first_due();
    agenda.set(agenda.first(), now_ns + increments.next());
  }
  state.SetItemsProcessed(state.iterations());
}

void hold_model(benchmark::State& state) {
  hold(state, 0);
}
BENCHMARK(hold_model)->Arg(4)->Arg(16)->Arg(64)->Arg(1'000)->Arg(10'000)->Arg(100'000);

void half_at_the_current_instant(benchmark::State& state) {
  hold(state, 50);
}
BENCHMARK(half_at_the_current_instant)->Arg(4)->Arg(16)->Arg(64)->Arg(1'000)->Arg(10'000)->Arg(100'000);

}  // namespace
}  // namespace wattline::sim
