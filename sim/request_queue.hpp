// The requests that wait for service, oldest first: a ring of arrival instants that grows by
// doubling. Push and pop O(1). Not thread-safe.
#pragma once

#include <algorithm>
#include <vector>

#include "sim/time.hpp"

namespace wattline::sim {

class RequestQueue {
 public:
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  [[gnu::always_inline]] void push(TimeNs arrival_ns) {
    if (size_ == ring_.size()) grow();
    ring_[(head_ + size_++) & (ring_.size() - 1)] = arrival_ns;
  }

  // The arrival of the request before which `place` others are served. Precondition: place < size().
  TimeNs at(std::size_t place) const { return ring_[(head_ + place) & (ring_.size() - 1)]; }

  // Preconditions of both: !empty().
  TimeNs oldest() const { return ring_[head_]; }
  TimeNs pop() {
    const TimeNs arrival_ns = ring_[head_];
    head_ = (head_ + 1) & (ring_.size() - 1);
    --size_;
    return arrival_ns;
  }
  // The `count` oldest into `taken`, whose contents they replace. Precondition: count <= size().
  void pop(std::size_t count, std::vector<TimeNs>& taken) {
    const std::size_t to_the_end = std::min(count, ring_.size() - head_);
    const auto oldest = ring_.begin() + static_cast<std::ptrdiff_t>(head_);
    taken.assign(oldest, oldest + static_cast<std::ptrdiff_t>(to_the_end));
    taken.insert(taken.end(), ring_.begin(), ring_.begin() + static_cast<std::ptrdiff_t>(count - to_the_end));
    head_ = (head_ + count) & (ring_.size() - 1);
    size_ -= count;
  }

 private:
  [[gnu::noinline]] void grow() {
    std::vector<TimeNs> larger(2 * ring_.size());
    for (std::size_t i = 0; i < size_; ++i) larger[i] = ring_[(head_ + i) & (ring_.size() - 1)];
    ring_ = std::move(larger);
    head_ = 0;
  }

  std::vector<TimeNs> ring_ = std::vector<TimeNs>(64);  // a power of two
  std::size_t head_ = 0;
  std::size_t size_ = 0;
};

}  // namespace wattline::sim
