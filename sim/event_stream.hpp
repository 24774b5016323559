// A run's event stream as it is told apart from any other: how many events, and a hash of their kinds,
// tenants and instants in their order.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sim/time.hpp"

namespace wattline::sim {

// A turn: something of what executes changes, but no minibatch ends. A wait is over: a stream's oldest
// request has waited as long as it may, or a training job's next minibatch is loaded.
enum class EventKind : unsigned {
  completion,
  arrival,
  configuration_change,
  wait_over,
  end,
  turn,
  energy_spent,
  look
};

struct EventStream {
  std::uint64_t events = 0;
  std::uint64_t signature = 0;

  void enter(EventKind kind, std::size_t tenant, TimeNs at_ns) {
    ++events;
    signature = mixed(signature, kind, tenant_bits(tenant), at_ns);
  }

  static std::uint64_t tenant_bits(std::size_t tenant) { return std::uint64_t{tenant} << 48; }

  // The hash with one more event.
  static std::uint64_t mixed(std::uint64_t hash, EventKind kind, std::uint64_t bits_of_tenant, TimeNs at_ns) {
    const auto event = static_cast<std::uint64_t>(at_ns) * 8 + static_cast<unsigned>(kind);
    hash = (hash ^ event ^ bits_of_tenant) * 0x9e3779b97f4a7c15u;
    return hash ^ (hash >> 29);
  }
};

}  // namespace wattline::sim
