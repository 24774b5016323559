// What the accelerator keeps of each stream of requests beside what dispatchers see of it: where its requests
// come from, its minibatch in flight, and its figures.
#pragma once

#include <vector>

#include "sim/board_state.hpp"
#include "sim/request_source.hpp"
#include "sim/run_result.hpp"

namespace wattline::sim {

struct Lane {
  RequestSource source{nullptr};
  std::int64_t admission_limit = INT64_MAX;
  std::int64_t wakes_at = 0;       // waiting requests at which it has something to decide, if it may start
  std::vector<TimeNs> in_service;  // arrival instants of its minibatch in flight
  TimeNs formed_ns = 0;            // when that was formed
  StreamResult result;

  // The stream's next minibatch starts. Precondition: is_ready.
  void take_minibatch(ServingState& stream) {
    formed_ns = ready_since_ns(stream);
    stream.waiting.pop(std::min(stream.waiting.size(), static_cast<std::size_t>(stream.rule.batch)),
                       in_service);
    stream.in_flight = true;
    ++result.minibatches.started;
  }

  // The requests of its minibatch, which ended, are served.
  void serve(ServingState& stream, TimeNs now_ns) {
    for (TimeNs& instant_ns : in_service) instant_ns = now_ns - instant_ns;  // now latencies
    result.latency_ns.add(in_service);
    result.response_ns.add(now_ns - formed_ns);
    if (stream.latency_budget_ns > 0)
      for (const TimeNs latency_ns : in_service)
        result.requests.late += latency_ns > stream.latency_budget_ns ? 1 : 0;
    result.requests.completed += in_service.size();
    ++result.minibatches.finished;
    in_service.clear();
    stream.in_flight = false;
  }

  // The run ends. From the state, not as differences: the conservation check compares the two.
  void finish(const ServingState& stream, TimeNs now_ns) {
    result.requests.pending = stream.waiting.size() + in_service.size();
    result.minibatches.in_flight = stream.in_flight ? 1 : 0;
    if (stream.latency_budget_ns == 0) return;
    const auto overdue = [&](TimeNs arrival_ns) { return now_ns - arrival_ns > stream.latency_budget_ns; };
    for (const TimeNs arrival_ns : in_service) result.requests.overdue += overdue(arrival_ns) ? 1 : 0;
    for (std::size_t place = 0; place < stream.waiting.size() && overdue(stream.waiting.at(place)); ++place)
      ++result.requests.overdue;
  }
};

}  // namespace wattline::sim
