// A queue of at most a fixed number of things, in memory that is taken once. Copying it copies them.
#pragma once

#include <bit>
#include <cstddef>
#include <vector>

namespace wattline::workloads {

template <class T>
class Ring {
 public:
  explicit Ring(std::size_t most) : slots_(std::bit_ceil(most)) {}

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // Precondition: fewer than the most are in it.
  void push(const T& last) { slots_[(head_ + size_++) & (slots_.size() - 1)] = last; }
  // Behind all that are not `later` than it. Precondition as above.
  template <class Later>
  void insert(const T& value, Later later) {
    std::size_t place = head_ + size_++;
    for (; place > head_ && later(slots_[(place - 1) & (slots_.size() - 1)], value); --place)
      slots_[place & (slots_.size() - 1)] = slots_[(place - 1) & (slots_.size() - 1)];
    slots_[place & (slots_.size() - 1)] = value;
  }

  // Preconditions of both: !empty().
  const T& front() const { return slots_[head_]; }
  T pop() {
    const T front = slots_[head_];
    head_ = (head_ + 1) & (slots_.size() - 1);
    --size_;
    return front;
  }

 private:
  std::vector<T> slots_;  // a power of two
  std::size_t head_ = 0;
  std::size_t size_ = 0;
};

}  // namespace wattline::workloads
