#include "experiments/bare_loop.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "workloads/arrivals.hpp"

namespace wattline::experiments {

namespace {

using sim::TimeNs;

constexpr TimeNs never = INT64_MAX;
constexpr TimeNs infer_ns = 40 * sim::ns_per_ms, train_ns = 35 * sim::ns_per_ms;
constexpr std::int64_t batch = 16, rate_hz = 60;

// Requests that wait, by arrival, in a ring that is never full.
struct Waiting {
  std::vector<TimeNs> ring = std::vector<TimeNs>(std::size_t{1} << 16);
  std::uint64_t head = 0, tail = 0;

  std::int64_t count() const { return static_cast<std::int64_t>(tail - head); }
  void push(TimeNs at_ns) { ring[tail++ & (ring.size() - 1)] = at_ns; }
  TimeNs pop() { return ring[head++ & (ring.size() - 1)]; }
};

}  // namespace

BareLoopResult run_bare_loop(std::uint64_t requests, std::uint64_t seed) {
  workloads::PoissonArrivals arrivals(rate_hz, sim::RandomStream(seed, "arrivals"), requests);
  std::array<TimeNs, 256> block;
  std::size_t taken = 0, filled = arrivals.next(block);
  BareLoopResult result;
  Waiting waiting;
  TimeNs arrival_ns = filled > 0 ? block[taken++] : never, end_ns = never;
  bool infers = false;
  const auto start_next = [&](TimeNs now_ns) {
    infers = waiting.count() >= batch;
    const bool trains =
        arrival_ns != never && (batch - waiting.count()) * sim::ns_per_s >= train_ns * rate_hz;
    end_ns = infers ? now_ns + infer_ns : trains ? now_ns + train_ns : never;
  };
  start_next(0);
  while (arrival_ns != never || end_ns != never) {
    ++result.events;
    if (end_ns <= arrival_ns) {
      const TimeNs now_ns = end_ns;
      for (std::int64_t i = 0; infers && i < batch; ++i) result.latency_sum_ns += now_ns - waiting.pop();
      result.requests_completed += infers ? batch : 0;
      result.train_minibatches += infers ? 0 : 1;
      start_next(now_ns);
    } else {
      const TimeNs now_ns = arrival_ns;
      waiting.push(now_ns);
      if (taken == filled) {
        filled = arrivals.next(block);
        taken = 0;
      }
      arrival_ns = filled > 0 ? block[taken++] : never;
      if (end_ns == never) start_next(now_ns);
    }
  }
  return result;
}

}  // namespace wattline::experiments
