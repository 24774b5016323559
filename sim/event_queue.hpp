// A typed event queue with a total order.
//
// Events are ordered by (time, phase, sequence): phases order what happens at one instant, and
// within a phase events leave in the order in which they were pushed. Two stores behind one
// interface: a flat 4-ary heap for the future, and a lane (one FIFO a phase) for events pushed at
// the current instant, which is a heap's worst case and the commonest push of a scheduler
// ("finish, decide, start next").
//
// Complexity: push and pop O(log4 n), O(1) for events at the current instant; cancel O(1), lazy:
// a cancelled event is skipped when it surfaces, and all are swept when they outnumber the live ones.
// Memory: 24 bytes an event plus the payload. Not thread-safe.
//
//   EventQueue<Kind> queue;
//   queue.push(time_ns, phase, Kind::arrival);
//   while (auto event = queue.pop()) ...   // queue.now_ns() is the event's time
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <vector>

#include "sim/time.hpp"

namespace wattline::sim {

// Names a cancellable event; stale once the event was popped or cancelled.
struct EventId {
  std::uint32_t slot = UINT32_MAX;
  std::uint32_t generation = 0;
};

template <class Payload>
class EventQueue {
 public:
  static constexpr unsigned phases = 8;

  struct Event {
    TimeNs time_ns;
    std::uint64_t order;  // phase in the top 3 bits, sequence below
    std::uint32_t slot;   // of a cancellable event; UINT32_MAX: none
    Payload payload;

    unsigned phase() const { return static_cast<unsigned>(order >> sequence_bits); }
  };

  // The instant of the event popped last; 0 before the first.
  TimeNs now_ns() const { return now_ns_; }
  // Number of events that wait and are not cancelled.
  std::size_t size() const { return stored_ - cancelled_; }
  bool empty() const { return size() == 0; }

  // Precondition: time_ns >= now_ns(), phase < phases. A violation is a bug of the caller and throws
  // std::logic_error.
  void push(TimeNs time_ns, unsigned phase, Payload payload) { store(time_ns, phase, payload, no_slot); }

  EventId push_cancellable(TimeNs time_ns, unsigned phase, Payload payload) {
    const std::uint32_t slot = take_slot();
    store(time_ns, phase, payload, slot);
    return {slot, slots_[slot].generation};
  }

  // False when the event was already popped or cancelled.
  bool cancel(EventId id) {
    if (id.slot >= slots_.size() || slots_[id.slot].generation != id.generation || !slots_[id.slot].live)
      return false;
    slots_[id.slot].live = false;
    ++cancelled_;
    if (cancelled_ > 64 && cancelled_ > stored_ / 2) sweep();
    return true;
  }

  // The next event in order, or nothing when none is left.
  std::optional<Event> pop() {
    while (stored_ > 0) {
      const Event event = take_first();
      --stored_;
      if (event.slot != no_slot && !release_slot(event.slot)) {
        --cancelled_;
        continue;
      }
      now_ns_ = event.time_ns;
      return event;
    }
    return std::nullopt;
  }

 private:
  static constexpr unsigned sequence_bits = 61;
  static constexpr std::uint32_t no_slot = UINT32_MAX;

  struct Slot {
    std::uint32_t generation = 0;
    bool live = false;
  };

  // A FIFO whose storage is reused once it has run empty.
  struct Lane {
    std::vector<Event> events;
    std::size_t head = 0;
  };

  static bool before(const Event& a, const Event& b) {
    return a.time_ns != b.time_ns ? a.time_ns < b.time_ns : a.order < b.order;
  }

  void store(TimeNs time_ns, unsigned phase, Payload payload, std::uint32_t slot) {
    if (time_ns < now_ns_ || phase >= phases)
      throw std::logic_error("EventQueue: an event in the past or of no phase");
    const Event event{time_ns, (std::uint64_t{phase} << sequence_bits) | next_sequence_++, slot, payload};
    ++stored_;
    if (time_ns == now_ns_) {
      lanes_[phase].events.push_back(event);
      occupied_lanes_ |= 1u << phase;
    } else {
      heap_.push_back(event);
      sift_up(heap_.size() - 1);
    }
  }

  // Precondition: stored_ > 0. The lane holds only events at now_ns_, the heap none before it.
  Event take_first() {
    if (occupied_lanes_ != 0) {
      const auto phase = static_cast<unsigned>(std::countr_zero(occupied_lanes_));
      Lane& lane = lanes_[phase];
      if (heap_.empty() || before(lane.events[lane.head], heap_.front())) {
        const Event event = lane.events[lane.head++];
        if (lane.head == lane.events.size()) {
          lane.events.clear();
          lane.head = 0;
          occupied_lanes_ &= ~(1u << phase);
        }
        return event;
      }
    }
    const Event event = heap_.front();
    const Event last = heap_.back();
    heap_.pop_back();
    if (!heap_.empty()) sift_down(0, last);
    return event;
  }

  void sift_up(std::size_t hole) {
    const Event event = heap_[hole];
    while (hole > 0) {
      const std::size_t parent = (hole - 1) / 4;
      if (!before(event, heap_[parent])) break;
      heap_[hole] = heap_[parent];
      hole = parent;
    }
    heap_[hole] = event;
  }

  // Moves the hole down until `event` fits into it.
  void sift_down(std::size_t hole, const Event event) {
    const std::size_t size = heap_.size();
    for (;;) {
      const std::size_t first = 4 * hole + 1;
      if (first >= size) break;
      const std::size_t end = first + 4 < size ? first + 4 : size;
      std::size_t least = first;
      for (std::size_t child = first + 1; child < end; ++child) {
        if (before(heap_[child], heap_[least])) least = child;
      }
      if (!before(heap_[least], event)) break;
      heap_[hole] = heap_[least];
      hole = least;
    }
    heap_[hole] = event;
  }

  std::uint32_t take_slot() {
    if (free_slots_.empty()) {
      free_slots_.push_back(static_cast<std::uint32_t>(slots_.size()));
      slots_.emplace_back();
    }
    const std::uint32_t slot = free_slots_.back();
    free_slots_.pop_back();
    slots_[slot].live = true;
    return slot;
  }

  // Whether the slot's event was still live.
  bool release_slot(std::uint32_t slot) {
    const bool was_live = slots_[slot].live;
    slots_[slot].live = false;
    ++slots_[slot].generation;
    free_slots_.push_back(slot);
    return was_live;
  }

  // Throws out what was cancelled and rebuilds the heap; the order is total, so nothing changes in it.
  void sweep() {
    const auto cancelled = [&](const Event& event) {
      if (event.slot == no_slot || slots_[event.slot].live) return false;
      release_slot(event.slot);
      --cancelled_;
      --stored_;
      return true;
    };
    std::erase_if(heap_, cancelled);
    for (std::size_t i = 1; i < heap_.size(); ++i) sift_up(i);
  }

  TimeNs now_ns_ = 0;
  std::uint64_t next_sequence_ = 0;
  std::vector<Event> heap_;
  std::array<Lane, phases> lanes_;
  unsigned occupied_lanes_ = 0;
  std::size_t stored_ = 0;     // in heap and lanes, the cancelled included
  std::size_t cancelled_ = 0;  // of those
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
};

}  // namespace wattline::sim
